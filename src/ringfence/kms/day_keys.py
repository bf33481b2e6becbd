"""The dispatcher's keys of the day: made when a day first needs one, held while anything is sealed to them."""

import threading

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.delivery import DayKey
from ringfence.domain.sealing.epoch import index_day
from ringfence.kms.key_files import KeyFiles, day_file
from ringfence.ports.keys import KeyRefusedError


class DayKeys:
    """Today's key to seal with, and those of earlier days to open with. Safe to use from two threads."""

    def __init__(self, files: KeyFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[int, DayKey] = {}

    def load(self) -> None:
        """Hold the keys that exist."""
        with self._lock:
            self._held = {day: DayKey(day, self._files.load(day_file(day))) for day in self._files.days()}

    def today(self) -> DayKey:
        """The key to seal with now. Only for use inside the store's write that keeps what it seals (see `residue`)."""
        day = index_day(self._clock.now_ms())
        with self._lock:
            key = self._held.get(day)
            if key is None:
                key = self._held[day] = DayKey(day, self._files.create(day_file(day)))
            return key

    def of(self, day: int) -> DayKey:
        """The key of a day; KeyRefusedError once it is destroyed."""
        with self._lock:
            key = self._held.get(day)
        if key is None:
            raise KeyRefusedError("the dispatcher's key of that day is destroyed")
        return key

    def days(self) -> list[int]:
        """Days whose key exists."""
        with self._lock:
            return sorted(self._held)

    def past(self) -> list[int]:
        """Days before today whose key exists."""
        today = index_day(self._clock.now_ms())
        with self._lock:
            return sorted(day for day in self._held if day < today)

    def destroy(self, day: int) -> None:
        """What was sealed to that day's key and not carried on is gone. OSError where it cannot be: try again."""
        with self._lock:
            self._files.destroy(day_file(day))
            self._held.pop(day, None)
