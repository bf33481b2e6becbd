"""Messages, media, opt-outs and rated records in memory."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ringfence.domain.carrier_trail import MAX_CHARACTERS
from ringfence.domain.message import FINAL, Direction, Status
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import (
    Lease,
    MediaRow,
    MessageFilter,
    MessageRow,
    NewEvent,
    Outcome,
    RatedRow,
)
from ringfence.store.memory_day_counts import MemoryDayCounts
from ringfence.store.memory_outbox import MemoryOutbox
from ringfence.store.memory_queue import MemoryQueue
from ringfence.store.memory_retained import MemoryRetained
from ringfence.store.paging import newest_first, page_of, place_of
from ringfence.store.progress import Change, change_by, event_of, in_queue_of, is_queued, rated_of
from ringfence.store.times_to_come import TO_COME_MS


class MemoryMessages(MemoryOutbox, MemoryQueue, MemoryDayCounts, MemoryRetained):
    """`ports.store.MessageStore` over dictionaries."""

    def __init__(self) -> None:
        MemoryOutbox.__init__(self)
        MemoryQueue.__init__(self)
        MemoryDayCounts.__init__(self)
        MemoryRetained.__init__(self)
        self._messages: dict[tuple[str, str], MessageRow] = {}
        self._media: dict[tuple[str, str, str], MediaRow] = {}
        self._opt_outs: dict[tuple[str, bytes], bool] = {}
        self._rated: dict[tuple[str, str], RatedRow] = {}
        self._trails: dict[tuple[str, str], str] = {}

    async def accept(
        self, row: MessageRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        key = row.account, row.sid
        if key in self._messages:
            return False
        self._messages[key] = row
        if is_queued(row.direction, row.status):
            self._enqueue(row)
        for event in events:
            self._append_event(row.account, row.sid, event)
        self._rate(rated_of(row, row.status, row.price_micros, row.updated_ms))
        self._day_tally.add_text(row)
        self._retain(retained)
        return True

    def _waiting_texts(self, account: str) -> list[MessageRow]:
        return [self._messages[key] for key in self._queued if key[0] == account]

    def _rate(self, rated: RatedRow | None) -> None:
        if rated is not None:
            self._rated.setdefault((rated.account, rated.sid), rated)

    async def due(self, lease: Lease, now_ms: int, limit: int) -> list[MessageRow]:
        self._check_fence(lease)
        return [self._messages[lease.account, sid] for sid in self._waiting(lease, now_ms, limit)]

    async def clock_set_back(self, now_ms: Callable[[], int], lease_ms: int) -> int:
        at_ms = now_ms()
        ahead = [self._messages[key] for key, (place_ms, *_) in self._queued.items() if place_ms > at_ms + TO_COME_MS]
        unscheduled = [row for row in ahead if row.due_ms <= row.created_ms]
        self._bring_texts(unscheduled, at_ms)
        self._end_leases(at_ms + lease_ms)
        self._bring_events(at_ms)
        return len(unscheduled)

    async def acknowledge(self, lease: Lease | None, outcomes: Sequence[Outcome]) -> list[bool]:
        if lease is not None:
            self._check_fence(lease)
        return [self._settle(lease, outcome) for outcome in outcomes]

    def _settle(self, lease: Lease | None, outcome: Outcome) -> bool:
        row = self._messages.get((outcome.account, outcome.sid))
        if row is None or (lease is not None and not in_queue_of(lease, row)):
            return False
        change = change_by(row, outcome)
        self._keep_trail(row.account, row.sid, outcome.trail, bound=change is None)
        if change is None:
            return False
        changed = self._messages[row.account, row.sid] = self._changed(row, change)
        self._day_tally.add_text(row, -1)
        self._day_tally.add_text(changed)
        if not change.queued:
            self._dequeue(row)
        event = event_of(row, change, outcome)
        if event is not None:
            self._append_event(row.account, row.sid, event)
        self._rate(rated_of(row, change.status, change.price_micros, outcome.at_ms))
        return True

    def _keep_trail(self, account: str, sid: str, trail: str, *, bound: bool) -> None:
        before = self._trails.get((account, sid), "")
        if not bound or len(before) + len(trail) <= MAX_CHARACTERS:
            self._trails[account, sid] = before + trail

    async def carrier_trail(self, account: str, sid: str) -> str:
        return self._trails.get((account, sid), "")

    @staticmethod
    def _changed(row: MessageRow, change: Change) -> MessageRow:
        return replace(
            row,
            status=change.status,
            updated_ms=change.updated_ms,
            sent_ms=change.sent_ms,
            error_code=change.error_code,
            carrier_ref=change.carrier_ref,
            price_micros=change.price_micros,
            sequence=change.sequence,
        )

    def _is_redacted(self, account: str, message_sid: str) -> bool:
        row = self._messages.get((account, message_sid))
        return row is not None and row.body_redacted

    async def message(self, account: str, sid: str) -> MessageRow | None:
        return self._messages.get((account, sid))

    async def messages(
        self, account: str, wanted: MessageFilter, *, before: str | None = None, limit: int = 50
    ) -> list[MessageRow]:
        return self._page(account, [row for row in self._messages.values() if _matches(row, wanted)], before, limit)

    async def ended_messages(
        self,
        account: str,
        status: Status,
        wanted: MessageFilter,
        *,
        direction: Direction | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[MessageRow]:
        ended = [
            row
            for row in self._messages.values()
            if row.status is status and status in FINAL and direction in (None, row.direction) and _matches(row, wanted)
        ]
        return self._page(account, ended, before, limit)

    def _page(self, account: str, rows: Sequence[MessageRow], before: str | None, limit: int) -> list[MessageRow]:
        known = None if before is None else self._messages.get((account, before))
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of([row for row in rows if row.account == account], place, limit)

    async def messages_of(self, keys: Sequence[tuple[str, str]]) -> list[MessageRow | None]:
        return [self._messages.get(key) for key in keys]

    async def by_carrier_refs(self, carrier: str, refs: Sequence[str]) -> list[tuple[str, str] | None]:
        found = {
            row.carrier_ref: row for row in sorted(self._messages.values(), key=newest_first) if row.carrier == carrier
        }
        rows = map(found.get, refs)
        return [None if row is None else (row.account, row.sid) for row in rows]

    async def rewrite(self, account: str, sid: str, content: bytes, *, at_ms: int, redacted: bool) -> bool:
        row = self._messages.get((account, sid))
        if row is None:
            return False
        self._messages[account, sid] = replace(row, content=content, updated_ms=at_ms, body_redacted=redacted)
        if redacted:
            self._forget_details(account, sid)
        return True

    async def delete_message(self, account: str, sid: str) -> bool:
        row = self._messages.pop((account, sid), None)
        if row is None:
            return False
        self._dequeue(row)
        self._forget_events(account, sid)
        self._trails.pop((account, sid), None)
        self._media = {key: medium for key, medium in self._media.items() if key[:2] != (account, sid)}
        return True

    async def unfinished(self, account: str, epoch: int) -> list[tuple[str, int]]:
        return sorted(
            (row.sid, row.due_ms)
            for row in self._messages.values()
            if (row.account, row.epoch) == (account, epoch)
            and (row.status not in FINAL or self._has_pending_event(account, row.sid))
        )

    async def media(self, account: str, message_sid: str) -> list[MediaRow]:
        found = [medium for key, medium in self._media.items() if key[:2] == (account, message_sid)]
        return sorted(found, key=newest_first)

    async def add_media(self, rows: Sequence[MediaRow]) -> None:
        for row in rows:
            self._media.setdefault((row.account, row.message_sid, row.sid), row)

    async def delete_media(self, account: str, message_sid: str, sid: str) -> bool:
        return self._media.pop((account, message_sid, sid), None) is not None

    async def set_opt_out(self, account: str, pair: bytes, opted_out: bool, at_ms: int) -> None:
        self._opt_outs[account, pair] = opted_out

    async def opted_out(self, account: str, pair: bytes) -> bool:
        return self._opt_outs.get((account, pair), False)

    async def any_opt_outs(self, account: str) -> bool:
        return any(known == account for known, _ in self._opt_outs)

    async def rated(self, account: str, *, limit: int = 1000) -> list[RatedRow]:
        found = [rated for rated in self._rated.values() if rated.account == account]
        return sorted(found, key=lambda rated: rated.sid, reverse=True)[:limit]


def _matches(row: MessageRow, wanted: MessageFilter) -> bool:
    inbound = row.direction is Direction.INBOUND
    local, remote = (wanted.to, wanted.sender) if inbound else (wanted.sender, wanted.to)
    return (
        not row.brings_code
        and (local is None or row.local == local.number)
        and (remote is None or row.remote_index in remote.indexes)
        and (wanted.from_ms is None or row.created_ms >= wanted.from_ms)
        and (wanted.to_ms is None or row.created_ms < wanted.to_ms)
    )
