"""Calls in SQLite: made, moved, rewritten, erased, listed."""

from collections.abc import Collection, Sequence
from typing import Any

from ringfence.ports.calls import CallChange, CallFilter, CallRow
from ringfence.ports.outbox import NewEvent
from ringfence.ports.party import Party
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import RatedRow
from ringfence.store.call_moves import CallMoves, Key, destination_of, made, rated_of, spend_of, values_of
from ringfence.store.columns import CALL, RATED
from ringfence.store.day_tally import DayTally
from ringfence.store.json_rows import json_rows
from ringfence.store.paging import newest_first, place_after
from ringfence.store.sqlite_call_brakes import add_destinations, add_spend
from ringfence.store.sqlite_day_counts import add_day_counts
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_outbox import append_events, erase_events
from ringfence.store.sqlite_retained import retain
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/calls")
INSERT_RATED = statements("sqlite/messages")["insert_rated"]

Creation = tuple[CallRow, Sequence[NewEvent], RetainedRow | None]
Moving = tuple[str, str, CallChange, Sequence[NewEvent], RetainedRow | None]
Rewriting = tuple[str, str, bytes, int]


class SqliteCalls(SqliteGround):
    """The calls themselves of `ports.calls.CallStore`."""

    async def create_call(
        self, row: CallRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        return await self._write(_create, (row, events, retained))

    async def call(self, account: str, sid: str) -> CallRow | None:
        row = self._one(SQL["call"], (account, sid))
        return None if row is None else CALL.read(row)

    async def calls_of(self, keys: Sequence[Key]) -> list[CallRow | None]:
        rows = [CALL.read(row) for row in self._all(SQL["calls_of"], (json_rows(keys),))]
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]

    async def calls(
        self, account: str, wanted: CallFilter, *, before: str | None = None, limit: int = 50
    ) -> list[CallRow]:
        known = None if before is None else self._one(SQL["place"], (account, before))
        before_ms, before_sid = place_after(before, known and known[0], wanted.start_to_ms)
        bounds = {
            "account": account,
            "before_ms": before_ms,
            "before_sid": before_sid,
            "start_from_ms": wanted.start_from_ms or 0,
            "status": wanted.status and wanted.status.value,
            "parent_sid": wanted.parent_sid,
            "end_from_ms": wanted.end_from_ms,
            "end_to_ms": wanted.end_to_ms,
            "limit": limit,
        }
        if wanted.to is None and wanted.sender is None:
            rows = self._all(SQL["all" if wanted.parent_sid is None else "by_parent"], bounds)
        else:
            rows = self._calls_matching(bounds, True, wanted.to, wanted.sender)
            rows += self._calls_matching(bounds, False, wanted.sender, wanted.to)
        return sorted((CALL.read(row) for row in rows), key=newest_first, reverse=True)[:limit]

    def _calls_matching(
        self, bounds: dict[str, Any], inbound: bool, local: Party | None, remote: Party | None
    ) -> list[Any]:
        """One direction's part of the page, through the index that its ends allow."""
        values = {**bounds, "inbound": int(inbound), "local": local and local.number}
        if remote is None:
            return self._all(SQL["by_local"], values)
        names = [f"index_{n}" for n in range(len(remote.indexes))]
        values.update(zip(names, remote.indexes, strict=True))
        return self._all(SQL["by_remote"].replace("{indexes}", ", ".join(f":{name}" for name in names)), values)

    async def move_call(
        self,
        account: str,
        sid: str,
        change: CallChange,
        events: Sequence[NewEvent] = (),
        retained: RetainedRow | None = None,
    ) -> CallRow | None:
        return await self._write(_move, (account, sid, change, events, retained))

    async def rewrite_call(self, account: str, sid: str, content: bytes, *, at_ms: int) -> bool:
        return await self._write(_rewrite, (account, sid, content, at_ms))

    async def delete_call(self, account: str, sid: str) -> bool:
        return await self._write(_delete, (account, sid))

    async def live_calls(self, account: str) -> int:
        (number,) = self._one(SQL["live_calls"], (account,))
        return int(number)


def _create(tx: SqliteWriter, creations: Sequence[Creation]) -> list[bool]:
    created, tally = [], DayTally()
    for row, events, _ in creations:
        written, first = made(row, events)
        created.append(tx.run(SQL["insert"], CALL.write(written)).rowcount > 0)
        if created[-1]:
            append_events(tx, first)
            _rate(tx, [rated_of(written)])
            add_destinations(tx, [destination_of(written)])
            tally.add_call(written)
    add_day_counts(tx, tally)
    retain(tx, (retained for (*_, retained), new in zip(creations, created, strict=True) if new))
    return created


def _move(tx: SqliteWriter, movings: Sequence[Moving]) -> list[CallRow | None]:
    moves = CallMoves(_rows(tx, {(account, sid) for account, sid, *_ in movings}))
    ends = [moves.apply(account, sid, change, events) for account, sid, change, events, _ in movings]
    tx.run_many(SQL["change"], map(values_of, moves.changed.values()))
    tx.run_many(SQL["delete_orders"], moves.ended)
    append_events(tx, moves.events)
    _rate(tx, moves.rated)
    add_day_counts(tx, moves.tally)
    retain(tx, (retained for (*_, retained), row in zip(movings, ends, strict=True) if row is not None))
    return ends


def _rows(tx: SqliteWriter, keys: Collection[Key]) -> dict[Key, CallRow]:
    found = [tx.run(SQL["call"], key).fetchone() for key in keys]
    return {(row.account, row.sid): row for row in map(CALL.read, filter(None, found))}


def _rate(tx: SqliteWriter, rated: Sequence[RatedRow | None]) -> None:
    final = [row for row in rated if row is not None]
    tx.run_many(INSERT_RATED, map(RATED.write, final))
    add_spend(tx, map(spend_of, final))


def _rewrite(tx: SqliteWriter, rewritings: Sequence[Rewriting]) -> list[bool]:
    tx.erased = True
    return [tx.run(SQL["rewrite"], rewriting).rowcount > 0 for rewriting in rewritings]


def _delete(tx: SqliteWriter, keys: Sequence[Key]) -> list[bool]:
    tx.erased = True
    deleted = []
    for account, sid in keys:
        deleted.append(tx.run(SQL["delete"], (account, sid)).rowcount > 0)
        if deleted[-1]:
            tx.run(SQL["delete_steps"], (account, sid))
            erase_events(tx, account, sid)
    return deleted
