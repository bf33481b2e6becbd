"""Which dispatchers live, and what becomes of the events that a dead one had in hand.

An event is leased for minutes, since a webhook may take long: too long to wait for a machine that is gone. So each
dispatcher holds an advisory lock for as long as it is connected, and the others look who is missing. Source:
PostgreSQL, "Advisory locks".
"""

import hashlib

import structlog

from ringfence.domain.clock import Clock
from ringfence.store.postgres_committer import Connection
from ringfence.store.statements import statements

SQL = statements("postgres/presence")
RELEASE = statements("postgres/outbox")["release"]
# The first half of the lock's name: what kind of lock it is.
CLASS = 0x52494E47
LOOK_S = 1.0
# Who came and went between two looks was never seen here: what it left is looked for once in so many of them.
SEARCH_EVERY = 5

_log = structlog.get_logger(__name__)


class PostgresPresence:
    """This dispatcher's sign of life, and its eye on the others. `look` is called on the connection that shows it."""

    def __init__(self, owner: str, clock: Clock) -> None:
        """`owner` is the name under which this dispatcher takes events."""
        self._clock = clock
        self._key = _key(owner)
        self._here: set[int] | None = None
        self._looks_to_search = 0

    def arrive(self) -> None:
        """Begin anew, on a new connection: who left meanwhile is not known."""
        self._here, self._looks_to_search = None, 1

    async def look(self, connection: Connection) -> bool:
        """See who is here, once in `LOOK_S`. True where events of somebody who is not were given back.

        Who is missing twice in a row is gone: a connection may be lost, and is made again within that time.
        """
        await connection.fetchval(SQL["show"], CLASS, self._key)
        here = {key for (key,) in await connection.fetch(SQL["here"], CLASS)}
        before, self._here = self._here, here
        if before is None:
            return False
        self._looks_to_search -= 1
        searching = self._looks_to_search == 0
        if before - here:
            self._looks_to_search = 1
        elif searching:
            self._looks_to_search = SEARCH_EVERY
        return await self._give_back(connection, before | here) if searching else False

    async def _give_back(self, connection: Connection, alive: set[int]) -> bool:
        now_ms = self._clock.now_ms()
        owners = [owner for (owner,) in await connection.fetch(SQL["owners"], now_ms)]
        gone = [owner for owner in owners if _key(owner) not in alive]
        for owner in gone:
            await connection.execute(RELEASE, owner, now_ms)
            _log.warning("events of a dispatcher that is gone are taken over")
        return bool(gone)


def _key(owner: str) -> int:
    return int.from_bytes(hashlib.sha256(owner.encode()).digest()[:4], "big", signed=True)
