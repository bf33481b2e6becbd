"""What was revoked after a backup was made, as a later copy of its ledger tells it; and all of it revoked again."""

import asyncio

import msgspec

from ringfence.domain.clock import SystemClock
from ringfence.kms.ledger.lines import LedgerBrokenError
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.slot_keys import SlotKeys
from ringfence.kms.store import DATABASE, KeyStore
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store

REVOKED = "revoke_slot"
# A secret that took another's place. The backup has the former one alone, and nobody has the newer one's slot.
ROTATED = ("end_former_slot", "end_rotated_slot")


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """Account and credential of each slot that was revoked, and of each whose secret was rotated."""

    slots: tuple[tuple[str, str], ...] = ()
    rotated: tuple[tuple[str, str], ...] = ()


def revoked_since(before: LedgerReader, later: LedgerReader) -> Revoked:
    """What `later` has beyond `before`. LedgerBrokenError where it is not the same ledger, further on."""
    later.check()
    known = [line.leaf for line in before.lines()]
    slots: dict[tuple[str, str], None] = {}
    rotated: dict[tuple[str, str], None] = {}
    entries = 0
    for line in later.lines():
        entries += 1
        if line.n < len(known):
            if line.leaf != known[line.n]:
                raise LedgerBrokenError(f"entry {line.n} of the later ledger is not the backup's")
        elif line.entry.verb == REVOKED and line.entry.scope[0] != line.entry.account:
            slots[line.entry.account, line.entry.scope[0]] = None
        elif line.entry.verb in (REVOKED, *ROTATED):
            rotated[line.entry.account, line.entry.scope[0]] = None
    if entries < len(known):
        raise LedgerBrokenError(f"the later ledger ends after {entries} entries, the backup's has {len(known)}")
    return Revoked(slots=tuple(slots), rotated=tuple(each for each in rotated if each not in slots))


async def revoke_again(settings: Settings, revoked: Revoked) -> None:
    """Drop these slots at the key service's folder, and their credentials from a store in a file.

    A store on PostgreSQL is loaded by hand afterwards: a credential without a slot opens nothing in it.
    """
    if not revoked.slots:
        return
    keys = KeyStore(settings.kms_dir / DATABASE)
    await keys.open()
    try:
        slots = SlotKeys(keys, SystemClock())
        for account, credential in revoked.slots:
            await slots.revoke(account, credential)
    finally:
        await keys.close()
    if not settings.database_url and await asyncio.to_thread(settings.database.exists):
        store = await open_store(settings)
        try:
            for account, credential in revoked.slots:
                await store.delete_credential(account, credential)
        finally:
            await store.close()
