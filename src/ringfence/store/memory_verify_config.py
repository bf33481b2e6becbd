"""Verify's configuration in memory."""

from collections.abc import Mapping

from msgspec.structs import replace

from ringfence.ports.store import SidTakenError
from ringfence.ports.verify_config import VerifyFullError, VerifyKind, VerifyNameTakenError, VerifyRow
from ringfence.store.paging import page_of, place_of

Key = tuple[str, str, str, str]


class MemoryVerifyConfig:
    """`ports.verify_config.VerifyConfigStore` over a dictionary."""

    def __init__(self) -> None:
        self._verify: dict[Key, VerifyRow] = {}

    async def create_verify(self, row: VerifyRow, limit: int) -> bool:
        if row.parent and not any((key[0], key[3]) == (row.account, row.parent) for key in self._verify):
            return False
        if _key(row) in self._verify:
            raise SidTakenError
        _check_name(self._verify, row)
        if len(await self.verify_rows(row.account, row.kind, parent=row.parent, limit=limit)) >= limit:
            raise VerifyFullError
        self._verify[_key(row)] = row
        return True

    async def verify_row(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> VerifyRow | None:
        return self._verify.get((account, kind, parent, sid))

    async def verify_named(self, account: str, kind: VerifyKind, name: str, *, parent: str = "") -> VerifyRow | None:
        for key, row in self._verify.items():
            if name and key[:3] == (account, kind, parent) and row.name == name:
                return row
        return None

    async def verify_rows(
        self, account: str, kind: VerifyKind, *, parent: str = "", before: str | None = None, limit: int = 50
    ) -> list[VerifyRow]:
        known = None if before is None else self._verify.get((account, kind, parent, before))
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of((row for key, row in self._verify.items() if key[:3] == (account, kind, parent)), place, limit)

    async def update_verify(self, row: VerifyRow) -> bool:
        known = self._verify.get(_key(row))
        if known is None:
            return False
        _check_name(self._verify, row)
        self._verify[_key(row)] = replace(row, created_ms=known.created_ms)
        return True

    async def delete_verify(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> bool:
        if self._verify.pop((account, kind, parent, sid), None) is None:
            return False
        gone = {sid}
        while below := [key for key in self._verify if key[0] == account and key[2] in gone]:
            gone = {key[3] for key in below}
            for key in below:
                del self._verify[key]
        return True


def _check_name(known: Mapping[Key, VerifyRow], row: VerifyRow) -> None:
    for key, other in known.items():
        if row.name and key[:3] == _key(row)[:3] and other.name == row.name and other.sid != row.sid:
            raise VerifyNameTakenError


def _key(row: VerifyRow) -> Key:
    return row.account, row.kind, row.parent, row.sid
