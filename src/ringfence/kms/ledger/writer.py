"""The ledger's writer: an entry is on disk before the key that it tells of is let go.

Appends that arrive together share one fsync. About once a second the tree is synced too and its root signed. What lies
beyond the last checkpoint is read again when the writer starts.
"""

import asyncio
import collections
import errno
import fcntl
import hashlib
import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from ringfence.domain.ledger.checkpoint import Checkpoint
from ringfence.domain.ledger.merkle import leaf_hash
from ringfence.domain.ledger.tile import WIDTH
from ringfence.kms.key_files import LEDGER, KeyFiles, day_file
from ringfence.kms.ledger.checkpoint_file import CheckpointFile, sync_directory
from ringfence.kms.ledger.index import LedgerIndex, Whose, rows_of, whose
from ringfence.kms.ledger.keys import LedgerKeys, load_ledger_keys
from ringfence.kms.ledger.lines import (
    TAIL_BYTES,
    LedgerBrokenError,
    Line,
    Position,
    find_end,
    line_of,
    read_line,
    read_lines,
)
from ringfence.kms.ledger.tree_files import TreeFiles
from ringfence.kms.store import DATABASE
from ringfence.ports.ledger import AccessEntry

FOLDER = "ledger"
ENTRIES = "entries"
CHECKPOINT = "checkpoint"
COSIGNED = "cosigned"
GAP = "log.gap"
INDEX = "index.db"
# The access log of versions before the tree. It is kept, and the first entry says what it was.
FORMER = "access.log"
LATER_MAX = 10_000
LATER_LINGER_S = 0.1
CHECKPOINT_EVERY_S = 1.0
SCOPE_MAX = 500
INDEXED_AT_ONCE = 50_000
GROUP_MAX_BYTES = TAIL_BYTES // 2

_fsync = getattr(os, "fdatasync", os.fsync)
_log = structlog.get_logger(__name__)


class _Waiting(NamedTuple):
    entries: Sequence[AccessEntry]
    done: asyncio.Future[None]


class _New(NamedTuple):
    """An entry on its way."""

    line: bytes
    leaf: bytes
    whose: Whose


