"""Tickets: a signed request is given one, and a stream, whose request nobody signs, begins with it, once.

Kept in memory alone, by their hashes. They go in a header, so no address has one.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

from ringfence.console.live.looked import Looked, whose
from ringfence.console.sessions import Session
from ringfence.domain.clock import Clock

LIFE_MS: Final = 30_000
OF_SESSION_MAX: Final = 8
OF_ACCOUNT_MAX: Final = 120
OF_ALL_MAX: Final = 2_000
BYTES: Final = 32


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """For one session, one list, and until then (Unix, milliseconds)."""

    session: Session
    looked: Looked
    until_ms: int


class Tickets:
    """Those that wait to be used, the oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[bytes, Ticket] = {}

    def give(self, session: Session, looked: Looked) -> str:
        """A new one. Where a session, an account or all have too many, it, or whoever has most, loses the oldest."""
        now_ms = self._clock.now_ms()
        self._waiting = {name: each for name, each in self._waiting.items() if each.until_ms > now_ms}
        self._leave_room(OF_SESSION_MAX, lambda each: each.session.id == session.id)
        self._leave_room(OF_ACCOUNT_MAX, lambda each: whose(each.session) == whose(session))
        if len(self._waiting) >= OF_ALL_MAX:
            [(most, count)] = Counter(whose(each.session) for each in self._waiting.values()).most_common(1)
            self._leave_room(count, lambda each: whose(each.session) == most)
        ticket = secrets.token_urlsafe(BYTES)
        self._waiting[_hash(ticket)] = Ticket(session=session, looked=looked, until_ms=now_ms + LIFE_MS)
        return ticket

    def take(self, ticket: str) -> Ticket | None:
        """What it is for, once; None where it is none, or is too old."""
        found = self._waiting.pop(_hash(ticket), None)
        return found if found is not None and found.until_ms > self._clock.now_ms() else None

    def _leave_room(self, most: int, is_of: Callable[[Ticket], bool]) -> None:
        """Drop the oldest of these until one more makes no more than `most`."""
        own = [name for name, each in self._waiting.items() if is_of(each)]
        for name in own[: max(0, len(own) - most + 1)]:
            del self._waiting[name]


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
