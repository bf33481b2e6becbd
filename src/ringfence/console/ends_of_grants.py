"""Grants end with the session, member of staff or account that they are of: later, where the key service is away.

What ends is gone here at once, so nobody has the session to use them. That they are to end is kept with it, in the same
transaction, and outlasts this process.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from ringfence.console.storage import ConsoleStorage
from ringfence.ports.grants import GrantKeys

EVERY_S: Final = 2.0
AT_ONCE: Final = 100

_KEEP = "INSERT OR IGNORE INTO grants_to_end (session, staff, account, actor, at_ms) VALUES (?, ?, ?, ?, ?)"
_ALL = "SELECT session, staff, account, actor, at_ms FROM grants_to_end ORDER BY at_ms, session, staff, account LIMIT ?"
_FORGET = "DELETE FROM grants_to_end WHERE session = ? AND staff = ? AND account = ?"

_log = structlog.get_logger(__name__)


class GrantsToEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Those of one session, member of staff or account. `actor` is who ended that, at `at_ms` (Unix, milliseconds)."""

    session: str = ""
    staff: str = ""
    account: str = ""
    actor: str
    at_ms: int


def keep_to_end(db: sqlite3.Connection, ending: GrantsToEnd) -> None:
    """Beside what ends them, in its transaction. Again is a no-op."""
    db.execute(_KEEP, (ending.session, ending.staff, ending.account, ending.actor, ending.at_ms))


def grants_to_end(db: sqlite3.Connection) -> Sequence[GrantsToEnd]:
    """Those that are still to end, the oldest first."""
    return [
        GrantsToEnd(session=session, staff=staff, account=account, actor=actor, at_ms=at_ms)
        for session, staff, account, actor, at_ms in db.execute(_ALL, (AT_ONCE,)).fetchall()
    ]


class EndsOfGrants:
    """Has the key service end what is to end. Several processes may: again is a no-op there."""

    def __init__(self, storage: ConsoleStorage, keys: GrantKeys) -> None:
        self._storage = storage
        self._keys = keys

    async def settle(self) -> bool:
        """End them now. False, and said in the log, where key service or storage are away: `run` does it then."""
        trying: GrantsToEnd | None = None
        try:
            for trying in await self._storage.run(grants_to_end):
                await self._keys.end_grants(trying.actor, trying.session, trying.staff, trying.account)
                await self._forget(trying)
        except ConnectionError:
            known = (
                {} if trying is None else {"session": trying.session, "staff": trying.staff, "account": trying.account}
            )
            _log.warning("console.grants_not_ended", **known)
            return False
        return True

    async def run(self) -> None:
        """Until cancelled, what could not be done at once."""
        while True:
            await self.settle()
            await asyncio.sleep(EVERY_S)

    async def _forget(self, ended: GrantsToEnd) -> None:
        known = ended.session, ended.staff, ended.account
        await self._storage.run(lambda db: db.execute(_FORGET, known).rowcount)
