"""Accounts and credentials in PostgreSQL."""

from collections.abc import Sequence

from ringfence.domain.access_fence import MADE
from ringfence.domain.key_watch import KNOWN_CHARACTERS
from ringfence.ports.access_changes import OvertakenError
from ringfence.ports.oversight import TENANTS_LOOKED, TenantFilter
from ringfence.ports.store import AccountRow, CredentialRow, KeyRow, SidTakenError
from ringfence.store.access_fences import LIMITS, NETWORKS
from ringfence.store.columns import ACCOUNT, CREDENTIAL, KEY
from ringfence.store.paging import place_after, small
from ringfence.store.postgres_access_fences import forget_fences, note_gone, pass_fences
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/accounts")
TURN = SQL["turn"]
"""The status of an account, whose row is locked by it until the transaction ends."""

NewAccount = tuple[AccountRow, CredentialRow]
Update = tuple[AccountRow, str]
StatusChange = tuple[str, str, str, int]
Renaming = tuple[str, str, str, int]
Restriction = tuple[str, str, tuple[str | bool | int | None, ...], int, int | None]
AccountRestriction = tuple[str, str, int, int | None]
Numbered = tuple[CredentialRow, int]
Deletion = tuple[str, str, int | None]
Use = tuple[str, str, int, str]
KeyChange = tuple[str, str, str, int]


class PostgresAccounts(PostgresGround):
    """The accounts' half of `ports.store.AccountStore`."""

    async def create_account(self, row: AccountRow, credential: CredentialRow) -> None:
        await self._write_directory(_create, (row, credential))

    async def account(self, sid: str) -> AccountRow | None:
        return await self._known(SQL["account"], ACCOUNT, sid)

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]:
        place = place_after(before, await self._made_ms(SQL["place"], None, before))
        if tenant is None:
            rows = await self._all(SQL["top_level"], *place, limit)
        else:
            rows = await self._all(SQL["of_tenant"], tenant, *place, limit)
        return [ACCOUNT.read(row) for row in rows]

    async def tenants(
        self, wanted: TenantFilter, *, before: str | None = None, limit: int = 50, looked: int = TENANTS_LOOKED
    ) -> list[AccountRow]:
        place = place_after(before, await self._made_ms(SQL["place"], None, before))
        asked = (wanted.since_ms, wanted.status, wanted.sid, small(wanted.name), limit, looked)
        return [ACCOUNT.read(row) for row in await self._all(SQL["tenants"], *place, *asked)]

    async def tenants_edge(
        self, since_ms: int, *, before: str | None = None, looked: int = TENANTS_LOOKED
    ) -> str | None:
        place = place_after(before, await self._made_ms(SQL["place"], None, before))
        rows = await self._all(SQL["tenants_edge"], *place, since_ms, looked - 1)
        return rows[0][0] if len(rows) > 1 else None

    async def update_account(self, row: AccountRow, *, was: str) -> bool:
        return await self._write_directory(_update, (row, was))

    async def set_account_status(self, sid: str, status: str, *, was: str, at_ms: int) -> bool:
        return await self._write_directory(_set_status, (sid, status, was, at_ms))

    async def put_credential(self, row: CredentialRow) -> None:
        await self._write_directory(_put_credential, row)

    async def add_credential(self, row: CredentialRow, number: int) -> None:
        await self._write_directory(_add_credential, (row, number))

    async def rename_credential(self, account: str, sid: str, friendly_name: str, at_ms: int) -> bool:
        return await self._write_directory(_rename_credential, (account, sid, friendly_name, at_ms))

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
        restriction = (account, sid, (policy, networks, canary, watched, reaction, ends_ms), at_ms, number)
        return await self._write_directory(_restrict_credential, restriction)

    async def restrict_account(self, sid: str, networks: str, at_ms: int, *, number: int | None = None) -> bool:
        return await self._write_directory(_restrict_account, (sid, networks, at_ms, number))

    async def set_client_keys(self, sid: str, client_keys: str, *, was: str, at_ms: int) -> bool:
        return await self._write_directory(_set_client_keys, (sid, client_keys, was, at_ms))

    async def note_use(self, account: str, sid: str, at_ms: int, network: str = "") -> None:
        await self._write(_note_use, (account, sid, at_ms, network))

    async def used_ms(self, account: str, sid: str) -> int | None:
        found = await self._all(SQL["used_ms"], account, sid)
        return found[0][0] if found else None

    async def known_networks(self, account: str, sid: str) -> list[str]:
        found = await self._all(SQL["known_networks"], account, sid)
        return found[0][0].split() if found else []

    async def credential(self, sid: str) -> CredentialRow | None:
        return await self._known(SQL["credential"], CREDENTIAL, sid)

    async def credentials(self, account: str, *, before: str | None = None, limit: int = 50) -> list[CredentialRow]:
        place = place_after(before, await self._made_ms(SQL["credential_place"], account, before))
        return [CREDENTIAL.read(row) for row in await self._all(SQL["api_keys"], account, *place, limit)]

    async def key(self, account: str, sid: str) -> KeyRow | None:
        rows = await self._all(SQL["key"], account, sid)
        return KEY.read(rows[0]) if rows else None

    async def keys(self, account: str, *, before: str | None = None, limit: int = 50) -> list[KeyRow]:
        place = place_after(before, await self._made_ms(SQL["credential_place"], account, before))
        return [KEY.read(row) for row in await self._all(SQL["keys"], account, *place, limit)]

    async def delete_credential(self, account: str, sid: str, *, number: int | None = None) -> bool:
        return await self._write_directory(_delete_credential, (account, sid, number))


