"""Accounts and credentials in SQLite."""

import sqlite3
from collections.abc import Sequence

from ringfence.domain.access_fence import MADE
from ringfence.domain.key_watch import KNOWN_CHARACTERS
from ringfence.ports.access_changes import OvertakenError
from ringfence.ports.oversight import TENANTS_LOOKED, TenantFilter
from ringfence.ports.store import AccountRow, CredentialRow, KeyRow, SidTakenError
from ringfence.store.access_fences import LIMITS, NETWORKS
from ringfence.store.columns import ACCOUNT, CREDENTIAL, KEY
from ringfence.store.paging import place_after, small
from ringfence.store.sqlite_access_fences import forget_fences, note_gone, pass_fences
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/accounts")

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


class SqliteAccounts(SqliteGround):
    """The accounts' half of `ports.store.AccountStore`."""

    async def create_account(self, row: AccountRow, credential: CredentialRow) -> None:
        await self._write(_create, (row, credential))

    async def account(self, sid: str) -> AccountRow | None:
        return self._known(SQL["account"], ACCOUNT, sid)

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]:
        known = None if before is None else self._one(SQL["place"], (before,))
        place = place_after(before, known and known[0])
        if tenant is None:
            rows = self._all(SQL["top_level"], (*place, limit))
        else:
            rows = self._all(SQL["of_tenant"], (tenant, *place, limit))
        return [ACCOUNT.read(row) for row in rows]

    async def tenants(
        self, wanted: TenantFilter, *, before: str | None = None, limit: int = 50, looked: int = TENANTS_LOOKED
    ) -> list[AccountRow]:
        known = None if before is None else self._one(SQL["place"], (before,))
        asked = (wanted.since_ms, wanted.status, wanted.sid, small(wanted.name), limit, looked)
        rows = self._all(SQL["tenants"], (*place_after(before, known and known[0]), *asked))
        return [ACCOUNT.read(row) for row in rows]

    async def tenants_edge(
        self, since_ms: int, *, before: str | None = None, looked: int = TENANTS_LOOKED
    ) -> str | None:
        known = None if before is None else self._one(SQL["place"], (before,))
        rows = self._all(SQL["tenants_edge"], (*place_after(before, known and known[0]), since_ms, looked - 1))
        return rows[0][0] if len(rows) > 1 else None

    async def update_account(self, row: AccountRow, *, was: str) -> bool:
        return await self._write(_update, (row, was))

    async def set_account_status(self, sid: str, status: str, *, was: str, at_ms: int) -> bool:
        return await self._write(_set_status, (sid, status, was, at_ms))

    async def put_credential(self, row: CredentialRow) -> None:
        await self._write(_put_credential, row)

    async def add_credential(self, row: CredentialRow, number: int) -> None:
        await self._write(_add_credential, (row, number))

    async def rename_credential(self, account: str, sid: str, friendly_name: str, at_ms: int) -> bool:
        return await self._write(_rename_credential, (account, sid, friendly_name, at_ms))

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
        return await self._write(_restrict_credential, restriction)

    async def restrict_account(self, sid: str, networks: str, at_ms: int, *, number: int | None = None) -> bool:
        return await self._write(_restrict_account, (sid, networks, at_ms, number))

    async def set_client_keys(self, sid: str, client_keys: str, *, was: str, at_ms: int) -> bool:
        return await self._write(_set_client_keys, (sid, client_keys, was, at_ms))

    async def note_use(self, account: str, sid: str, at_ms: int, network: str = "") -> None:
        await self._write(_note_use, (account, sid, at_ms, network))

    async def used_ms(self, account: str, sid: str) -> int | None:
        found = self._one(SQL["used_ms"], (account, sid))
        return None if found is None else int(found[0])

    async def known_networks(self, account: str, sid: str) -> list[str]:
        found = self._one(SQL["known_networks"], (account, sid))
        return [] if found is None else found[0].split()

    async def credential(self, sid: str) -> CredentialRow | None:
        return self._known(SQL["credential"], CREDENTIAL, sid)

    async def credentials(self, account: str, *, before: str | None = None, limit: int = 50) -> list[CredentialRow]:
        known = None if before is None else self._one(SQL["credential_place"], (account, before))
        place = place_after(before, known and known[0])
        return [CREDENTIAL.read(row) for row in self._all(SQL["api_keys"], (account, *place, limit))]

    async def key(self, account: str, sid: str) -> KeyRow | None:
        row = self._one(SQL["key"], (account, sid))
        return None if row is None else KEY.read(row)

    async def keys(self, account: str, *, before: str | None = None, limit: int = 50) -> list[KeyRow]:
        known = None if before is None else self._one(SQL["credential_place"], (account, before))
        place = place_after(before, known and known[0])
        return [KEY.read(row) for row in self._all(SQL["keys"], (account, *place, limit))]

    async def delete_credential(self, account: str, sid: str, *, number: int | None = None) -> bool:
        return await self._write(_delete_credential, (account, sid, number))


