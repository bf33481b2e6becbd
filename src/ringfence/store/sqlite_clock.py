"""What a clock that was set back leaves in SQLite: times that are yet to come again."""

from collections.abc import Callable, Sequence

from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements
from ringfence.store.times_to_come import AHEAD_MS, EVENTS_WITHIN_MS, TO_COME_MS

SQL = statements("sqlite/clock")

SettingBack = tuple[Callable[[], int], int]


class SqliteClock(SqliteGround):
    """`ports.store.Store.clock_set_back`."""

    async def clock_set_back(self, now_ms: Callable[[], int], lease_ms: int) -> int:
        return await self._write(_set_back, (now_ms, lease_ms))


def _set_back(tx: SqliteWriter, requests: Sequence[SettingBack]) -> list[int]:
    moved = []
    for read_ms, lease_ms in requests:
        now_ms = read_ms()
        moved.append(tx.run(SQL["texts"], (now_ms + TO_COME_MS, now_ms - AHEAD_MS)).rowcount)
        tx.run(SQL["queues"], (now_ms + TO_COME_MS, now_ms - AHEAD_MS))
        tx.run(SQL["leases"], (now_ms + lease_ms,))
        tx.run(SQL["call_owners"], (now_ms + lease_ms,))
        tx.run(SQL["events"], (now_ms, now_ms + EVENTS_WITHIN_MS))
    return moved
