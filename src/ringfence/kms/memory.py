"""The key service without a disk: the same keys and the same database, gone with the process. For tests.

Nothing here has a thread or waits for a disk, so that a program that moves its clock by hand is never behind it.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.epoch import new_key
from ringfence.kms.key_files import DISPATCHER, KeyFileError, KeyFiles
from ringfence.kms.service import KeyService
from ringfence.kms.store import KeyStore, Write, commit, migrate, settle
from ringfence.ports.ledger import AccessEntry

ENTRIES_KEPT = 10_000

T = TypeVar("T")


class MemoryKeyFiles(KeyFiles):
    """`KeyFiles` in a dictionary."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._keys: dict[str, bytes] = {}

    def prepare(self) -> None:
        """Nothing to make and nothing left over."""

    def create(self, name: str) -> bytes:
        return self._keys.setdefault(name, new_key())

    def load(self, name: str) -> bytes:
        try:
            return self._keys[name]
        except KeyError:
            raise KeyFileError(f"{name}.key is missing") from None

    def names(self) -> list[str]:
        return sorted(self._keys)

    def days(self, family: str = DISPATCHER) -> list[int]:
        return sorted(int(name.rpartition("-")[2]) for name in self._keys if name.startswith(f"{family}-"))

    def destroy(self, name: str) -> None:
        self._keys.pop(name, None)


class MemoryKeyStore(KeyStore):
    """`KeyStore` on a database in memory; a write is done when it is asked for."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"))

    async def open(self) -> None:
        # One thread at a time uses it, but not always the same.
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        migrate(connection, self._path)
        self._reading = connection

    async def write(
        self, work: Callable[[sqlite3.Connection], T], *, erases: bool = False, undoes_itself: bool = False
    ) -> T:
        # What memory forgets is on no disk: there is nothing to scrub.
        if self._reading is None:
            raise ConnectionError("the key store is closed")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        settle(commit(self._reading, [Write(work, done, undoes_itself)]))
        return await done


class MemoryLedger:
    """`ports.ledger.Ledger` that keeps the last 10,000 entries."""

    def __init__(self) -> None:
        self.entries: deque[AccessEntry] = deque(maxlen=ENTRIES_KEPT)

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        self.entries.extend(entries)

    def append_later(self, entry: AccessEntry) -> None:
        self.entries.append(entry)


def memory_key_service(clock: Clock, *, hybrid: bool = False) -> KeyService:
    """A key service of its own, not yet open."""
    return KeyService(Path(), clock, MemoryLedger(), files=MemoryKeyFiles(), store=MemoryKeyStore(), hybrid=hybrid)
