"""Recordings in PostgreSQL: what is known of them, not their sound."""

from collections.abc import Sequence

from ringfence.ports.calls import RecordingRow, RecordingStatus
from ringfence.ports.outbox import NewEvent
from ringfence.store.call_moves import Event, RecordingMoving, recording_moved
from ringfence.store.columns import RECORDING
from ringfence.store.day_tally import DayTally
from ringfence.store.paging import END_OF_TIME_MS, place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_day_counts import add_day_counts
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.postgres_outbox import append_events
from ringfence.store.statements import statements

SQL = statements("postgres/recordings")


class PostgresRecordings(PostgresGround):
    """The recordings of `ports.calls.CallStore`."""

    async def add_recording(self, row: RecordingRow) -> None:
        await self._calls.write(_add, row)

    async def move_recording(
        self,
        account: str,
        sid: str,
        status: RecordingStatus,
        at_ms: int,
        *,
        duration_ms: int | None = None,
        error_code: int | None = None,
        events: Sequence[NewEvent] = (),
    ) -> RecordingRow | None:
        moving = RecordingMoving(account, sid, status, at_ms, duration_ms, error_code, events)
        return await self._calls.write(_move, moving)

    async def recording(self, account: str, sid: str) -> RecordingRow | None:
        row = await self._one(SQL["recording"], account, sid)
        return None if row is None else RECORDING.read(row)

    async def recordings(
        self,
        account: str,
        *,
        call_sid: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        deleted_from_ms: int | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[RecordingRow]:
        place = place_after(before, await self._made_ms(SQL["place"], account, before), to_ms)
        deleted_ms = END_OF_TIME_MS if deleted_from_ms is None else deleted_from_ms
        bounds = (account, *place, from_ms or 0, limit, deleted_ms)
        if call_sid is None:
            rows = await self._all(SQL["all"], *bounds)
        else:
            rows = await self._all(SQL["of_call"], *bounds, call_sid)
        return [RECORDING.read(row) for row in rows]

    async def delete_recording(self, account: str, sid: str, at_ms: int) -> bool:
        return await self._calls.write(_delete, (account, sid, at_ms))


async def _add(tx: Connection, rows: Sequence[RecordingRow]) -> list[None]:
    tally = DayTally()
    for row in rows:
        if count(await tx.execute(SQL["insert"], *RECORDING.write(row))):
            tally.add_recording(row)
    await add_day_counts(tx, tally)
    return [None] * len(rows)


async def _move(tx: Connection, movings: Sequence[RecordingMoving]) -> list[RecordingRow | None]:
    keys = columns(sorted({(moving.account, moving.sid) for moving in movings}))
    calls = sorted((account, sid) for account, sid in await tx.fetch(SQL["calls_of"], *keys))
    # Their calls first: whoever deletes a call, or settles its events, holds it.
    held = {(account, sid) for account, sid in await tx.fetch(SQL["hold_calls"], *columns(calls))} if calls else set()
    ends, events, tally = list[RecordingRow | None](), list[Event](), DayTally()
    for moving in movings:
        found = await tx.fetchrow(SQL["hold"], moving.account, moving.sid)
        row = None if found is None else recording_moved(RECORDING.read(found), moving)
        ends.append(row)
        if row is not None:
            await tx.execute(
                SQL["move"], row.account, row.sid, row.status, row.updated_ms, row.duration_ms, row.error_code
            )
            tally.add_recording(row)
            if (row.account, row.call_sid) in held:
                events += [(row.account, row.call_sid, event) for event in moving.events]
    await append_events(tx, events)
    await add_day_counts(tx, tally)
    return ends


async def _delete(tx: Connection, keys: Sequence[tuple[str, str, int]]) -> list[bool]:
    return [count(await tx.execute(SQL["delete"], *key)) > 0 for key in keys]
