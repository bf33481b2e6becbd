"""What time it is, as a value that tests and `--clock` can move."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: wall time for records, monotonic time for leases and time-outs."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""

    def monotonic_ms(self) -> int:
        """Milliseconds that never go back; comparable within one process only."""


class SystemClock:
    """The machine's own clock, moved by `offset_ms`."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, at_ms: int = 1_700_000_000_000) -> None:
        self._at_ms = at_ms

    def now_ms(self) -> int:
        return self._at_ms

    def monotonic_ms(self) -> int:
        return self._at_ms

    def advance(self, ms: int) -> None:
        """Move forward by `ms`; never back."""
        if ms < 0:
            raise ValueError("a clock does not go back")
        self._at_ms += ms
