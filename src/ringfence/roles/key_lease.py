"""The lease of a key service's folder: one process serves it, and a standby waits for that one's death.

It is a lock that the kernel takes back the moment its holder dies, however it dies, and not before: a process that
hangs keeps it. The ledger's own lock is a second fence behind it.
"""

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Final

import structlog

FILE: Final = "lease"
LOOK_EVERY_S: Final = 0.1

_log = structlog.get_logger(__name__)


class KeyLease:
    """Held until `drop`, or until this process ends."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._held = -1

    async def take(self) -> None:
        """Return once nobody else has it. OSError where there can be no such file."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            waited = False
            while not _locked(descriptor):
                if not waited:
                    _log.info("kms.stands_by")
                waited = True
                await asyncio.sleep(LOOK_EVERY_S)
        except BaseException:
            os.close(descriptor)
            raise
        self._held = descriptor
        if waited:
            _log.warning("kms.takes_over")

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
