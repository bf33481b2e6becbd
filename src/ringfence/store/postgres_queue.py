"""Sender queues and their leases in PostgreSQL. Who holds a queue is decided inside the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ringfence.ports.store import Lease, MessageRow, StaleFenceError, StoreFailedError
from ringfence.store.columns import MESSAGE
from ringfence.store.postgres_committer import ATTEMPTS, Connection
from ringfence.store.postgres_connection import failure, is_conflict
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.progress import is_queued
from ringfence.store.statements import statements

SQL = statements("postgres/queue")

LOOKS = 100
MORE = 16

QueueKey = tuple[str, str, str]
Held = tuple[str, str, str, int]
Renewal = tuple[Lease, int]


class PostgresQueue(PostgresGround):
    """The leases of `ports.store.MessageStore`; the entries are columns of the message itself."""

    async def lease(
        self,
        owner: str,
        carrier: str,
        now_ms: int,
        ttl_ms: int,
        limit: int,
        *,
        in_hand: Mapping[str, int] | None = None,
    ) -> list[Lease]:
        ready = sorted(
            (held, place, first_ms, account, sender)
            for held, place, _, account, sender, first_ms in await self._line(owner, carrier, now_ms, limit, in_hand)
            if first_ms is not None and first_ms <= now_ms
        )[:limit]
        if not ready:
            return []
        keys = columns([(account, sender, carrier) for *_, account, sender in ready])
        taken = await self._take(*keys, owner, now_ms + ttl_ms, now_ms)
        fences = {(account, sender): fence for account, sender, fence in taken}
        return [
            Lease(account=account, sender=sender, carrier=carrier, fence=fence, until_ms=now_ms + ttl_ms)
            for *_, account, sender in ready
            if (fence := fences.get((account, sender))) is not None
        ]

    async def _take(self, *values: Any) -> Sequence[Any]:
        """Not in the lane of renewals: a stopped dispatcher may hold a row that is wanted here for ten seconds.

        So renewals, which hold several rows too, may be met in another order. Who loses then tries again.
        """
        if self._pool is None:
            raise StoreFailedError("the store is closed")
        for attempt in range(ATTEMPTS):
            try:
                taken: Sequence[Any] = await self._pool.fetch(SQL["take"], *values)
                return taken
            except Exception as error:
                if not is_conflict(error) or attempt == ATTEMPTS - 1:
                    raise failure(error) or error from None
        raise AssertionError("the last attempt returns or raises")

    async def waiting(self, account: str, sender: str, carrier: str, now_ms: int, limit: int) -> int:
        (found,) = await self._one(SQL["waiting"], account, sender, carrier, now_ms, limit)
        return int(found)

    async def renew(self, lease: Lease, now_ms: int, ttl_ms: int) -> Lease:
        return await self._leases.write(_renew, (lease, now_ms + ttl_ms))

    async def release(self, lease: Lease) -> None:
        await self._leases.write(_release, lease)

    async def due(self, lease: Lease, now_ms: int, limit: int) -> list[MessageRow]:
        rows = await self._all(SQL["due"], *_held(lease), now_ms, limit)
        if not rows:
            raise StaleFenceError
        return [MESSAGE.read(row) for row in rows if row[0] is not None]

    async def _line(
        self, owner: str, carrier: str, now_ms: int, limit: int, in_hand: Mapping[str, int] | None
    ) -> Sequence[Any]:
        """Free queues, in order of what they were expected to have first. Wrong expectations are mended until those
        that are shown hold, or belong to queues that somebody adds to at this moment."""
        line: Sequence[Any] = ()
        for _ in range(LOOKS):
            if in_hand is None:
                line = await self._all(SQL["line"], carrier, now_ms, owner, 2 * limit + MORE)
            else:
                hand = list(in_hand), list(in_hand.values())
                line = await self._all(SQL["line_in_turn"], carrier, now_ms, owner, 2 * limit + MORE, *hand)
            wrong = [
                (account, sender, carrier) for *_, next_ms, account, sender, first_ms in line if first_ms != next_ms
            ]
            if not wrong or not await self._see(wrong):
                break
        return line

    async def _see(self, queues: Sequence[QueueKey]) -> bool:
        """Mend what is expected of queues in which no text is in flight; False where none is such.

        It need not be on disk: what is lost in a crash is a look saved.
        """
        if self._pool is None:
            raise StoreFailedError("the store is closed")
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SET LOCAL synchronous_commit = off")
                locked = await connection.fetch(SQL["lock"], *columns(queues))
                if locked:
                    # A statement of its own: it sees what was committed before the locks were had.
                    await connection.execute(SQL["see"], *columns(locked))
        except Exception as error:
            raise failure(error) or error from None
        return bool(locked)


def place_ms(row: MessageRow) -> int | None:
    """When a message may go, which is also its place in the sender queue; None if it does not stand in one."""
    return max(row.due_ms, row.created_ms) if is_queued(row.direction, row.status) else None


async def expect(tx: Connection, rows: Iterable[tuple[MessageRow, int | None]]) -> None:
    """Note when the queues of new messages, with their places, have something due; in the caller's transaction."""
    first: dict[QueueKey, int] = {}
    for row, place in rows:
        if place is not None:
            queue = row.account, row.local, row.carrier
            first[queue] = min(place, first.get(queue, place))
    if not first:
        return
    known = {(a, s, c): next_ms for a, s, c, next_ms in await tx.fetch(SQL["share"], *columns(list(first)))}
    later = [
        (*queue, place) for queue, place in first.items() if (next_ms := known.get(queue)) is None or next_ms > place
    ]
    if later:
        await tx.execute(SQL["expect"], *columns(later))


async def held(tx: Connection, leases: Iterable[Lease]) -> set[Held]:
    """Those that nobody else took and whose holder did not give them back; so it stays until the transaction ends."""
    keys = sorted({_held(lease) for lease in leases})
    return {(a, s, c, fence) for a, s, c, fence in await tx.fetch(SQL["held"], *columns(keys))} if keys else set()


def _held(lease: Lease) -> Held:
    return lease.account, lease.sender, lease.carrier, lease.fence


async def _renew(tx: Connection, renewals: Sequence[Renewal]) -> list[Lease | Exception]:
    ends: dict[int, Lease | Exception] = {}
    # In the order of keys, as all do that lock several of these rows.
    for place, (lease, until_ms) in sorted(enumerate(renewals), key=lambda each: _held(each[1][0])):
        renewed = await tx.fetchval(SQL["renew"], *_held(lease), until_ms)
        ends[place] = replace(lease, until_ms=until_ms) if renewed else StaleFenceError()
    return [ends[place] for place in range(len(renewals))]


async def _release(tx: Connection, leases: Sequence[Lease]) -> list[None]:
    for lease in sorted(leases, key=_held):
        await tx.execute(SQL["release"], *_held(lease))
    return [None] * len(leases)
