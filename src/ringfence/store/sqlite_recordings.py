"""Recordings in SQLite: what is known of them, not their sound."""

from collections.abc import Sequence

from ringfence.ports.calls import RecordingRow, RecordingStatus
from ringfence.ports.outbox import NewEvent
from ringfence.store.call_moves import RecordingMoving, recording_moved
from ringfence.store.columns import RECORDING
from ringfence.store.day_tally import DayTally
from ringfence.store.paging import END_OF_TIME_MS, place_after
from ringfence.store.sqlite_day_counts import add_day_counts
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_outbox import append_events
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/recordings")


class SqliteRecordings(SqliteGround):
    """The recordings of `ports.calls.CallStore`."""

    async def add_recording(self, row: RecordingRow) -> None:
        await self._write(_add, row)

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
        return await self._write(_move, RecordingMoving(account, sid, status, at_ms, duration_ms, error_code, events))

    async def recording(self, account: str, sid: str) -> RecordingRow | None:
        row = self._one(SQL["recording"], (account, sid))
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
        known = None if before is None else self._one(SQL["place"], (account, before))
        before_ms, before_sid = place_after(before, known and known[0], to_ms)
        bounds = {
            "account": account,
            "call_sid": call_sid,
            "before_ms": before_ms,
            "before_sid": before_sid,
            "from_ms": from_ms or 0,
            "deleted_from_ms": END_OF_TIME_MS if deleted_from_ms is None else deleted_from_ms,
            "limit": limit,
        }
        return [RECORDING.read(row) for row in self._all(SQL["all" if call_sid is None else "of_call"], bounds)]

    async def delete_recording(self, account: str, sid: str, at_ms: int) -> bool:
        return await self._write(_delete, (account, sid, at_ms))


def _add(tx: SqliteWriter, rows: Sequence[RecordingRow]) -> list[None]:
    tally = DayTally()
    for row in rows:
        if tx.run(SQL["insert"], RECORDING.write(row)).rowcount:
            tally.add_recording(row)
    add_day_counts(tx, tally)
    return [None] * len(rows)


def _move(tx: SqliteWriter, movings: Sequence[RecordingMoving]) -> list[RecordingRow | None]:
    tally = DayTally()
    moved = [_move_one(tx, moving, tally) for moving in movings]
    add_day_counts(tx, tally)
    return moved


def _move_one(tx: SqliteWriter, moving: RecordingMoving, tally: DayTally) -> RecordingRow | None:
    found = tx.run(SQL["recording"], (moving.account, moving.sid)).fetchone()
    row = None if found is None else recording_moved(RECORDING.read(found), moving)
    if row is None:
        return None
    tx.run(SQL["move"], (row.account, row.sid, row.status, row.updated_ms, row.duration_ms, row.error_code))
    tally.add_recording(row)
    if tx.run(SQL["call"], (row.account, row.call_sid)).fetchone() is not None:
        append_events(tx, ((row.account, row.call_sid, event) for event in moving.events))
    return row


def _delete(tx: SqliteWriter, keys: Sequence[tuple[str, str, int]]) -> list[bool]:
    tx.erased = True
    return [tx.run(SQL["delete"], key).rowcount > 0 for key in keys]
