"""Sender queues and their leases in SQLite. Who holds a queue is decided inside the transaction."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from ringfence.ports.store import Lease, MessageRow, StaleFenceError
from ringfence.store.lease_order import Candidate, LeaseOrder
from ringfence.store.progress import is_queued
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter, connect_reader
from ringfence.store.statements import statements

SQL = statements("sqlite/queue")

Leasing = tuple[str, str, int, int, int, Mapping[str, int] | None]
Renewal = tuple[Lease, int]


class SqliteQueue(SqliteGround):
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
        if self._one(SQL["any_free"], (carrier, now_ms, owner)) is None:
            return []
        return await self._write(_lease, (owner, carrier, now_ms, now_ms + ttl_ms, limit, in_hand))

    async def waiting(self, account: str, sender: str, carrier: str, now_ms: int, limit: int) -> int:
        def count() -> int:
            # A million entries take a tenth of a second: in a thread, and so on a connection of its own.
            with contextlib.closing(connect_reader(self._path)) as reader:
                (found,) = reader.execute(SQL["waiting"], (account, sender, carrier, now_ms, limit)).fetchone()
                return int(found)

        return await asyncio.to_thread(count)

    async def renew(self, lease: Lease, now_ms: int, ttl_ms: int) -> Lease:
        return await self._write(_renew, (lease, now_ms + ttl_ms))

    async def release(self, lease: Lease) -> None:
        await self._write(_release, lease)

    def _check_fence(self, lease: Lease) -> None:
        if self._one(SQL["held"], _held(lease)) is None:
            raise StaleFenceError


def place_ms(row: MessageRow) -> int | None:
    """When a message may go, which is also its place in the sender queue; None if it does not stand in one."""
    return max(row.due_ms, row.created_ms) if is_queued(row.direction, row.status) else None


def expect(tx: SqliteWriter, rows: Iterable[tuple[MessageRow, int | None]]) -> None:
    """Note when the queues of new messages, with their places, have something due; in the caller's transaction."""
    first: dict[tuple[str, str, str], int] = {}
    for row, place in rows:
        if place is not None:
            queue = row.account, row.local, row.carrier
            first[queue] = min(place, first.get(queue, place))
    tx.run_many(SQL["expect"], [(*queue, place) for queue, place in first.items()])


def is_held(tx: SqliteWriter, lease: Lease) -> bool:
    """True while nobody else took the queue and its holder did not give it back."""
    return tx.run(SQL["held"], _held(lease)).fetchone() is not None


def _held(lease: Lease) -> tuple[str, str, str, int]:
    return lease.account, lease.sender, lease.carrier, lease.fence


def _lease(tx: SqliteWriter, leasings: Sequence[Leasing]) -> list[list[Lease]]:
    return [_lease_for(tx, *leasing) for leasing in leasings]


def _lease_for(
    tx: SqliteWriter,
    owner: str,
    carrier: str,
    now_ms: int,
    until_ms: int,
    limit: int,
    in_hand: Mapping[str, int] | None,
) -> list[Lease]:
    """`next_ms` may be too early, so the first in line is looked at, and lined up again."""
    order = LeaseOrder(map(Candidate._make, tx.run(SQL["all_free"], (carrier, now_ms, owner)).fetchall()), in_hand)
    leases: list[Lease] = []
    for candidate in order if limit > 0 else ():
        held, next_ms, account, sender, fence = candidate
        (first_ms,) = tx.run(SQL["first_place"], (account, sender, carrier)).fetchone()
        if first_ms == next_ms:
            fence += not held
            tx.run(SQL["take"], (owner, fence, until_ms, account, sender, carrier))
            leases.append(Lease(account=account, sender=sender, carrier=carrier, fence=fence, until_ms=until_ms))
            if len(leases) == limit:
                break
            continue
        tx.run(SQL["see"], (first_ms, account, sender, carrier))
        if first_ms is None or first_ms > now_ms:
            order.drop(candidate)
        else:
            order.put_back(candidate, first_ms)
    return leases


def _renew(tx: SqliteWriter, renewals: Sequence[Renewal]) -> list[Lease | Exception]:
    return [
        replace(lease, until_ms=until_ms)
        if tx.run(SQL["renew"], (until_ms, *_held(lease))).rowcount
        else StaleFenceError()
        for lease, until_ms in renewals
    ]


def _release(tx: SqliteWriter, leases: Sequence[Lease]) -> list[None]:
    tx.run_many(SQL["release"], [_held(lease) for lease in leases])
    return [None] * len(leases)
