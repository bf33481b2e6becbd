"""What a clock that was set back leaves in PostgreSQL: times that are yet to come again."""

from collections.abc import Callable, Sequence

from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements
from ringfence.store.times_to_come import AHEAD_MS, EVENTS_WITHIN_MS, TO_COME_MS

SQL = statements("postgres/clock")


class PostgresClock(PostgresGround):
    """`ports.store.Store.clock_set_back`."""

    async def clock_set_back(self, now_ms: Callable[[], int], lease_ms: int) -> int:
        # Each lane mends its own rows: none waits for another's locks.
        await self._leases.write(_end_leases, (now_ms, lease_ms))
        await self._calls.write(_end_holds, (now_ms, lease_ms))
        await self._outbox.write(_bring_events, now_ms)
        return await self._texts.write(_bring_texts, now_ms)


async def _end_leases(tx: Connection, requests: Sequence[tuple[Callable[[], int], int]]) -> list[None]:
    for read_ms, lease_ms in requests:
        await tx.execute(SQL["leases"], read_ms() + lease_ms)
    return [None] * len(requests)


async def _end_holds(tx: Connection, requests: Sequence[tuple[Callable[[], int], int]]) -> list[None]:
    for read_ms, lease_ms in requests:
        await tx.execute(SQL["call_owners"], read_ms() + lease_ms)
    return [None] * len(requests)


async def _bring_events(tx: Connection, clocks: Sequence[Callable[[], int]]) -> list[None]:
    for read_ms in clocks:
        now_ms = read_ms()
        await tx.execute(SQL["events"], now_ms, now_ms + EVENTS_WITHIN_MS)
    return [None] * len(clocks)


async def _bring_texts(tx: Connection, clocks: Sequence[Callable[[], int]]) -> list[int]:
    moved = []
    for read_ms in clocks:
        now_ms = read_ms()
        moved.append(count(await tx.execute(SQL["texts"], now_ms + TO_COME_MS, now_ms - AHEAD_MS)))
        await tx.execute(SQL["queues"], now_ms + TO_COME_MS, now_ms - AHEAD_MS)
    return moved
