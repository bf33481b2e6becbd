"""The keys that codes are derived from: one a day, destroyed when the day's last code has expired."""

import threading

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.epoch import index_day
from ringfence.domain.sealing.keyed_hash import KeyedHash
from ringfence.domain.verification_code import LIFE_MS
from ringfence.kms.key_files import VERIFICATION, KeyFiles, day_file


class DayKey:
    """A day's key, and what is hashed of it once for all codes. Let go of it when the day is over."""

    __slots__ = ("hashed", "key")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.hashed = KeyedHash(key)


class VerificationKeys:
    """Today's key, and yesterday's for ten minutes after midnight. Safe to use from two threads."""

    def __init__(self, files: KeyFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[int, DayKey] = {}

    def load(self) -> None:
        """Hold the keys that exist."""
        with self._lock:
            days = self._files.days(VERIFICATION)
            self._held = {day: DayKey(self._files.load(day_file(day, VERIFICATION))) for day in days}

    def today(self) -> tuple[int, DayKey]:
        """The day (since 1970) and its key, made where there is none."""
        day = index_day(self._clock.now_ms())
        with self._lock:
            key = self._held.get(day)
            if key is None:
                key = self._held[day] = DayKey(self._files.create(day_file(day, VERIFICATION)))
            return day, key

    def of(self, day: int) -> DayKey | None:
        """The key of a day; None once it is destroyed."""
        with self._lock:
            return self._held.get(day)

    def destroy_past(self) -> None:
        """Destroy every key whose last code has expired. OSError where one cannot be: the next call tries again."""
        oldest = index_day(self._clock.now_ms() - LIFE_MS)
        with self._lock:
            for day in [day for day in self._held if day < oldest]:
                self._files.destroy(day_file(day, VERIFICATION))
                del self._held[day]
