"""What a tenant's program was told of a record, attempt by attempt: times and statuses in clear, the rest sealed."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.base64url import encode_base64url
from ringfence.ports.calls import CallRow
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.outbox import EventRow, Outbox, Settlement
from ringfence.ports.store import MessageRow
from ringfence.ports.verify_events import TellingRow


class Told(Protocol):
    """The part of `ports.outbox.Outbox` that is read."""

    async def events(self, account: str, message_sid: str) -> list[EventRow]: ...

    async def attempts(self, account: str, message_sid: str) -> list[Settlement]: ...


class Retold(Told, Outbox, Protocol):
    """All that is asked where something is told again: the outbox, hours of what it tells of, and where notices go."""

    async def messages_of(self, keys: Sequence[tuple[str, str]]) -> list[MessageRow | None]: ...

    async def calls_of(self, keys: Sequence[tuple[str, str]]) -> list[CallRow | None]: ...

    async def notice_addresses(self, accounts: Sequence[str]) -> list[NoticeAddress | None]: ...

    async def tellings_of(self, keys: Sequence[tuple[str, str]]) -> list[TellingRow | None]: ...


class SealedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt's end; `detail`, base64url, is sealed: what was asked and answered, and how long each phase took."""

    at_ms: int
    state: str
    http_status: int | None
    error_code: int | None
    duration_ms: int
    detail: str


class SealedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event that the program is told, with its attempts in order."""

    id: int
    of: str
    kind: str
    at_ms: int
    due_ms: int
    state: str
    error_code: int | None
    attempts: list[SealedAttempt]


async def told_of(told: Told, account: str, sid: str) -> list[SealedEvent]:
    """The events of a text or a call, in order."""
    attempts: dict[int, list[SealedAttempt]] = defaultdict(list)
    for each in await told.attempts(account, sid):
        attempts[each.event_id].append(
            SealedAttempt(
                at_ms=each.at_ms,
                state=each.state,
                http_status=each.http_status,
                error_code=each.error_code,
                duration_ms=each.duration_ms,
                detail=encode_base64url(each.detail),
            )
        )
    return [sealed_event(event, attempts[event.id]) for event in await told.events(account, sid)]


def sealed_event(event: EventRow, attempts: list[SealedAttempt]) -> SealedEvent:
    """What a browser is given of an event."""
    return SealedEvent(
        id=event.id,
        of=event.message_sid,
        kind=event.kind,
        at_ms=event.at_ms,
        due_ms=event.due_ms,
        state=event.state,
        error_code=event.error_code,
        attempts=attempts,
    )
