"""Do again, in a folder that nothing starts from yet, what was revoked, taken away and frozen after its backup."""

import asyncio
import sqlite3
from typing import cast

import msgspec

from ringfence.console.lockout import keep_out
from ringfence.console.storage import DATABASE as PEOPLE
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import end_without_passkey, keep_member, member_of
from ringfence.console.tenant.slot_name import slot_name
from ringfence.console.tenant.sso.rows import forget_person, people_of
from ringfence.domain.access.role import Role
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.kms.slot_keys import SlotKeys
from ringfence.kms.store import DATABASE, KeyStore
from ringfence.ports.freezes import FreezeKind
from ringfence.ports.standing_rows import LastingStore
from ringfence.roles.revoked_since import Revoked
from ringfence.roles.settings import Settings
from ringfence.roles.stores import make_store
from ringfence.usecases.access.freeze import freeze

STAFF = "staff"


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `members` are no more, by account and ID; `roles` are what others have again.

    `frozen` was not so in the backup, and is; `to_freeze` is left to whoever loads the database by hand.
    """

    members: tuple[tuple[str, str], ...] = ()
    roles: tuple[tuple[str, str, Role], ...] = ()
    frozen: tuple[str, ...] = ()
    to_freeze: tuple[str, ...] = ()


async def revoke_again(settings: Settings, revoked: Revoked, clock: Clock) -> Again:
    """Drop these slots, and their credentials and passkeys; take roles and ways in away; freeze.

    A store on PostgreSQL is loaded by hand afterwards: a credential without a slot opens nothing in it.
    """
    await _drop_slots(settings, revoked, clock)
    members, roles, kept_out = await _tell_consoles(settings, revoked, clock.now_ms())
    of_the_store = tuple(each for each in revoked.frozen if not each.startswith(f"{STAFF}:"))
    if settings.database_url:
        return Again(members=members, roles=roles, frozen=kept_out, to_freeze=of_the_store)
    stopped: tuple[str, ...] = ()
    if await asyncio.to_thread(settings.database.exists):
        store, _ = make_store(settings, migrates=True)
        await store.open()
        try:
            for account, credential in revoked.slots:
                await store.delete_credential(account, credential)
            stopped = tuple([each for each in of_the_store if await _freeze(store, clock, each)])
        finally:
            await store.close()
    return Again(members=members, roles=roles, frozen=kept_out + stopped)


async def _drop_slots(settings: Settings, revoked: Revoked, clock: Clock) -> None:
    if not revoked.slots:
        return
    keys = KeyStore(settings.kms_dir / DATABASE)
    await keys.open()
    try:
        slots = SlotKeys(keys, clock)
        for account, credential in revoked.slots:
            await slots.revoke(account, credential)
    finally:
        await keys.close()


async def _freeze(store: LastingStore, clock: Clock, target: str) -> bool:
    kind, _, name = target.partition(":")
    try:
        return await freeze(store, clock, cast(FreezeKind, kind), name)
    except ApiError:
        # It was made after the backup, was revoked, or is closed: there is nothing to stop.
        return False


async def _tell_consoles(
    settings: Settings, revoked: Revoked, now_ms: int
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str, Role], ...], tuple[str, ...]]:
    path = settings.console_dir / PEOPLE
    if not await asyncio.to_thread(path.exists):
        return (), (), ()
    storage = ConsoleStorage(path)
    await storage.open()
    try:
        members = await storage.run(lambda db: _end_members(db, revoked, now_ms))
        roles = await storage.run(lambda db: _give_roles(db, revoked))
        staff = [each.partition(":")[2] for each in revoked.frozen if each.startswith(f"{STAFF}:")]
        new = await storage.run(lambda db: [each for each in staff if keep_out(db, each, now_ms)])
        return members, roles, tuple(f"{STAFF}:{each}" for each in new)
    finally:
        await storage.close()


def _end_members(db: sqlite3.Connection, revoked: Revoked, now_ms: int) -> tuple[tuple[str, str], ...]:
    slots = frozenset(revoked.slots)
    held = db.execute("SELECT credential_id, account, person FROM passkey WHERE kind = 'member'").fetchall()
    touched: dict[tuple[str, str], None] = {}
    for credential_id, account, member in held:
        if (account, slot_name(credential_id)) in slots:
            db.execute("DELETE FROM passkey WHERE credential_id = ?", (credential_id,))
            touched[account, member] = None
    for account, person in revoked.sso:
        touched |= {(account, each.member): None for each in people_of(db, account) if each.id == person}
        forget_person(db, account, person)
    return tuple(each for each in touched if end_without_passkey(db, each[1], now_ms))


def _give_roles(db: sqlite3.Connection, revoked: Revoked) -> tuple[tuple[str, str, Role], ...]:
    given = []
    for account, name, role in revoked.roles:
        member = member_of(db, account, name)
        if member is not None and member.role is not role:
            keep_member(db, msgspec.structs.replace(member, role=role))
            given.append((account, name, role))
    return tuple(given)