async def _create(tx: Connection, accounts: Sequence[NewAccount]) -> list[Exception | None]:
    return [await _create_one(tx, row, credential) for row, credential in accounts]


async def _create_one(tx: Connection, row: AccountRow, credential: CredentialRow) -> Exception | None:
    if not count(await tx.execute(SQL["insert_new_credential"], *CREDENTIAL.write(credential))):
        return SidTakenError()
    if not count(await tx.execute(SQL["insert_account"], *ACCOUNT.write(row))):
        await tx.execute(SQL["delete_credential"], credential.account, credential.sid)
        return SidTakenError()
    return None


async def _update(tx: Connection, updates: Sequence[Update]) -> list[bool]:
    return [await _update_one(tx, *each) for each in updates]


async def _update_one(tx: Connection, row: AccountRow, was: str) -> bool:
    await _take_turn(tx, row.sid, row.status, was)
    values = (row.sid, row.friendly_name, row.status, row.type, row.updated_ms, was)
    return count(await tx.execute(SQL["update_account"], *values)) > 0


async def _set_status(tx: Connection, changes: Sequence[StatusChange]) -> list[bool]:
    return [await _set_one_status(tx, *change) for change in changes]


async def _set_one_status(tx: Connection, sid: str, status: str, was: str, at_ms: int) -> bool:
    await _take_turn(tx, sid, status, was)
    return count(await tx.execute(SQL["set_status"], sid, status, was, at_ms)) > 0


async def _take_turn(tx: Connection, sid: str, status: str, was: str) -> None:
    """Before one is reopened: a statement that waited for its freeze would still not see it."""
    if status == "active" != was:
        await tx.execute(TURN, sid)


async def _put_credential(tx: Connection, rows: Sequence[CredentialRow]) -> list[Exception | None]:
    return [
        None if count(await tx.execute(SQL["put_credential"], *CREDENTIAL.write(row))) else SidTakenError()
        for row in rows
    ]


async def _add_credential(tx: Connection, requests: Sequence[Numbered]) -> list[Exception | None]:
    return [await _add_one(tx, *each) for each in requests]


async def _add_one(tx: Connection, row: CredentialRow, number: int) -> Exception | None:
    owner = await tx.fetchval(SQL["owner"], row.sid)
    if owner is not None:
        return None if owner == row.account else SidTakenError()
    try:
        passed = await pass_fences(tx, row.account, row.sid, [MADE], number, 0)
    except OvertakenError as newer:
        return newer
    if passed and not count(await tx.execute(SQL["insert_new_credential"], *CREDENTIAL.write(row))):
        return SidTakenError()
    return None


async def _rename_credential(tx: Connection, renamings: Sequence[Renaming]) -> list[bool]:
    return [count(await tx.execute(SQL["rename_credential"], *renaming)) > 0 for renaming in renamings]


async def _restrict_credential(tx: Connection, requests: Sequence[Restriction]) -> list[bool | Exception]:
    return [await _restrict_key(tx, *each) for each in requests]


async def _restrict_key(
    tx: Connection, account: str, sid: str, values: Sequence[str | bool | int | None], at_ms: int, number: int | None
) -> bool | Exception:
    if await tx.fetchval(SQL["owner"], sid) != account:
        return False
    given = {name: value for name, value in zip(LIMITS, values, strict=True) if value is not None}
    try:
        passed = await pass_fences(tx, account, sid, given, number, at_ms)
    except OvertakenError as newer:
        return newer
    if passed:
        limits = [given[name] if name in passed else None for name in LIMITS]
        return count(await tx.execute(SQL["restrict_credential"], account, sid, *limits, at_ms)) > 0
    return True


async def _restrict_account(tx: Connection, requests: Sequence[AccountRestriction]) -> list[bool | Exception]:
    return [await _restrict_networks(tx, *each) for each in requests]


async def _restrict_networks(
    tx: Connection, sid: str, networks: str, at_ms: int, number: int | None
) -> bool | Exception:
    if await tx.fetchval(TURN, sid) is None:
        return False
    try:
        passed = await pass_fences(tx, sid, "", [NETWORKS], number, at_ms)
    except OvertakenError as newer:
        return newer
    if passed:
        await tx.execute(SQL["restrict_account"], sid, networks, at_ms)
    return True


async def _set_client_keys(tx: Connection, changes: Sequence[KeyChange]) -> list[bool]:
    return [count(await tx.execute(SQL["set_client_keys"], *change)) > 0 for change in changes]


async def _note_use(tx: Connection, uses: Sequence[Use]) -> list[None]:
    for use in sorted(uses):
        await tx.execute(SQL["note_use"], *use, KNOWN_CHARACTERS)
    return [None] * len(uses)


async def _delete_credential(tx: Connection, requests: Sequence[Deletion]) -> list[bool]:
    return [await _delete_one(tx, *each) for each in requests]


async def _delete_one(tx: Connection, account: str, sid: str, number: int | None) -> bool:
    await tx.execute(SQL["forget_use"], account, sid)
    await forget_fences(tx, account, sid)
    if number is not None:
        await note_gone(tx, account, sid, number)
    return count(await tx.execute(SQL["delete_credential"], account, sid)) > 0
