"""A link that lets one person's passkey into the tenants' console: its secret is a slot for ten minutes."""

import secrets
import sqlite3

from ringfence.console.storage import DATABASE
from ringfence.console.tenant import member_rows
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient
from ringfence.ports.console_keys import LINK_PREFIX
from ringfence.ports.keys import Caller
from ringfence.roles.settings import Settings
from ringfence.usecases.accounts.credential import slot_of

SECRET_BYTES = 32
LIFE_MS = 600_000


async def make_console_link(settings: Settings, clock: Clock, caller: Caller, *, owner: bool = False) -> str:
    """The link, for the caller's account. It is in the ledger; its secret is nowhere but in it.

    Who comes by one for an `owner` becomes one at once where the account has no member, else after a wait.

    KeyRefusedError, ConnectionError as in `ports.keys`.
    """
    link = new_sid(LINK_PREFIX, clock.now_ms())
    secret = secrets.token_urlsafe(SECRET_BYTES)
    slot = slot_of(link, slot_seed(secret, link))
    client = Client(settings.socket("kms-api"))
    try:
        keys = ApiKeyClient(client, clock)
        await keys.open_console_link(caller, caller.account, slot, clock.now_ms() + LIFE_MS, owner)
    finally:
        await client.close()
    return f"{settings.keys_origin}/enrol#k={caller.account}.{link}.{secret}"


def has_members(settings: Settings, account: str) -> bool:
    """Whether somebody can sign in to the console for this account."""
    path = settings.console_dir / DATABASE
    if not path.exists():
        return False
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return member_rows.has_members(database, account)
    except sqlite3.Error:
        return False
    finally:
        database.close()
