"""Random bytes from the system, a few of them read ahead: one read costs as much as dozens of slices.

A read also gives Python's lock away, which beside a busy thread is worth more than the read.
"""

import os
import struct
from collections.abc import Iterator

_AHEAD = 64


class RandomBytes:
    """Gives `size` bytes from the system's random source at each call, never the same twice.

    Any thread may call it. A forked child reads its own: what the parent had read ahead is forgotten there.
    """

    __slots__ = ("_ahead", "_format", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._format = struct.Struct(f"{size}s")
        self._ahead: Iterator[tuple[bytes]] = iter(())
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self) -> bytes:
        # One step of this iterator is atomic, so that two threads cannot get the same bytes.
        for (fresh,) in self._ahead:
            return fresh
        ahead = self._format.iter_unpack(os.urandom(self._size * _AHEAD))
        first: bytes = next(ahead)[0]
        self._ahead = ahead
        return first

    def _forget(self) -> None:
        self._ahead = iter(())
