"""Accounts and credentials in memory."""

from msgspec.structs import replace

from ringfence.domain.access_fence import MADE
from ringfence.domain.key_watch import KNOWN_CHARACTERS
from ringfence.ports.oversight import TENANTS_LOOKED, TenantFilter
from ringfence.ports.store import AccountRow, CredentialRow, KeyRow, SidTakenError
from ringfence.store.access_fences import LIMITS, NETWORKS
from ringfence.store.memory_access_fences import MemoryAccessFences
from ringfence.store.paging import page_of, place_of, small


class MemoryAccounts(MemoryAccessFences):
    """The accounts' half of `ports.store.AccountStore` over dictionaries."""

    def __init__(self) -> None:
        MemoryAccessFences.__init__(self)
        self._accounts: dict[str, AccountRow] = {}
        self._credentials: dict[str, CredentialRow] = {}
        self._credential_uses: dict[tuple[str, str], int] = {}
        self._credential_networks: dict[tuple[str, str], list[str]] = {}

    async def create_account(self, row: AccountRow, credential: CredentialRow) -> None:
        if row.sid in self._accounts or credential.sid in self._credentials:
            raise SidTakenError
        self._accounts[row.sid] = row
        self._credentials[credential.sid] = credential

    async def account(self, sid: str) -> AccountRow | None:
        return self._accounts.get(sid)

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]:
        found = [
            row for row in self._accounts.values() if (row.parent is None if tenant is None else row.tenant == tenant)
        ]
        known = None if before is None else self._accounts.get(before)
        return page_of(
            found, None if before is None else place_of(before, None if known is None else known.created_ms), limit
        )

    async def tenants(
        self, wanted: TenantFilter, *, before: str | None = None, limit: int = 50, looked: int = TENANTS_LOOKED
    ) -> list[AccountRow]:
        name = small(wanted.name)
        found = [
            row
            for row in self._top_level(wanted.since_ms, before)[:looked]
            if wanted.status in ("", row.status)
            and row.sid.startswith(wanted.sid)
            and small(row.friendly_name).startswith(name)
        ]
        return found[:limit]

    async def tenants_edge(
        self, since_ms: int, *, before: str | None = None, looked: int = TENANTS_LOOKED
    ) -> str | None:
        behind = self._top_level(since_ms, before)
        return behind[looked - 1].sid if len(behind) > looked else None

    def _top_level(self, since_ms: int, before: str | None) -> list[AccountRow]:
        found = [row for row in self._accounts.values() if row.parent is None and row.created_ms >= since_ms]
        known = None if before is None else self._accounts.get(before)
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of(found, place, len(found))

    async def update_account(self, row: AccountRow, *, was: str) -> bool:
        known = self._accounts.get(row.sid)
        if known is None or known.status != was:
            return False
        self._accounts[row.sid] = replace(
            row,
            tenant=known.tenant,
            parent=known.parent,
            created_ms=known.created_ms,
            networks=known.networks,
            client_keys=known.client_keys,
        )
        return True

    async def put_credential(self, row: CredentialRow) -> None:
        known = self._credentials.get(row.sid)
        if known is None:
            self._credentials[row.sid] = row
        elif known.account != row.account:
            raise SidTakenError
        else:
            self._credentials[row.sid] = replace(
                row,
                created_ms=known.created_ms,
                policy=known.policy,
                networks=known.networks,
                canary=known.canary,
                watched=known.watched,
                reaction=known.reaction,
                ends_ms=known.ends_ms,
            )

    async def add_credential(self, row: CredentialRow, number: int) -> None:
        known = self._credentials.get(row.sid)
        if known is not None and known.account != row.account:
            raise SidTakenError
        if known is None and self._pass(row.account, row.sid, [MADE], number, 0):
            self._credentials[row.sid] = row

    async def rename_credential(self, account: str, sid: str, friendly_name: str, at_ms: int) -> bool:
        known = self._credentials.get(sid)
        if known is None or known.account != account:
            return False
        self._credentials[sid] = replace(known, friendly_name=friendly_name, updated_ms=at_ms)
        return True

    async def restrict_credential(
        self,
        account: str,
        sid: str,
        *,
        policy: str | None = None,
        networks: str | None = None,
        canary: bool | None = None,
        watched: bool | None = None,
        reaction: str | None = None,
        ends_ms: int | None = None,
        at_ms: int,
        number: int | None = None,
    ) -> bool:
        known = self._credentials.get(sid)
        if known is None or known.account != account:
            return False
        values = (policy, networks, canary, watched, reaction, ends_ms)
        given = {name: value for name, value in zip(LIMITS, values, strict=True) if value is not None}
        if passed := self._pass(account, sid, given, number, at_ms):
            self._credentials[sid] = replace(known, **{name: given[name] for name in passed}, updated_ms=at_ms)
        return True

    async def restrict_account(self, sid: str, networks: str, at_ms: int, *, number: int | None = None) -> bool:
        known = self._accounts.get(sid)
        if known is None:
            return False
        if self._pass(sid, "", [NETWORKS], number, at_ms):
            self._accounts[sid] = replace(known, networks=networks, updated_ms=at_ms)
        return True

    async def set_client_keys(self, sid: str, client_keys: str, *, was: str, at_ms: int) -> bool:
        known = self._accounts.get(sid)
        if known is None or known.client_keys != was:
            return False
        self._accounts[sid] = replace(known, client_keys=client_keys, updated_ms=at_ms)
        return True

    async def note_use(self, account: str, sid: str, at_ms: int, network: str = "") -> None:
        known = self._credentials.get(sid)
        if known is None or known.account != account:
            return
        self._credential_uses[account, sid] = max(at_ms, self._credential_uses.get((account, sid), at_ms))
        networks = self._credential_networks.setdefault((account, sid), [])
        if network and network not in networks and len(" ".join(networks)) + len(network) < KNOWN_CHARACTERS:
            networks.append(network)

    async def used_ms(self, account: str, sid: str) -> int | None:
        return self._credential_uses.get((account, sid))

    async def known_networks(self, account: str, sid: str) -> list[str]:
        return list(self._credential_networks.get((account, sid), ()))

    async def credential(self, sid: str) -> CredentialRow | None:
        return self._credentials.get(sid)

    async def credentials(self, account: str, *, before: str | None = None, limit: int = 50) -> list[CredentialRow]:
        found = [row for row in self._credentials.values() if (row.account, row.kind) == (account, "api_key")]
        known = None if before is None else self._credentials.get(before)
        return page_of(
            found, None if before is None else place_of(before, None if known is None else known.created_ms), limit
        )

    async def key(self, account: str, sid: str) -> KeyRow | None:
        found = self._credentials.get(sid)
        return (
            self._key_of(found) if found is not None and (found.account, found.kind) == (account, "api_key") else None
        )

    async def keys(self, account: str, *, before: str | None = None, limit: int = 50) -> list[KeyRow]:
        return [self._key_of(row) for row in await self.credentials(account, before=before, limit=limit)]

    def _key_of(self, row: CredentialRow) -> KeyRow:
        shown = {name: getattr(row, name) for name in KeyRow.__struct_fields__ if name != "used_ms"}
        return KeyRow(**shown, used_ms=self._credential_uses.get((row.account, row.sid)))

    async def delete_credential(self, account: str, sid: str, *, number: int | None = None) -> bool:
        if number is not None:
            self._note_gone(account, sid, number)
        known = self._credentials.get(sid)
        if known is None or known.account != account:
            return False
        del self._credentials[sid]
        self._credential_uses.pop((account, sid), None)
        self._credential_networks.pop((account, sid), None)
        self._forget_fences(account, sid)
        return True
