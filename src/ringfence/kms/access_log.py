"""The access log: one line an opening, each bound to all before it, on disk before the key is let go.

A line is 64 hex digits, a space, a JSON object, a newline. The digits are SHA-256 of the previous line's hash (32 zero
bytes at the beginning) and the object's bytes. Appends that arrive together share one fsync.
"""

import asyncio
import collections
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ringfence.kms.log_chain import GENESIS, TAIL_BYTES, Position, find_end, line_of
from ringfence.ports.ledger import AccessEntry

LATER_MAX = 10_000
LATER_LINGER_S = 0.1
SCOPE_MAX = 500
GROUP_MAX_BYTES = TAIL_BYTES // 2

_fsync = getattr(os, "fdatasync", os.fsync)


class _Waiting(NamedTuple):
    entries: Sequence[AccessEntry]
    done: asyncio.Future[None]


class AccessLog:
    """A `ports.ledger.Ledger` on one file. One process at a time: OSError for a second one.

    When a write fails, everyone who waited for it gets OSError, and the file is cut back to its last synced byte before
    anything more is written. Delivery openings that had to be left out are counted in an entry `log.gap`.
    """

    def __init__(self, path: Path, *, later_max: int = LATER_MAX) -> None:
        self._path = path
        self._later_max = later_max
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._later: collections.deque[AccessEntry] = collections.deque()
        self._gap: tuple[int, int, int] | None = None  # how many, first at, last at
        self._closing = False
        self._thread: threading.Thread | None = None
        self._file = -1
        self._end = Position(0, 0, GENESIS)
        self._damaged = False

    async def open(self, at_ms: int) -> None:
        """Find the end of the chain, cut off what a crash left half written, and start the writer.

        What is cut off is kept beside the log, and an entry `log.torn` says so. LogBrokenError where the chain is
        broken further back than one group reaches: that was no crash.
        """
        new = not self._path.exists()
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if new:
                _sync_directory(self._path.parent)
            self._end, torn = find_end(self._file)
            if torn:
                self._keep_torn(torn, at_ms)
        except BaseException:
            os.close(self._file)
            raise
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Write what is queued and stop. Idempotent."""
        if self._thread is None:
            return
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)
        self._thread = None
        os.close(self._file)

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        """Return once the entries are on disk; OSError when they cannot be: then nothing may be released."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._thread is None or self._closing:
                raise OSError("the access log is closed")
            self._waiting.append(_Waiting(entries, done))
            self._changed.notify()
        await done

    def append_later(self, entry: AccessEntry) -> None:
        """Queue an entry to be on disk soon. When the queue is full it is counted in a gap instead."""
        with self._changed:
            if len(self._later) >= self._later_max:
                self._miss((entry,))
            else:
                self._later.append(entry)
                if len(self._later) == 1:
                    self._changed.notify()

    def _run(self) -> None:
        try:
            self._write_groups()
        finally:
            with self._changed:
                self._closing = True
                left, self._waiting = self._waiting, []
            _settle(left, OSError("the writer ended"))

    def _write_groups(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._later or self._gap or self._closing)
                if not self._waiting and not self._closing:
                    # Nobody waits for delivery openings: let some gather, unless somebody comes.
                    self._changed.wait_for(lambda: self._waiting or self._closing, LATER_LINGER_S)
                waiting, self._waiting = self._waiting, []
                later, self._later = self._later, collections.deque()
                gap, self._gap = self._gap, None
                closing = self._closing
            self._write(waiting, later, gap)
            if closing:
                return

    def _write(
        self, waiting: Sequence[_Waiting], later: Sequence[AccessEntry], gap: tuple[int, int, int] | None
    ) -> None:
        error: OSError | None = None
        try:
            self._write_entries([entry for one in waiting for entry in one.entries])
        except OSError as failure:
            error = failure
        _settle(waiting, error)
        try:
            self._write_entries([*later, *([_gap_entry(*gap)] if gap else [])])
        except OSError:
            with self._changed:
                self._miss(later)
                if gap:
                    self._merge_gap(*gap)

    def _write_entries(self, entries: Sequence[AccessEntry]) -> None:
        """All of them, synced; in pieces no larger than `find_end` can take back."""
        if self._damaged:
            os.ftruncate(self._file, self._end.offset)
            self._damaged = False
        end, lines, size = self._end, [], 0
        for entry in _split(entries):
            line, end = line_of(entry, end)
            lines.append(line)
            size += len(line)
            if size > GROUP_MAX_BYTES:
                self._sync(b"".join(lines), end)
                lines, size = [], 0
        if lines:
            self._sync(b"".join(lines), end)

    def _sync(self, data: bytes, end: Position) -> None:
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._end.offset + written)
            _fsync(self._file)
        except OSError:
            # What reached the file is unknown, and after a failed fsync the page cache does not tell either.
            self._damaged = True
            raise
        self._end = end

    def _miss(self, entries: Sequence[AccessEntry]) -> None:
        if entries:
            self._merge_gap(len(entries), entries[0].at_ms, entries[-1].at_ms)

    def _merge_gap(self, count: int, first_ms: int, last_ms: int) -> None:
        known, known_first_ms, known_last_ms = self._gap or (0, first_ms, last_ms)
        self._gap = (known + count, min(known_first_ms, first_ms), max(known_last_ms, last_ms))

    def _keep_torn(self, torn: bytes, at_ms: int) -> None:
        kept = self._path.with_name(f"{self._path.name}.torn-{self._end.offset}")
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, torn)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync_directory(self._path.parent)
        os.ftruncate(self._file, self._end.offset)
        scope = (str(len(torn)), hashlib.sha256(torn).hexdigest())
        self._write_entries([AccessEntry(at_ms=at_ms, account="", actor="kms", verb="log.torn", scope=scope)])


def _gap_entry(count: int, first_ms: int, last_ms: int) -> AccessEntry:
    scope = (str(count), str(first_ms), str(last_ms))
    return AccessEntry(at_ms=last_ms, account="", actor="dispatcher", verb="log.gap", scope=scope)


def _split(entries: Sequence[AccessEntry]) -> Iterator[AccessEntry]:
    """Entries with long scopes as several, so that a line stays short."""
    for entry in entries:
        if len(entry.scope) <= SCOPE_MAX:
            yield entry
        else:
            for at in range(0, len(entry.scope), SCOPE_MAX):
                yield msgspec.structs.replace(entry, scope=entry.scope[at : at + SCOPE_MAX])


def _settle(waiting: Sequence[_Waiting], error: OSError | None) -> None:
    if not waiting:
        return

    def tell() -> None:
        for one in waiting:
            if one.done.done():
                continue
            if error is not None:
                one.done.set_exception(OSError(error.errno, "the access log cannot be written"))
            else:
                one.done.set_result(None)

    waiting[0].done.get_loop().call_soon_threadsafe(tell)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