class LedgerWriter:
    """A `ports.ledger.Ledger` in the folder `ledger` of a key service. One process at a time: OSError for a second one.

    When a write fails, everyone who waited for it gets OSError, and the file is cut back to its last synced byte before
    anything more is written. Delivery openings that had to be left out are counted in an entry `log.gap`.
    """

    def __init__(self, directory: Path, *, later_max: int = LATER_MAX, files: KeyFiles | None = None) -> None:
        self._directory = directory
        self._files = files or KeyFiles(directory / "keys")
        self._folder = directory / FOLDER
        self._later_max = later_max
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._later: collections.deque[AccessEntry] = collections.deque()
        self._gap: tuple[int, int, int] | None = None  # how many, first at, last at
        self._closing = False
        self._thread: threading.Thread | None = None
        self._file = -1
        self._end = Position(0, 0)
        self._damaged = False
        self._checkpointed = 0
        self._checkpointed_s = 0.0
        self._unindexed: list[tuple[int, Whose]] = []
        self._indexing = True
        self._keys: LedgerKeys
        self._tree: TreeFiles
        self._checkpoint: CheckpointFile
        self._index: LedgerIndex

    async def open(self, at_ms: int) -> None:
        """Find the end, cut off what a crash left half written, and start the writer.

        What is cut off is kept beside it, and an entry `log.torn` says so. LedgerBrokenError where the ledger does not
        hold further back than one group reaches, or is not the one of its checkpoint: that was no crash.
        KeyFileError where its key is gone.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._file = os.open(self._folder / ENTRIES, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            new = os.fstat(self._file).st_size == 0
            self._files.prepare()
            if new:
                self._files.create(LEDGER)
            self._keys = load_ledger_keys(self._files)
            self._checkpoint = CheckpointFile(self._folder / CHECKPOINT, self._keys.signers)
            self._tree = TreeFiles(self._folder)
            self._index = LedgerIndex(self._folder / INDEX)
            sync_directory(self._folder)
            sync_directory(self._directory)
            self._end, torn = find_end(self._keys, self._file)
            self._restore(self._checkpoint.read())
            if torn:
                self._keep_torn(torn)
            if self._end.lines == 0:
                self._begin(at_ms)
            if torn:
                self._tell_torn(torn, at_ms)
        except BaseException:
            os.close(self._file)
            raise
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
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
        self._tree.close()
        self._index.close()
        os.close(self._file)

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        """Return once the entries are on disk; OSError when they cannot be: then nothing may be released."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._thread is None or self._closing:
                raise OSError("the ledger is closed")
            self._waiting.append(_Waiting(entries, done))
            self._changed.notify()
        await done

    @property
    def keys(self) -> LedgerKeys:
        """Those of the open ledger."""
        return self._keys

    async def rotate_key(self, at_ms: int) -> str:
        """Sign with one key more from the next checkpoint on: that key, as a note's reader needs it.

        OSError where it cannot be kept. The keys before it go on signing, so that who knows one of them learns of it.
        """
        number = max(self._files.days(LEDGER), default=0) + 1
        self._keys.succeed(self._files.create(day_file(number, LEDGER)))
        verifier = self._keys.signer.verifier.encode()
        entry = AccessEntry(at_ms=at_ms, account="", actor="operator", verb="rotate_ledger", scope=(verifier,))
        await self.append([entry])
        return verifier

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
            _settle(left, OSError())

    def _write_groups(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._has_work, self._until_checkpoint_s())
                if (self._later or self._gap) and not self._waiting and not self._closing:
                    # Nobody waits for delivery openings: let some gather, unless somebody comes.
                    self._changed.wait_for(lambda: self._waiting or self._closing, LATER_LINGER_S)
                waiting, self._waiting = self._waiting, []
                later, self._later = self._later, collections.deque()
                gap, self._gap = self._gap, None
                closing = self._closing
            try:
                self._write(waiting, later, gap)
            except BaseException:
                _settle(waiting, OSError())
                raise
            if closing or self._until_checkpoint_s() == 0:
                self._sign()
            if closing:
                return

    def _has_work(self) -> bool:
        return bool(self._waiting or self._later or self._gap or self._closing)

    def _until_checkpoint_s(self) -> float | None:
        """How long the last checkpoint may stay the last; None while it says how the ledger stands."""
        if self._checkpointed == self._end.lines:
            return None
        return max(0.0, self._checkpointed_s + CHECKPOINT_EVERY_S - time.monotonic())

    def _sign(self) -> None:
        self._checkpointed_s = time.monotonic()
        if self._checkpointed == self._end.lines:
            return
        self._add_to_index()
        try:
            self._tree.flush()
            self._tree.sync()
            self._checkpoint.write(self._tree.size, self._tree.root(self._tree.size))
        except OSError as error:
            _log.error("ledger.not_signed", code=error.errno)
            return
        self._checkpointed = self._tree.size

    def _add_to_index(self) -> None:
        rows, self._unindexed = self._unindexed, []
        if not self._indexing:
            return
        try:
            self._index.add(rows)
        except sqlite3.Error as error:
            # What it misses it gets when the key service starts again. No opening waits for it.
            self._indexing = False
            _log.error("ledger.not_indexed", error=type(error).__name__)

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
        if not entries:
            return
        self._see_that_it_is_there()
        if self._damaged:
            os.ftruncate(self._file, self._end.offset)
            self._damaged = False
        # The tree may lag behind by what one failed write left: no further.
        self._tree.flush()
        lines: list[_New] = []
        size = 0
        for entry in _split(entries):
            line, leaf = line_of(self._keys, entry, self._end.lines + len(lines))
            lines.append(_New(line, leaf, whose(entry)))
            size += len(line)
            if size > GROUP_MAX_BYTES:
                self._sync(lines)
                lines, size = [], 0
        if lines:
            self._sync(lines)

    def _see_that_it_is_there(self) -> None:
        """OSError where another file lies in the ledger's place: what is written to this one nobody would find."""
        found, held = (self._folder / ENTRIES).stat(), os.fstat(self._file)
        if (found.st_dev, found.st_ino) != (held.st_dev, held.st_ino):
            raise OSError(errno.ESTALE, "another file lies in the ledger's place")

    def _sync(self, lines: Sequence[_New]) -> None:
        data = b"".join(line for line, _, _ in lines)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._end.offset + written)
            _fsync(self._file)
        except OSError:
            # What reached the file is unknown, and after a failed fsync the page cache does not tell either.
            self._damaged = True
            raise
        at = self._end.offset
        for line, leaf, _ in lines:
            self._tree.add(leaf_hash(leaf), at)
            at += len(line)
        first = self._end.lines
        self._unindexed.extend(enumerate([line.whose for line in lines], first))
        self._end = Position(first + len(lines), at)
        try:
            self._tree.flush()
        except OSError as error:
            # The entries are on disk. The next ones wait until the tree can follow.
            _log.error("ledger.tree_not_written", code=error.errno)

    def _miss(self, entries: Sequence[AccessEntry]) -> None:
        if entries:
            self._merge_gap(len(entries), entries[0].at_ms, entries[-1].at_ms)

    def _merge_gap(self, count: int, first_ms: int, last_ms: int) -> None:
        known, known_first_ms, known_last_ms = self._gap or (0, first_ms, last_ms)
        self._gap = (known + count, min(known_first_ms, first_ms), max(known_last_ms, last_ms))

    def _restore(self, checkpoint: Checkpoint | None) -> None:
        """The tree as it was at the last checkpoint, and what was appended after that, read again."""
        signed = 0 if checkpoint is None else checkpoint.size
        if self._end.lines < signed:
            raise LedgerBrokenError(f"the ledger ends after {self._end.lines} entries, its checkpoint says {signed}")
        if checkpoint is None or self._tree.restore(signed) != checkpoint.root:
            self._tree.restore(0)
        self._replay()
        self._tree.flush()
        if checkpoint is not None and self._tree.root(signed) != checkpoint.root:
            raise LedgerBrokenError("the ledger's entries are not those of its checkpoint")
        self._checkpointed = signed
        self._catch_up()

    def _replay(self) -> None:
        for line, at in self._lines_from(self._tree.size):
            self._tree.add(leaf_hash(line.leaf), at)

    def _lines_from(self, n: int) -> Iterator[tuple[Line, int]]:
        """The entries from the `n`th on, whose block the tree's files know, and where each begins."""
        first, at = ((n - 1) // WIDTH * WIDTH, self._tree.block(n - 1)) if n else (0, 0)
        for number, data in enumerate(read_lines(self._file, Position(first, at), self._end.offset), first):
            line = read_line(self._keys, data, number)
            if line is None:
                raise LedgerBrokenError(f"entry {number} of the ledger does not hold")
            if number >= n:
                yield line, at
            at += len(data)

    def _catch_up(self) -> None:
        """The index has every entry again. One that cannot be read is made anew: nobody need wait for it."""
        try:
            self._index_all()
        except sqlite3.DatabaseError as error:
            _log.warning("ledger.index_made_anew", error=type(error).__name__)
            self._index.begin_anew()
            self._index_all()

    def _index_all(self) -> None:
        self._index.cut(self._end.lines)
        missing = rows_of(line for line, _ in self._lines_from(self._index.size))
        while some := list(itertools.islice(missing, INDEXED_AT_ONCE)):
            self._index.add(some)

    def _begin(self, at_ms: int) -> None:
        """The first entry. An access log of before the tree stays as it is, and the entry says which it was."""
        scope: tuple[str, ...] = ()
        try:
            with (self._directory / FORMER).open("rb") as former:
                digest = hashlib.file_digest(former, hashlib.sha256).hexdigest()
                scope = (FORMER, str(former.tell()), digest)
        except FileNotFoundError:
            if (self._directory / DATABASE).exists():
                raise LedgerBrokenError("the ledger is gone, and what it told of is there") from None
        self._write_entries([AccessEntry(at_ms=at_ms, account="", actor="kms", verb="log.began", scope=scope)])

    def _keep_torn(self, torn: bytes) -> None:
        kept = self._folder / f"{ENTRIES}.torn-{self._end.offset}"
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, torn)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(self._folder)
        os.ftruncate(self._file, self._end.offset)

    def _tell_torn(self, torn: bytes, at_ms: int) -> None:
        scope = (str(len(torn)), hashlib.sha256(torn).hexdigest())
        self._write_entries([AccessEntry(at_ms=at_ms, account="", actor="kms", verb="log.torn", scope=scope)])


def _gap_entry(count: int, first_ms: int, last_ms: int) -> AccessEntry:
    scope = (str(count), str(first_ms), str(last_ms))
    return AccessEntry(at_ms=last_ms, account="", actor="dispatcher", verb=GAP, scope=scope)


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
                one.done.set_exception(OSError(error.errno, "the ledger cannot be written"))
            else:
                one.done.set_result(None)

    waiting[0].done.get_loop().call_soon_threadsafe(tell)
