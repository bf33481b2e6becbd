"""Messages in PostgreSQL: accepted, moved, rewritten, erased."""

from collections.abc import Sequence

from ringfence.domain.message import FINAL, Direction, Status
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import Lease, MessageRow, NewEvent, Outcome, RatedRow, StaleFenceError
from ringfence.store.columns import MESSAGE, RATED
from ringfence.store.day_tally import DayTally
from ringfence.store.moves import Key, Moves
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_day_counts import add_day_counts
from ringfence.store.postgres_ground import columns, count
from ringfence.store.postgres_listing import PostgresListing
from ringfence.store.postgres_media import erase_media
from ringfence.store.postgres_outbox import PostgresOutbox, append_events, erase_events, forget_details
from ringfence.store.postgres_queue import PostgresQueue, expect, held, place_ms
from ringfence.store.postgres_retained import retain
from ringfence.store.progress import Change, Progress, rated_of
from ringfence.store.statements import statements

SQL = statements("postgres/messages")

Acceptance = tuple[MessageRow, Sequence[NewEvent], RetainedRow | None]
Settling = tuple[Lease | None, Sequence[Outcome]]
Rewriting = tuple[str, str, bytes, int, bool]


class PostgresMessages(PostgresQueue, PostgresOutbox, PostgresListing):
    """The texts of `ports.store.MessageStore`."""

    async def accept(
        self, row: MessageRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        return await self._write(_accept, (row, events, retained))

    async def acknowledge(self, lease: Lease | None, outcomes: Sequence[Outcome]) -> list[bool]:
        return await self._write(_acknowledge, (lease, outcomes))

    async def message(self, account: str, sid: str) -> MessageRow | None:
        row = await self._one(SQL["message"], account, sid)
        return None if row is None else MESSAGE.read(row)

    async def messages_of(self, keys: Sequence[Key]) -> list[MessageRow | None]:
        rows = [MESSAGE.read(row) for row in await self._all(SQL["messages_of"], *columns(keys))] if keys else []
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]

    async def by_carrier_refs(self, carrier: str, refs: Sequence[str]) -> list[Key | None]:
        rows = await self._all(SQL["by_carrier_refs"], carrier, refs)
        found = {ref: (account, sid) for ref, account, sid in rows}
        return [found.get(ref) for ref in refs]

    async def rewrite(self, account: str, sid: str, content: bytes, *, at_ms: int, redacted: bool) -> bool:
        return await self._write(_rewrite, (account, sid, content, at_ms, redacted))

    async def carrier_trail(self, account: str, sid: str) -> str:
        row = await self._one(SQL["trail"], account, sid)
        return "" if row is None else str(row[0])

    async def delete_message(self, account: str, sid: str) -> bool:
        return await self._write(_delete, (account, sid))

    async def unfinished(self, account: str, epoch: int) -> list[tuple[str, int]]:
        return [(sid, due_ms) for sid, due_ms in await self._all(SQL["unfinished"], account, epoch)]

    async def rated(self, account: str, *, limit: int = 1000) -> list[RatedRow]:
        return [RATED.read(row) for row in await self._all(SQL["rated"], account, limit)]


async def _accept(tx: Connection, acceptances: Sequence[Acceptance]) -> list[bool]:
    places = [place_ms(row) for row, *_ in acceptances]
    values = [
        (*MESSAGE.write(row), place, row.status in FINAL) for (row, *_), place in zip(acceptances, places, strict=True)
    ]
    written = {(account, sid) for account, sid in await tx.fetch(SQL["insert"], *columns(values))}
    new = []
    for row, *_ in acceptances:
        # Of two with one sid, the first is the one that was written.
        new.append((row.account, row.sid) in written)
        written.discard((row.account, row.sid))
    fresh = [
        (row, events, place) for (row, events, _), place, is_new in zip(acceptances, places, new, strict=True) if is_new
    ]
    await expect(tx, ((row, place) for row, _, place in fresh))
    await append_events(tx, [(row.account, row.sid, event) for row, events, _ in fresh for event in events])
    await _rate(tx, [rated_of(row, row.status, row.price_micros, row.updated_ms) for row, *_ in fresh])
    tally = DayTally()
    for row, _, place in fresh:
        if place is None:
            tally.add_text(row)
    await add_day_counts(tx, tally)
    await retain(tx, (retained for (*_, retained), is_new in zip(acceptances, new, strict=True) if is_new))
    return new


async def _rate(tx: Connection, rated: Sequence[RatedRow | None]) -> None:
    values = [RATED.write(row) for row in rated if row is not None]
    if values:
        await tx.execute(SQL["insert_rated"], *columns(values))


async def _acknowledge(tx: Connection, settlings: Sequence[Settling]) -> list[list[bool] | Exception]:
    fences = await held(tx, (lease for lease, _ in settlings if lease is not None))
    moves = Moves(await _progress(tx, sorted({(o.account, o.sid) for _, outcomes in settlings for o in outcomes})))
    ends: list[list[bool] | Exception] = []
    for lease, outcomes in settlings:
        if lease is not None and (lease.account, lease.sender, lease.carrier, lease.fence) not in fences:
            ends.append(StaleFenceError())
        else:
            ends.append([moves.apply(lease, outcome) for outcome in outcomes])
    if moves.ignored:
        await tx.execute(SQL["append_trails"], *columns(moves.ignored))
    if moves.changes:
        await tx.execute(SQL["change"], *columns([_values(change) for change in moves.changes.values()]))
        await append_events(tx, moves.events)
        await _rate(tx, moves.rated)
        await add_day_counts(tx, moves.tally)
    return ends


async def _progress(tx: Connection, keys: Sequence[Key]) -> dict[Key, Progress]:
    found = {}
    rows = await tx.fetch(SQL["progress"], *columns(keys)) if keys else ()
    for account, sid, created_ms, direction, status, *rest in rows:
        found[account, sid] = Progress(account, sid, created_ms, Direction(direction), Status(status), *rest)
    return found


def _values(change: Change) -> tuple[object, ...]:
    return (
        change.account,
        change.sid,
        change.status.value,
        change.updated_ms,
        change.sent_ms,
        change.error_code,
        change.carrier_ref,
        change.price_micros,
        change.sequence,
        change.queued,
        change.final,
        change.trail,
    )


async def _rewrite(tx: Connection, rewritings: Sequence[Rewriting]) -> list[bool]:
    rewritten = []
    for account, sid, content, at_ms, redacted in rewritings:
        found = count(await tx.execute(SQL["rewrite"], account, sid, content, at_ms, redacted)) > 0
        if found and redacted:
            await forget_details(tx, account, sid)
        rewritten.append(found)
    return rewritten


async def _delete(tx: Connection, keys: Sequence[Key]) -> list[bool]:
    deleted = []
    for account, sid in keys:
        deleted.append(count(await tx.execute(SQL["delete"], account, sid)) > 0)
        if deleted[-1]:
            await erase_events(tx, account, sid)
            await erase_media(tx, account, sid)
    return deleted
