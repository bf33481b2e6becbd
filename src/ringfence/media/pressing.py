"""Keys that a leg sends to its peer: as named events where it takes them, else as tones, a frame or packet a tick."""

from collections import deque
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringfence.media.dtmf import GAP_MS, KEY_MS, LAYOUT, WAIT, WAIT_MS, keys_sound
from ringfence.media.playing import tone_frames
from ringfence.media.telephone_event import key_payloads

Samples = NDArray[np.int16]

PTIME_MS = 20
MAX_KEYS = 1_000


class EventPacket(msgspec.Struct, frozen=True):
    """A packet of a key: `first` begins it, whose timestamp all of its packets bear."""

    payload: bytes
    first: bool

    def __repr__(self) -> str:
        return "EventPacket(…)"


class Pressing:
    """A queue of keys. `next` says what goes out instead of sound: an event's packet, a tone's frame, or nothing."""

    def __init__(self) -> None:
        self._keys: deque[str] = deque()
        self._events: Iterator[EventPacket | None] = iter(())
        self._frames: deque[Samples] = deque()
        # Nothing is left to be sent.
        self.idle = True

    @property
    def room(self) -> int:
        """How many more keys may wait."""
        return MAX_KEYS - len(self._keys)

    def press(self, digits: str) -> None:
        """Add keys to the end. ValueError for what is no key, or when more wait than anybody would press."""
        if any(key != WAIT and key not in LAYOUT for key in digits):
            raise ValueError("not a key")
        if len(digits) > self.room:
            raise ValueError("too many keys")
        self._keys.extend(digits)
        self.idle = self.idle and not digits

    def next(self, *, as_events: bool, clock_rate_hz: int = 8_000) -> "EventPacket | Samples | None":
        """What goes out in this tick. A key that has begun ends as it began."""
        if self._frames:
            return self._frames.popleft()
        for packet in self._events:
            return packet
        if not self._keys:
            self.idle = True
            return None
        key = self._keys.popleft()
        if as_events:
            self._events = _as_events(key, clock_rate_hz)
        else:
            self._frames.extend(tone_frames(keys_sound(key)))
        return self.next(as_events=as_events, clock_rate_hz=clock_rate_hz)


def _as_events(key: str, clock_rate_hz: int) -> Iterator[EventPacket | None]:
    if key == WAIT:
        for _ in range(WAIT_MS // PTIME_MS):
            yield None
        return
    for event, first in key_payloads(key, duration_ms=KEY_MS, ptime_ms=PTIME_MS, clock_rate_hz=clock_rate_hz):
        yield EventPacket(bytes(event), first)
    for _ in range(GAP_MS // PTIME_MS):
        yield None
