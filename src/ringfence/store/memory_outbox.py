"""The outbox in memory."""

from collections.abc import Collection, Iterable, Sequence
from itertools import count

import msgspec
from msgspec.structs import replace

from ringfence.ports.notices import NOTICE_PREFIX
from ringfence.ports.outbox import EventFilter, EventPlace
from ringfence.ports.store import EventRow, NewEvent, Settlement
from ringfence.store.columns import ATTEMPTS_KEPT
from ringfence.store.event_listing import bounds_of, page_within
from ringfence.store.shares import Turn, first_share
from ringfence.store.times_to_come import EVENTS_WITHIN_MS


class _Entry(msgspec.Struct):
    """An event and until when nobody else may take it."""

    row: EventRow
    leased_until_ms: int = 0
    owner: str = ""


class MemoryOutbox:
    """`ports.store.Outbox` over dictionaries; `MemoryMessages` appends to it."""

    def __init__(self) -> None:
        self._events: dict[int, _Entry] = {}
        self._event_ids = count(1)
        self._attempts: list[tuple[str, Settlement]] = []
        self._turn = Turn()

    def _append_event(self, account: str, message_sid: str, event: NewEvent) -> None:
        row = EventRow(
            id=next(self._event_ids),
            account=account,
            message_sid=message_sid,
            kind=event.kind,
            sequence=event.sequence,
            at_ms=event.at_ms,
            due_ms=event.at_ms,
            error_code=event.error_code,
            raw=event.raw,
        )
        self._events[row.id] = _Entry(row)

    def _of(self, account: str, message_sid: str) -> list[_Entry]:
        return [
            entry
            for entry in self._events.values()
            if (entry.row.account, entry.row.message_sid) == (account, message_sid)
        ]

    def _has_pending_event(self, account: str, message_sid: str) -> bool:
        return any(entry.row.state == "pending" for entry in self._of(account, message_sid))

    def _forget_events(self, account: str, message_sid: str) -> None:
        gone = {entry.row.id for entry in self._of(account, message_sid)}
        for event_id in gone:
            del self._events[event_id]
        self._attempts = [entry for entry in self._attempts if entry[1].event_id not in gone]

    def _is_redacted(self, account: str, message_sid: str) -> bool:
        """Whether that message's content was redacted: `MemoryMessages` knows."""
        raise LookupError("no messages here")

    def _forget_details(self, account: str, message_sid: str) -> None:
        self._attempts = [
            (sid, replace(entry, detail=b"") if (entry.account, sid) == (account, message_sid) else entry)
            for sid, entry in self._attempts
        ]

    def _trim_attempts(self, account: str, message_sid: str) -> None:
        places = [
            place for place, (sid, entry) in enumerate(self._attempts) if (entry.account, sid) == (account, message_sid)
        ]
        for place in reversed(places[:-ATTEMPTS_KEPT]):
            del self._attempts[place]

    def _next_event_ms(self) -> int | None:
        heads = _heads(self._events.values())
        return min((max(entry.row.due_ms, entry.leased_until_ms) for entry in heads), default=None)

    def _bring_events(self, now_ms: int) -> None:
        latest_ms = now_ms + EVENTS_WITHIN_MS
        for entry in self._events.values():
            if entry.row.state == "pending":
                due_ms = now_ms if entry.row.at_ms > now_ms else min(entry.row.due_ms, latest_ms)
                entry.row = replace(entry.row, due_ms=due_ms)
                entry.leased_until_ms = min(entry.leased_until_ms, latest_ms)

    async def take_events(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, *, passing_over: Collection[str] = ()
    ) -> list[EventRow]:
        ready: dict[str, list[_Entry]] = {}
        for entry in sorted(_heads(self._events.values()), key=_place):
            if _place(entry)[0] <= now_ms and entry.row.account not in passing_over:
                ready.setdefault(entry.row.account, []).append(entry)
        accounts = sorted(ready)
        chosen = self._turn.choose(
            [account for account in accounts if account > self._turn.last],
            [account for account in accounts if account <= self._turn.last],
            limit,
        )
        share = first_share(limit, len(chosen) or 1)
        taken = sorted((entry for account in chosen for entry in ready[account][:share]), key=_place)
        for account in chosen:
            taken += ready[account][share : share + limit - len(taken)]
        return _leased(taken, owner, now_ms + ttl_ms)

    async def take_notices(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Collection[str]
    ) -> list[EventRow]:
        due = [
            entry
            for entry in sorted(_heads(self._events.values()), key=_place)
            if _place(entry)[0] <= now_ms and entry.row.account in accounts and entry.row.kind.startswith(NOTICE_PREFIX)
        ]
        return _leased(due[:limit], owner, now_ms + ttl_ms)

    async def settle_events(self, settlements: Sequence[Settlement]) -> None:
        for settlement in settlements:
            entry = self._events.get(settlement.event_id)
            if entry is None or entry.row.account != settlement.account or entry.row.state != "pending":
                continue
            due_ms = settlement.due_ms if settlement.state == "pending" else entry.row.due_ms
            entry.row = replace(entry.row, state=settlement.state, due_ms=due_ms, attempts=entry.row.attempts + 1)
            entry.leased_until_ms = 0
            if settlement.detail and self._is_redacted(entry.row.account, entry.row.message_sid):
                settlement = replace(settlement, detail=b"")
            self._attempts.append((entry.row.message_sid, settlement))

    async def defer_events(self, events: Sequence[EventRow], due_ms: int) -> None:
        for event in events:
            entry = self._events.get(event.id)
            if entry is not None and entry.row.account == event.account and entry.row.state == "pending":
                entry.row = replace(entry.row, due_ms=due_ms)
                entry.leased_until_ms = 0

    async def release_events(self, owner: str, now_ms: int) -> None:
        for entry in self._events.values():
            if entry.owner == owner and entry.leased_until_ms > now_ms:
                entry.leased_until_ms = 0

    async def events(self, account: str, message_sid: str) -> list[EventRow]:
        return [entry.row for entry in self._of(account, message_sid)]

    async def latest_events(
        self, account: str, wanted: EventFilter, *, before: EventPlace | None = None, limit: int = 50
    ) -> list[EventRow]:
        of = (entry.row for entry in self._events.values() if entry.row.account == account)
        found = (row for row in of if wanted.state in (None, row.state))
        return page_within(found, bounds_of(wanted, before), limit)

    async def last_attempts(self, account: str, events: Sequence[EventRow]) -> list[Settlement | None]:
        found = {
            (sid, each.event_id): replace(each, detail=b"") for sid, each in self._attempts if each.account == account
        }
        return [found.get((event.message_sid, event.id)) for event in events]

    async def replay(self, account: str, event_id: int, at_ms: int) -> bool:
        entry = self._events.get(event_id)
        if entry is None or entry.row.account != account or entry.row.state == "pending":
            return False
        entry.row = replace(entry.row, state="pending", due_ms=at_ms, attempts=0)
        entry.leased_until_ms = 0
        self._trim_attempts(account, entry.row.message_sid)
        return True

    async def attempts(self, account: str, message_sid: str) -> list[Settlement]:
        return [entry for sid, entry in self._attempts if (entry.account, sid) == (account, message_sid)]


def _place(entry: _Entry) -> tuple[int, int]:
    return max(entry.row.due_ms, entry.leased_until_ms), entry.row.id


def _leased(entries: Sequence[_Entry], owner: str, until_ms: int) -> list[EventRow]:
    for entry in entries:
        entry.leased_until_ms = until_ms
        entry.owner = owner
    return [entry.row for entry in entries]


def _heads(entries: Iterable[_Entry]) -> list[_Entry]:
    """Of each message the earliest pending event: those behind it wait."""
    heads: dict[tuple[str, str], _Entry] = {}
    for entry in entries:
        if entry.row.state == "pending":
            heads.setdefault((entry.row.account, entry.row.message_sid), entry)
    return list(heads.values())
