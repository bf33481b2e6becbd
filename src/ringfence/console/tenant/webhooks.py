"""What an account's program was told, is to be told, and could not be told: pages of events, and one of them whole."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, get_args

import msgspec

from ringfence.console.tenant.days import bounds_ms
from ringfence.console.tenant.looked_through import looked_through
from ringfence.console.tenant.told import Retold, SealedEvent, told_of
from ringfence.domain.verify_event import EVENT_KINDS
from ringfence.ports.notices import NOTICE_PREFIX, NoticeKind
from ringfence.ports.outbox import EventFilter, EventPlace, EventRow, Settlement


class State(StrEnum):
    """How it stands with an event, as people say it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"


OF_STATE: Final[Mapping[State, str]] = {State.WAITING: "pending", State.DELIVERED: "done", State.GIVEN_UP: "dead"}
STATE_OF: Final[Mapping[str, State]] = {state: name for name, state in OF_STATE.items()}


def _of(group: str, kinds: Sequence[str]) -> Sequence[str]:
    return [kind.partition(".")[2] for kind in kinds if kind.startswith(f"{group}.")]


KINDS: Final[Mapping[str, Sequence[str]]] = {
    "message": ("received", "sent", "delivered", "undelivered", "failed", "canceled"),
    "call": ("initiated", "ringing", "answered", "completed", "busy", "no-answer", "failed", "canceled"),
    "recording": ("in-progress", "completed", "absent"),
    "factor": _of("factor", EVENT_KINDS),
    "challenge": _of("challenge", EVENT_KINDS),
    "notice": _of("notice", get_args(NoticeKind)),
}
"""What a program may be told of, and what of that."""

SAVED_PAGES: Final = 100
"""5,000 events, fewer where a filter meets few of those that are looked at for a page."""

_PLACE: Final = re.compile(r"([0-9]{1,15})\.([0-9]{1,18})")


class WebhooksWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: in a state, of a day (UTC, YYYY-MM-DD), of a kind (`call.completed`) or all kinds of `call`.

    Those after the page that ended at `before`. "" is any.
    """

    state: State | None = None
    day: str = ""
    kind: str = ""
    before: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An event and the last attempt to tell it: None where there is none, or none that is kept."""

    event: EventRow
    state: State
    last: Settlement | None


class TenantWebhooks:
    """Reads, and writes nothing."""

    def __init__(self, told: Retold) -> None:
        self._told = told

    async def page(self, account: str, wanted: WebhooksWanted) -> tuple[Sequence[Shown], str]:
        """A page, the newest first, and what to ask the next one with: "" where there is none. RefusedError."""
        asked, meets = _asked(wanted)

        async def read(behind: str | None, limit: int) -> Sequence[EventRow]:
            return await self._told.latest_events(account, asked, before=_place(behind), limit=limit)

        found, before = await looked_through(read, meets, _named, wanted.before or None)
        return await self._shown(account, found), before or ""

    async def newest(self, account: str, wanted: WebhooksWanted) -> Sequence[Shown]:
        """As many pages as `SAVED_PAGES`, the newest first, for a table to keep. RefusedError."""
        found: list[Shown] = []
        for _ in range(SAVED_PAGES):
            page, before = await self.page(account, wanted)
            found += page
            if not before:
                break
            wanted = msgspec.structs.replace(wanted, before=before)
            # A long one lets others in between.
            await asyncio.sleep(0)
        return found

    async def _shown(self, account: str, events: Sequence[EventRow]) -> Sequence[Shown]:
        attempts = await self._told.last_attempts(account, events)
        return [
            Shown(event=event, state=STATE_OF[event.state], last=last)
            for event, last in zip(events, attempts, strict=True)
        ]

    async def event(self, account: str, of: str, event_id: int) -> SealedEvent | None:
        """One event of a text, a call or what Verify told, whatever became of it."""
        return next((each for each in await told_of(self._told, account, of) if each.id == event_id), None)

    async def hour(self, account: str, of: str) -> int | None:
        """The hour whose key opens what an event tells of; None where that is gone."""
        key = [(account, of)]
        if of.startswith("CA"):
            (call,) = await self._told.calls_of(key)
            return None if call is None else call.epoch
        if of.startswith("EV"):
            (telling,) = await self._told.tellings_of(key)
            return None if telling is None else telling.epoch
        (text,) = await self._told.messages_of(key)
        return None if text is None else text.epoch


def is_clear(kind: str) -> bool:
    """Whether nothing is sealed of what such an event tells: a notice of the operator's."""
    return kind.startswith(NOTICE_PREFIX)


def _asked(wanted: WebhooksWanted) -> tuple[EventFilter, Callable[[EventRow], bool] | None]:
    """What the store looks for by an index, and what is looked at of each."""
    from_ms, to_ms = bounds_ms(wanted.day)
    by_state = wanted.state in (State.WAITING, State.GIVEN_UP)
    state = OF_STATE[wanted.state] if wanted.state is not None else None
    asked = EventFilter(state=state if by_state else None, from_ms=from_ms, to_ms=to_ms)
    if not wanted.kind and (by_state or state is None):
        return asked, None
    return asked, lambda row: state in (None, row.state) and _is_of(row.kind, wanted.kind)


def _is_of(kind: str, wanted: str) -> bool:
    return wanted in ("", kind, kind.partition(".")[0])


def _named(row: EventRow) -> str:
    return f"{row.at_ms}.{row.id}"


def _place(named: str | None) -> EventPlace | None:
    """None for what is no place: then the list begins anew."""
    found = _PLACE.fullmatch(named or "")
    return None if found is None else (int(found[1]), int(found[2]))