def _create(tx: SqliteWriter, accounts: Sequence[NewAccount]) -> list[Exception | None]:
    ends: list[Exception | None] = []
    for row, credential in accounts:
        tx.run("SAVEPOINT account")
        try:
            tx.run(SQL["insert_account"], ACCOUNT.write(row))
            tx.run(SQL["insert_credential"], CREDENTIAL.write(credential))
            ends.append(None)
        except sqlite3.IntegrityError:
            tx.run("ROLLBACK TO account")
            ends.append(SidTakenError())
        tx.run("RELEASE account")
    return ends


def _update(tx: SqliteWriter, updates: Sequence[Update]) -> list[bool]:
    values = [(row.sid, row.friendly_name, row.status, row.type, row.updated_ms, was) for row, was in updates]
    return [tx.run(SQL["update_account"], each).rowcount > 0 for each in values]


def _set_status(tx: SqliteWriter, changes: Sequence[StatusChange]) -> list[bool]:
    return [tx.run(SQL["set_status"], change).rowcount > 0 for change in changes]


def _put_credential(tx: SqliteWriter, rows: Sequence[CredentialRow]) -> list[Exception | None]:
    tx.erased = True
    ends: list[Exception | None] = []
    for row in rows:
        try:
            tx.run(SQL["put_credential"], CREDENTIAL.write(row))
            ends.append(None)
        except sqlite3.IntegrityError:
            ends.append(SidTakenError())
    return ends


def _add_credential(tx: SqliteWriter, requests: Sequence[Numbered]) -> list[Exception | None]:
    return [_add_one(tx, *each) for each in requests]


def _add_one(tx: SqliteWriter, row: CredentialRow, number: int) -> Exception | None:
    owner = tx.run(SQL["owner"], (row.sid,)).fetchone()
    if owner is not None:
        return None if owner == (row.account,) else SidTakenError()
    try:
        if pass_fences(tx, row.account, row.sid, [MADE], number, 0):
            tx.run(SQL["insert_credential"], CREDENTIAL.write(row))
    except OvertakenError as newer:
        return newer
    return None


def _rename_credential(tx: SqliteWriter, renamings: Sequence[Renaming]) -> list[bool]:
    return [tx.run(SQL["rename_credential"], renaming).rowcount > 0 for renaming in renamings]


def _restrict_credential(tx: SqliteWriter, requests: Sequence[Restriction]) -> list[bool | Exception]:
    return [_restrict_key(tx, *each) for each in requests]


def _restrict_key(
    tx: SqliteWriter, account: str, sid: str, values: Sequence[str | bool | int | None], at_ms: int, number: int | None
) -> bool | Exception:
    if tx.run(SQL["owner"], (sid,)).fetchone() != (account,):
        return False
    given = {name: value for name, value in zip(LIMITS, values, strict=True) if value is not None}
    try:
        passed = pass_fences(tx, account, sid, given, number, at_ms)
    except OvertakenError as newer:
        return newer
    if passed:
        limits = [given[name] if name in passed else None for name in LIMITS]
        tx.run(SQL["restrict_credential"], (account, sid, *limits, at_ms))
    return True


def _restrict_account(tx: SqliteWriter, requests: Sequence[AccountRestriction]) -> list[bool | Exception]:
    return [_restrict_networks(tx, *each) for each in requests]


def _restrict_networks(tx: SqliteWriter, sid: str, networks: str, at_ms: int, number: int | None) -> bool | Exception:
    if tx.run(SQL["status"], (sid,)).fetchone() is None:
        return False
    try:
        passed = pass_fences(tx, sid, "", [NETWORKS], number, at_ms)
    except OvertakenError as newer:
        return newer
    if passed:
        tx.run(SQL["restrict_account"], (sid, networks, at_ms))
    return True


def _set_client_keys(tx: SqliteWriter, changes: Sequence[KeyChange]) -> list[bool]:
    return [tx.run(SQL["set_client_keys"], change).rowcount > 0 for change in changes]


def _note_use(tx: SqliteWriter, uses: Sequence[Use]) -> list[None]:
    for use in uses:
        tx.run(SQL["note_use"], (*use, KNOWN_CHARACTERS))
    return [None] * len(uses)


def _delete_credential(tx: SqliteWriter, requests: Sequence[Deletion]) -> list[bool]:
    tx.erased = True
    return [_delete_one(tx, *each) for each in requests]


def _delete_one(tx: SqliteWriter, account: str, sid: str, number: int | None) -> bool:
    tx.run(SQL["forget_use"], (account, sid))
    forget_fences(tx, account, sid)
    if number is not None:
        note_gone(tx, account, sid, number)
    return tx.run(SQL["delete_credential"], (account, sid)).rowcount > 0
