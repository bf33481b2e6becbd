"""The lease of a key service's folder: one process serves it, and a standby waits for that one's death.

It is a lock that the kernel takes back the moment its holder dies, however it dies, and not before: a process that
hangs keeps it. The ledger's own lock is a second fence behind it.
"""

import asyncio
import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

import structlog

FILE: Final = "lease"
WAITING: Final = "lease.waiting"
LOOK_EVERY_S: Final = 0.1

_log = structlog.get_logger(__name__)


class KeyLease:
    """Held until `drop`, or until this process ends. Whoever waits for it holds another lock, which tells of that."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._waiting = directory / WAITING
        self._held = -1

    async def take(self) -> bool:
        """Return once nobody else has it: whether it was waited for. OSError where there can be no such file."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            waited = not _locked(descriptor)
            if waited:
                await self._wait(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._held = descriptor
        if waited:
            _log.warning("kms.takes_over")
        return waited

    def is_awaited(self) -> bool:
        """Whether another process waits for it now. OSError."""
        descriptor = os.open(self._waiting, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            return not _locked(descriptor)
        finally:
            os.close(descriptor)

    async def _wait(self, descriptor: int) -> None:
        _log.info("kms.stands_by")
        waiting = os.open(self._waiting, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(descriptor):
                # Many may wait. Somebody may be looking just now whether anybody does.
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(waiting, fcntl.LOCK_SH | fcntl.LOCK_NB)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            os.close(waiting)

    def drop(self) -> None:
        """Let the next one have it. Idempotent."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
