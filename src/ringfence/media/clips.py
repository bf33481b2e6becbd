"""Sounds that are kept by name for all legs of a worker to play; the least used go when room is short."""

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from ringfence.ports.media import UnknownSoundError

Samples = NDArray[np.int16]

# Two hours and more of sound.
MAX_BYTES = 128 << 20


class Clips:
    """A bounded shelf. A clip that plays stays whole for whoever plays it, even when it has gone from here."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clips: OrderedDict[str, Samples] = OrderedDict()

    def keep(self, name: str, sound: bytes) -> None:
        """Keep 16-bit little-endian samples. ValueError for half a sample, or for more than fits at all."""
        if len(sound) % 2 or len(sound) > self._max_bytes:
            raise ValueError("no sound that can be kept")
        self._bytes -= self._clips.pop(name, _NOTHING).nbytes
        clip = np.frombuffer(sound, "<i2").astype(np.int16, copy=False)
        self._clips[name] = clip
        self._bytes += clip.nbytes
        while self._bytes > self._max_bytes:
            _, gone = self._clips.popitem(last=False)
            self._bytes -= gone.nbytes

    def get(self, name: str) -> Samples:
        """A clip's samples, not to be written to. UnknownSoundError."""
        clip = self._clips.get(name)
        if clip is None:
            raise UnknownSoundError("no such sound is kept")
        self._clips.move_to_end(name)
        return clip


_NOTHING = np.zeros(0, np.int16)
