"""Recordings in memory: what is known of them, not their sound."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.ports.calls import RecordingRow, RecordingStatus
from ringfence.ports.outbox import NewEvent
from ringfence.store.call_moves import RECORDING_OVER, Key, RecordingMoving, recording_moved
from ringfence.store.memory_calls import MemoryCalls
from ringfence.store.paging import page_of, place_of


class MemoryRecordings(MemoryCalls):
    """The recordings of `ports.calls.CallStore` over a dictionary, beside the calls they are of."""

    def __init__(self) -> None:
        super().__init__()
        self._recordings: dict[Key, RecordingRow] = {}

    async def add_recording(self, row: RecordingRow) -> None:
        if (row.account, row.sid) not in self._recordings:
            self._recordings[row.account, row.sid] = row
            self._day_tally.add_recording(row)

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
        before = self._recordings.get((account, sid))
        moving = RecordingMoving(account, sid, status, at_ms, duration_ms, error_code, events)
        row = None if before is None else recording_moved(before, moving)
        if row is None:
            return None
        self._recordings[account, sid] = row
        self._day_tally.add_recording(row)
        if (account, row.call_sid) in self._calls:
            for event in events:
                self._append_event(account, row.call_sid, event)
        return row

    async def recording(self, account: str, sid: str) -> RecordingRow | None:
        return self._recordings.get((account, sid))

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
        found = [
            row
            for row in self._recordings.values()
            if row.account == account
            and (row.status != "deleted" or (deleted_from_ms is not None and row.updated_ms >= deleted_from_ms))
            and call_sid in (None, row.call_sid)
            and (from_ms is None or row.created_ms >= from_ms)
            and (to_ms is None or row.created_ms < to_ms)
        ]
        known = None if before is None else self._recordings.get((account, before))
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of(found, place, limit)

    async def delete_recording(self, account: str, sid: str, at_ms: int) -> bool:
        row = self._recordings.get((account, sid))
        if row is None or row.status == "deleted":
            return False
        self._recordings[account, sid] = replace(row, status="deleted", updated_ms=at_ms, content=b"")
        return True

    async def unfinished(self, account: str, epoch: int) -> list[tuple[str, int]]:
        told = {
            entry.row.raw
            for entry in self._events.values()
            if entry.row.account == account and entry.row.state == "pending" and entry.row.kind.startswith("recording.")
        }
        recordings = [
            (row.sid, 0)
            for row in self._recordings.values()
            if (row.account, row.epoch) == (account, epoch) and (row.status not in RECORDING_OVER or row.sid in told)
        ]
        return sorted(recordings + await super().unfinished(account, epoch))
