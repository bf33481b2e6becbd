"""Writers of one database take turns, whatever process they live in.

SQLite's own lock is polled with growing sleeps: beside a busy writer another process may wait for seconds. Here the
kernel wakes who waits, and the second lock keeps the busy one from going twice in a row while somebody waits.
"""

import fcntl
import os
from pathlib import Path


class Turnstile:
    """A fair lock between processes; what a dead one held is free at once."""

    def __init__(self, path: Path) -> None:
        """`path` is the database's; two empty files beside it carry the locks."""
        self._next = _open(path.with_name(f"{path.name}-next"))
        self._turn = _open(path.with_name(f"{path.name}-turn"))

    def enter(self) -> None:
        """Wait for the turn."""
        fcntl.flock(self._next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Let the next one in; without the turn, a no-op."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._next)
        os.close(self._turn)


def _open(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
