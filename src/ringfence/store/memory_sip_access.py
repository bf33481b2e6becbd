"""SIP Domains, lists and mappings in memory."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.ports.sip_access import SipFullError, SipKind, SipNameTakenError, SipRow
from ringfence.ports.store import SidTakenError
from ringfence.store.paging import page_of, place_of

Key = tuple[str, str, str, str]

LISTS = ("credential_list", "ip_list")
MAPPINGS = ("calls", "registrations")


class MemorySipAccess:
    """`ports.sip_access.SipAccessStore` over a dictionary."""

    def __init__(self) -> None:
        self._sip: dict[Key, SipRow] = {}

    async def create_sip(self, row: SipRow, limit: int) -> bool:
        holders = ("domain",) if row.kind in MAPPINGS else LISTS
        if row.parent and not any((row.account, kind, "", row.parent) in self._sip for kind in holders):
            return False
        if row.kind in MAPPINGS and not any((row.account, kind, "", row.sid) in self._sip for kind in LISTS):
            return False
        if _key(row) in self._sip:
            raise SidTakenError
        self._check_name(row)
        if len(await self.sip_rows(row.account, row.kind, parent=row.parent, limit=limit)) >= limit:
            raise SipFullError
        self._sip[_key(row)] = row
        return True

    async def sip_row(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> SipRow | None:
        return self._sip.get((account, kind, parent, sid))

    async def sip_rows(
        self,
        account: str,
        kind: SipKind,
        *,
        parent: str = "",
        prefix: str = "",
        before: str | None = None,
        limit: int = 50,
    ) -> list[SipRow]:
        found = [row for key, row in self._sip.items() if key[:3] == (account, kind, parent)]
        known = None if before is None else self._sip.get((account, kind, parent, before))
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of((row for row in found if row.sid.startswith(prefix)), place, limit)

    async def update_sip(self, row: SipRow) -> bool:
        known = self._sip.get(_key(row))
        if known is None:
            return False
        self._check_name(row)
        self._sip[_key(row)] = replace(row, created_ms=known.created_ms)
        return True

    async def delete_sip(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> bool:
        if self._sip.pop((account, kind, parent, sid), None) is None:
            return False
        if not parent:
            below = [key for key in self._sip if key[0] == account and sid in (key[2], _mapped(key))]
            for key in below:
                del self._sip[key]
        return True

    async def sip_domain(self, name: str) -> SipRow | None:
        return next((row for row in self._sip.values() if (row.kind, row.name) == ("domain", name)), None)

    async def sip_below(self, account: str, kind: SipKind, parents: Sequence[str]) -> list[SipRow]:
        return [row for key, row in self._sip.items() if key[:2] == (account, kind) and row.parent in parents]

    async def sip_credentials(self, account: str, lists: Sequence[str], username: str) -> list[SipRow]:
        return [row for row in await self.sip_below(account, "credential", lists) if row.name == username]

    def _check_name(self, row: SipRow) -> None:
        if row.kind not in {"domain", "credential"}:
            return
        for key, other in self._sip.items():
            same_place = row.kind == "domain" or (row.account, row.parent) == (other.account, other.parent)
            if (other.kind, other.name) == (row.kind, row.name) and same_place and key != _key(row):
                raise SipNameTakenError


def _key(row: SipRow) -> Key:
    return row.account, row.kind, row.parent, row.sid


def _mapped(key: Key) -> str:
    return key[3] if key[1] in MAPPINGS else ""
