"""Session timers: a call whose other end is gone is found out, and ended.

Source: RFC 4028.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec

from ringfence.carriers.sip.grammar import MalformedError, parse_number, parse_parameters, split_outside_quotes
from ringfence.carriers.sip.message import Message

# Section 5: no interval may be shorter; 4 says that most should be half an hour.
MIN_INTERVAL_S = 90
DEFAULT_INTERVAL_S = 1_800
MAX_INTERVAL_S = 86_400


class SessionExpires(msgspec.Struct, frozen=True):
    """A Session-Expires header: seconds, and which end refreshes where that is said."""

    interval_s: int
    refresher: Literal["uac", "uas"] | None = None


def parse_session_expires(message: Message) -> SessionExpires | None:
    """The session timer that a message asks for, or None. MalformedError."""
    text = message.headers.single("session-expires")
    if text is None:
        return None
    seconds, *pieces = split_outside_quotes(text, ";")
    refresher = dict(parse_parameters(pieces)).get("refresher")
    if refresher not in {None, "uac", "uas"}:
        raise MalformedError("a refresher that is no end")
    return SessionExpires(parse_number(seconds, most=MAX_INTERVAL_S), refresher)  # type: ignore[arg-type]


class SessionTimer:
    """Calls `refresh` at half the interval where this end refreshes, else `expired` shortly before its end."""

    def __init__(self, refresh: Callable[[], None], expired: Callable[[], None]) -> None:
        self.interval_s = 0
        self._refresh = refresh
        self._expired = expired
        self._refreshing = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, interval_s: int, *, refreshing: bool) -> None:
        """Begin, or begin anew with another interval."""
        self.interval_s = interval_s
        self._refreshing = refreshing
        self.heard()

    def heard(self) -> None:
        """A refresh went through, in either direction: count from now."""
        self.stop()
        if self.interval_s:
            # Section 10: half the interval for who refreshes; who waits gives up 32 s, or a third, before its end.
            wait_s = self.interval_s / 2 if self._refreshing else self.interval_s - min(32.0, self.interval_s / 3)
            due = self._refresh if self._refreshing else self._expired
            self._timer = asyncio.get_running_loop().call_later(wait_s, due)

    def stop(self) -> None:
        """No more of it. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """For good: whoever it would have called is let go."""
        self.stop()
        self.interval_s = 0
        self._refresh = self._expired = _call_nobody


def _call_nobody() -> None:
    return
