"""Sounds that are kept by name for all legs of a worker to play; the least used go when room is short.

What nobody has played for a while goes too: sounds are what tenants say to people.
"""

import time
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from ringfence.ports.media import UnknownSoundError

Samples = NDArray[np.int16]

# Two hours and more of sound.
MAX_BYTES = 128 << 20
KEPT_S = 60.0


class Clips:
    """A bounded shelf. A clip that plays stays whole for whoever plays it, even when it has gone from here."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clips: OrderedDict[str, Samples] = OrderedDict()
        self._used_s: dict[str, float] = {}

    def keep(self, name: str, sound: bytes) -> None:
        """Keep 16-bit little-endian samples. ValueError for half a sample, or for more than fits at all."""
        if len(sound) % 2 or len(sound) > self._max_bytes:
            raise ValueError("no sound that can be kept")
        self._bytes -= self._clips.pop(name, _NOTHING).nbytes
        clip = np.frombuffer(sound, "<i2").astype(np.int16, copy=False)
        self._clips[name] = clip
        self._used_s[name] = time.monotonic()
        self._bytes += clip.nbytes
        while self._bytes > self._max_bytes:
            self._forget_first()

    def get(self, name: str) -> Samples:
        """A clip's samples, not to be written to. UnknownSoundError."""
        clip = self._clips.get(name)
        if clip is None:
            raise UnknownSoundError("no such sound is kept")
        self._clips.move_to_end(name)
        self._used_s[name] = time.monotonic()
        return clip

    def sweep(self, now_s: float) -> None:
        """Forget what was not asked for within `KEPT_S` (`time.monotonic`)."""
        while self._clips and self._used_s[next(iter(self._clips))] + KEPT_S < now_s:
            self._forget_first()

    def _forget_first(self) -> None:
        name, gone = self._clips.popitem(last=False)
        del self._used_s[name]
        self._bytes -= gone.nbytes


_NOTHING = np.zeros(0, np.int16)
