"""Writers of one database take turns, whatever process they live in.

SQLite's own lock is polled with growing sleeps: beside a busy writer another process may wait for seconds. Here the
kernel wakes who waits, and the second lock keeps the busy one from going twice in a row while somebody waits.

A lock that is free is taken without giving Python's own lock away: a thread beside a busy event loop gets that back
after half a millisecond, and a turn is four such calls.
"""

import ctypes
import fcntl
import os
from pathlib import Path

_flock = ctypes.PyDLL(None).flock


class Turnstile:
    """A fair lock between processes; what a dead one held is free at once."""

    def __init__(self, path: Path) -> None:
        """`path` is the database's; two empty files beside it carry the locks."""
        self._next = _open(path.with_name(f"{path.name}-next"))
        self._turn = _open(path.with_name(f"{path.name}-turn"))

    def enter(self) -> None:
        """Wait for the turn."""
        _lock(self._next)
        try:
            _lock(self._turn)
        finally:
            _unlock(self._next)

    def leave(self) -> None:
        """Let the next one in; without the turn, a no-op."""
        _unlock(self._turn)

    def close(self) -> None:
        os.close(self._next)
        os.close(self._turn)


def _lock(file: int) -> None:
    if _flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
        fcntl.flock(file, fcntl.LOCK_EX)


def _unlock(file: int) -> None:
    if _flock(file, fcntl.LOCK_UN):
        fcntl.flock(file, fcntl.LOCK_UN)


def _open(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
