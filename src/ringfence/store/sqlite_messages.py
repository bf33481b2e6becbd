"""Messages in SQLite: accepted, moved, rewritten, erased."""

from collections.abc import Collection, Sequence

from ringfence.domain.message import FINAL
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import Lease, MessageRow, NewEvent, Outcome, RatedRow, StaleFenceError
from ringfence.store.bulk_insert import BulkInsert
from ringfence.store.columns import MESSAGE, RATED
from ringfence.store.day_tally import DayTally
from ringfence.store.json_rows import JsonRows, json_rows
from ringfence.store.moves import Key, Moves
from ringfence.store.progress import Progress, rated_of
from ringfence.store.sqlite_day_counts import add_day_counts
from ringfence.store.sqlite_listing import SqliteListing
from ringfence.store.sqlite_media import erase_media
from ringfence.store.sqlite_outbox import SqliteOutbox, append_events, erase_events, forget_details
from ringfence.store.sqlite_queue import SqliteQueue, expect, is_held, place_ms
from ringfence.store.sqlite_retained import retain
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/messages")

Acceptance = tuple[MessageRow, Sequence[NewEvent], RetainedRow | None]
Settling = tuple[Lease | None, Sequence[Outcome]]
Rewriting = tuple[str, str, bytes, int, bool]

INSERT = BulkInsert(SQL["insert"])
PROGRESS = JsonRows(Progress)


class SqliteMessages(SqliteQueue, SqliteOutbox, SqliteListing):
    """The texts of `ports.store.MessageStore`."""

    async def accept(
        self, row: MessageRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        return await self._write(_accept, (row, events, retained))

    async def due(self, lease: Lease, now_ms: int, limit: int) -> list[MessageRow]:
        self._check_fence(lease)
        rows = self._all(SQL["due"], (lease.account, lease.sender, lease.carrier, now_ms, limit))
        return [MESSAGE.read(row) for row in rows]

    async def acknowledge(self, lease: Lease | None, outcomes: Sequence[Outcome]) -> list[bool]:
        return await self._write(_acknowledge, (lease, outcomes))

    async def message(self, account: str, sid: str) -> MessageRow | None:
        row = self._one(SQL["message"], (account, sid))
        return None if row is None else MESSAGE.read(row)

    async def messages_of(self, keys: Sequence[Key]) -> list[MessageRow | None]:
        rows = [MESSAGE.read(row) for row in self._all(SQL["messages_of"], (json_rows(keys),))]
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]

    async def by_carrier_refs(self, carrier: str, refs: Sequence[str]) -> list[Key | None]:
        found = {
            ref: (account, sid) for ref, account, sid in self._all(SQL["by_carrier_refs"], (carrier, json_rows(refs)))
        }
        return [found.get(ref) for ref in refs]

    async def rewrite(self, account: str, sid: str, content: bytes, *, at_ms: int, redacted: bool) -> bool:
        return await self._write(_rewrite, (account, sid, content, at_ms, redacted))

    async def carrier_trail(self, account: str, sid: str) -> str:
        row = self._one(SQL["trail"], (account, sid))
        return "" if row is None else str(row[0])

    async def delete_message(self, account: str, sid: str) -> bool:
        return await self._write(_delete, (account, sid))

    async def unfinished(self, account: str, epoch: int) -> list[tuple[str, int]]:
        return [(sid, due_ms) for sid, due_ms in self._all(SQL["unfinished"], (account, epoch))]

    async def rated(self, account: str, *, limit: int = 1000) -> list[RatedRow]:
        return [RATED.read(row) for row in self._all(SQL["rated"], (account, limit))]


def _accept(tx: SqliteWriter, acceptances: Sequence[Acceptance]) -> list[bool]:
    """All at once, which a sid that is known already makes fail: then the committer comes again with each alone."""
    places = [place_ms(row) for row, *_ in acceptances]
    values = [
        (*MESSAGE.write(row), place, row.status in FINAL) for (row, *_), place in zip(acceptances, places, strict=True)
    ]
    if len(values) == 1:
        new = [tx.run(SQL["insert_new"], values[0]).rowcount > 0]
    else:
        INSERT.run(tx, values)
        new = [True] * len(values)
    expect(tx, ((row, place) for (row, *_), place, is_new in zip(acceptances, places, new, strict=True) if is_new))
    tally = DayTally()
    for (row, events, _), place, is_new in zip(acceptances, places, new, strict=True):
        if is_new and place is None:
            tally.add_text(row)
        if is_new and events:
            append_events(tx, ((row.account, row.sid, event) for event in events))
        if is_new and row.status in FINAL:
            _rate(tx, rated_of(row, row.status, row.price_micros, row.updated_ms))
    add_day_counts(tx, tally)
    retain(tx, (retained for (*_, retained), is_new in zip(acceptances, new, strict=True) if is_new))
    return new


def _rate(tx: SqliteWriter, rated: RatedRow | None) -> None:
    if rated is not None:
        tx.run(SQL["insert_rated"], RATED.write(rated))


def _acknowledge(tx: SqliteWriter, settlings: Sequence[Settling]) -> list[list[bool] | Exception]:
    moves = Moves(_progress(tx, {(each.account, each.sid) for _, outcomes in settlings for each in outcomes}))
    ends: list[list[bool] | Exception] = []
    for lease, outcomes in settlings:
        if lease is not None and not is_held(tx, lease):
            ends.append(StaleFenceError())
        else:
            ends.append([moves.apply(lease, outcome) for outcome in outcomes])
    if moves.changes:
        tx.run(SQL["change"], (json_rows(list(moves.changes.values())),))
    if moves.events:
        append_events(tx, moves.events)
    if moves.rated:
        tx.run(SQL["insert_many_rated"], (json_rows([RATED.write(rated) for rated in moves.rated]),))
    add_day_counts(tx, moves.tally)
    if moves.ignored:
        tx.run(SQL["append_trails"], (json_rows(moves.ignored),))
    return ends


def _progress(tx: SqliteWriter, keys: Collection[Key]) -> dict[Key, Progress]:
    (found,) = tx.run(SQL["progress"], (json_rows(list(keys)),)).fetchone()
    return {(each.account, each.sid): each for each in PROGRESS.read(found)}


def _rewrite(tx: SqliteWriter, rewritings: Sequence[Rewriting]) -> list[bool]:
    tx.erased = True
    rewritten = []
    for account, sid, content, at_ms, redacted in rewritings:
        found = tx.run(SQL["rewrite"], (account, sid, content, at_ms, redacted)).rowcount > 0
        if found and redacted:
            forget_details(tx, account, sid)
        rewritten.append(found)
    return rewritten


def _delete(tx: SqliteWriter, keys: Sequence[Key]) -> list[bool]:
    tx.erased = True
    deleted = []
    for account, sid in keys:
        deleted.append(tx.run(SQL["delete"], (account, sid)).rowcount > 0)
        if deleted[-1]:
            erase_events(tx, account, sid)
            erase_media(tx, account, sid)
    return deleted
