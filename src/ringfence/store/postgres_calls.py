"""Calls in PostgreSQL: made, moved, rewritten, erased, listed."""

from collections.abc import Collection, Sequence
from typing import Any

from ringfence.ports.calls import CallChange, CallFilter, CallRow
from ringfence.ports.outbox import NewEvent
from ringfence.ports.party import Party
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import RatedRow
from ringfence.store.call_moves import CallMoves, Event, Key, destination_of, made, rated_of, spend_of, values_of
from ringfence.store.columns import CALL, RATED
from ringfence.store.day_tally import DayTally
from ringfence.store.paging import newest_first, place_after
from ringfence.store.postgres_call_brakes import add_destinations, add_spend
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_day_counts import add_day_counts
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.postgres_outbox import append_events, erase_events
from ringfence.store.postgres_retained import retain
from ringfence.store.statements import statements

SQL = statements("postgres/calls")
INSERT_RATED = statements("postgres/messages")["insert_rated"]

Creation = tuple[CallRow, Sequence[NewEvent], RetainedRow | None]
Moving = tuple[str, str, CallChange, Sequence[NewEvent], RetainedRow | None]
Rewriting = tuple[str, str, bytes, int]


class PostgresCalls(PostgresGround):
    """The calls themselves of `ports.calls.CallStore`."""

    async def create_call(
        self, row: CallRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        return await self._calls.write(_create, (row, events, retained))

    async def call(self, account: str, sid: str) -> CallRow | None:
        row = await self._one(SQL["call"], account, sid)
        return None if row is None else CALL.read(row)

    async def calls_of(self, keys: Sequence[Key]) -> list[CallRow | None]:
        rows = [CALL.read(row) for row in await self._all(SQL["calls_of"], *columns(keys))] if keys else []
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]

    async def calls(
        self, account: str, wanted: CallFilter, *, before: str | None = None, limit: int = 50
    ) -> list[CallRow]:
        known = await self._made_ms(SQL["place"], account, before)
        bounds = (
            account,
            *place_after(before, known, wanted.start_to_ms),
            wanted.start_from_ms or 0,
            wanted.status and wanted.status.value,
            wanted.parent_sid,
            wanted.end_from_ms,
            wanted.end_to_ms,
            limit,
        )
        if wanted.to is None and wanted.sender is None:
            rows = list(await self._all(SQL["all" if wanted.parent_sid is None else "by_parent"], *bounds))
        else:
            rows = await self._calls_matching(bounds, True, wanted.to, wanted.sender)
            rows += await self._calls_matching(bounds, False, wanted.sender, wanted.to)
        return sorted((CALL.read(row) for row in rows), key=newest_first, reverse=True)[:limit]

    async def _calls_matching(
        self, bounds: tuple[Any, ...], inbound: bool, local: Party | None, remote: Party | None
    ) -> list[Any]:
        """One direction's part of the page, through the index that its ends allow."""
        values = (*bounds, inbound, local and local.number)
        if remote is None:
            return list(await self._all(SQL["by_local"], *values))
        return list(await self._all(SQL["by_remote"], *values, list(remote.indexes)))

    async def move_call(
        self,
        account: str,
        sid: str,
        change: CallChange,
        events: Sequence[NewEvent] = (),
        retained: RetainedRow | None = None,
    ) -> CallRow | None:
        return await self._calls.write(_move, (account, sid, change, events, retained))

    async def rewrite_call(self, account: str, sid: str, content: bytes, *, at_ms: int) -> bool:
        return await self._calls.write(_rewrite, (account, sid, content, at_ms))

    async def delete_call(self, account: str, sid: str) -> bool:
        return await self._calls.write(_delete, (account, sid))

    async def live_calls(self, account: str) -> int:
        return int(await self._value(SQL["live_calls"], account))


async def _create(tx: Connection, creations: Sequence[Creation]) -> list[bool]:
    rows = [made(row, events) for row, events, _ in creations]
    written = {
        (account, sid) for account, sid in await tx.fetch(SQL["insert"], *columns([CALL.write(row) for row, _ in rows]))
    }
    created, events, rated = [], list[Event](), list[RatedRow | None]()
    tally = DayTally()
    for row, first in rows:
        # Of two with one sid, the first is the one that was written.
        created.append((row.account, row.sid) in written)
        written.discard((row.account, row.sid))
        if created[-1]:
            events += first
            rated.append(rated_of(row))
            tally.add_call(row)
    await append_events(tx, events)
    await _rate(tx, rated)
    await add_destinations(tx, [destination_of(row) for (row, _), new in zip(rows, created, strict=True) if new])
    await add_day_counts(tx, tally)
    await retain(tx, (retained for (*_, retained), new in zip(creations, created, strict=True) if new))
    return created


async def _move(tx: Connection, movings: Sequence[Moving]) -> list[CallRow | None]:
    moves = CallMoves(await _hold(tx, {(account, sid) for account, sid, *_ in movings}))
    ends = [moves.apply(account, sid, change, events) for account, sid, change, events, _ in movings]
    if moves.changed:
        await tx.execute(SQL["change"], *columns([values_of(row) for row in moves.changed.values()]))
        await append_events(tx, moves.events)
        await _rate(tx, moves.rated)
        await add_day_counts(tx, moves.tally)
    if moves.ended:
        await tx.execute(SQL["delete_orders"], *columns(moves.ended))
    await retain(tx, (retained for (*_, retained), row in zip(movings, ends, strict=True) if row is not None))
    return ends


async def _hold(tx: Connection, keys: Collection[Key]) -> dict[Key, CallRow]:
    """The calls as they are, and stay until the transaction ends."""
    rows = [CALL.read(row) for row in await tx.fetch(SQL["hold"], *columns(sorted(keys)))]
    return {(row.account, row.sid): row for row in rows}


async def _rate(tx: Connection, rated: Sequence[RatedRow | None]) -> None:
    final = [row for row in rated if row is not None]
    if final:
        await tx.execute(INSERT_RATED, *columns([RATED.write(row) for row in final]))
        await add_spend(tx, [spend_of(row) for row in final])


async def _rewrite(tx: Connection, rewritings: Sequence[Rewriting]) -> list[bool]:
    return [count(await tx.execute(SQL["rewrite"], *rewriting)) > 0 for rewriting in rewritings]


async def _delete(tx: Connection, keys: Sequence[Key]) -> list[bool]:
    deleted = []
    for account, sid in keys:
        deleted.append(count(await tx.execute(SQL["delete"], account, sid)) > 0)
        if deleted[-1]:
            await tx.execute(SQL["delete_steps"], account, sid)
            await erase_events(tx, account, sid)
    return deleted
