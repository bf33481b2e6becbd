"""What tenants are still to be told, of texts, calls and recordings."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something a tenant is told by webhook: `kind` is `message.<status>`, `sequence` its place in that life.

    Of calls it is `call.<progress event>` or `recording.<status>`, with the recording's sid in `raw`.
    """

    kind: str
    sequence: int
    at_ms: int
    error_code: int | None = None
    raw: str = ""


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An outbox entry. `attempts` made so far; `state` is pending, done or dead. `message_sid` may be a call's sid."""

    id: int
    account: str
    message_sid: str
    kind: str
    sequence: int
    at_ms: int
    due_ms: int
    attempts: int = 0
    state: str = "pending"
    error_code: int | None = None
    raw: str = ""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one webhook attempt: `state` is done, dead, or pending again at `due_ms`.

    `detail` is its sealed `domain.attempt.Attempt`, b"" where nothing of it is kept.
    """

    event_id: int
    account: str
    state: str
    due_ms: int = 0
    http_status: int | None = None
    error_code: int | None = None
    duration_ms: int = 0
    at_ms: int = 0
    detail: bytes = b""


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: of a state, of those that happened in [`from_ms`, `to_ms`). None is any."""

    state: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


EventPlace = tuple[int, int]
"""Where an event stands among those of its account: when it happened, and its id."""


class Outbox(Protocol):
    """What tenants are still to be told."""

    async def take_events(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, *, passing_over: Collection[str] = ()
    ) -> list[EventRow]:
        """Lease due events: of each message only the earliest pending one, so that order per message holds.

        The accounts share the limit: one with many due events does not keep those of another waiting. Of the accounts
        in `passing_over` nothing is taken.
        """

    async def take_notices(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Collection[str]
    ) -> list[EventRow]:
        """As `take_events`, of these accounts alone, and of those notices to them that are due (`ports.notices`)."""

    async def settle_events(self, settlements: Sequence[Settlement]) -> None:
        """Record attempts and their ends; an event that is not pending (settled before, gone) is left alone."""

    async def defer_events(self, events: Sequence[EventRow], due_ms: int) -> None:
        """Give taken events back untried, due at `due_ms`; one that is not pending is left alone."""

    async def release_events(self, owner: str, now_ms: int) -> None:
        """Give back untried what `owner` has taken: for a dispatcher that starts again under its name."""

    async def events(self, account: str, message_sid: str) -> list[EventRow]:
        """In the order they happened."""

    async def latest_events(
        self, account: str, wanted: EventFilter, *, before: EventPlace | None = None, limit: int = 50
    ) -> list[EventRow]:
        """Newest first, those that come after the place `before`, whether or not its event is still there."""

    async def last_attempts(self, account: str, events: Sequence[EventRow]) -> list[Settlement | None]:
        """Of each event the last attempt, in order, without its `detail`; None where none is kept."""

    async def replay(self, account: str, event_id: int, at_ms: int) -> bool:
        """Make a done or dead event pending again, due at `at_ms`, its attempts counted from 0.

        Of what was attempted for its message before, the latest 60 are kept.
        """

    async def attempts(self, account: str, message_sid: str) -> list[Settlement]:
        """Every settlement of the message's events, oldest first."""
