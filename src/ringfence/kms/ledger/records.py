"""The ledger as others may read it: `LedgerRecords` and `OwnRecords` of `ports.ledger`, over the service's folder."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import NoteError, open_note, split_note
from ringfence.domain.ledger.proof import consistency_proof, inclusion_proof
from ringfence.domain.ledger.tile import parse_tile_path, width_at
from ringfence.kms.ledger.cosigned_file import CosignedFile
from ringfence.kms.ledger.keys import LedgerKeys
from ringfence.kms.ledger.lines import LedgerBrokenError, Line
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.writer import CHECKPOINT, COSIGNED, FOLDER, GAP
from ringfence.ports.keys import Caller
from ringfence.ports.ledger import (
    ENTRIES_AT_ONCE,
    LeaseStanding,
    LedgerGap,
    LedgerStanding,
    OpenedBy,
    ProvenEntries,
    ProvenEntry,
)

T = TypeVar("T")
# The ledger's own entries are few, and its gaps are among them.
NOBODY: Final = ""
GAPS_LOOKED_AT: Final = 200
GAPS_SHOWN: Final = 50
Allow = Callable[[Caller, str], Awaitable[None]]


class FolderRecords:
    """`allow` raises KeyRefusedError for a caller that opens nothing of an account. Reads happen in threads."""

    def __init__(
        self,
        directory: Path,
        allow: Allow,
        keys: LedgerKeys | None = None,
        lease: Callable[[], LeaseStanding] | None = None,
    ) -> None:
        self._directory = directory
        self._lease = lease
        self._keys = keys
        self._allow = allow
        self._cosigned = CosignedFile(directory / FOLDER / COSIGNED)

    async def checkpoint(self) -> str:
        return await _read(lambda: self._reader().note())

    async def verifier(self) -> str:
        return await _read(lambda: self._reader().verifier.encode())

    async def cosigned(self) -> list[str]:
        return await _read(self._cosigned.read)

    async def keep_cosigned(self, note: str) -> None:
        await _read(lambda: self._keep_cosigned(note))

    async def tile(self, path: str) -> bytes:
        return await _read(lambda: self._tile(path))

    async def entries_of(self, caller: Caller, account: str, after: int, limit: int) -> ProvenEntries:
        await self._allow(caller, account)
        return await self.entries_for(account, after, limit)

    async def entries_for(self, account: str, after: int, limit: int) -> ProvenEntries:
        return await _read(lambda: self._entries(account, after, min(limit, ENTRIES_AT_ONCE)))

    async def latest_for(self, account: str, before: int | None, limit: int) -> ProvenEntries:
        return await _read(lambda: self._latest(account, before, min(limit, ENTRIES_AT_ONCE)))

    async def entries_by(self, account: str, by: OpenedBy, name: str, after: int, limit: int) -> ProvenEntries:
        return await _read(lambda: self._entries_by(account, by, name, after, min(limit, ENTRIES_AT_ONCE)))

    async def consistency(self, old_size: int, size: int) -> list[bytes]:
        return await _read(lambda: self._consistency(old_size, size))

    async def gaps(self) -> list[LedgerGap]:
        return await _read(self._gaps)

    async def standing(self) -> LedgerStanding:
        return await _read(self._standing)

    def _gaps(self) -> list[LedgerGap]:
        reader = self._reader()
        _, size = _signed(reader)
        own = (line for line in reader.latest_of(NOBODY, before=size, limit=GAPS_LOOKED_AT) if line.entry.verb == GAP)
        return [_gap(line) for line in own][-GAPS_SHOWN:]

    def _standing(self) -> LedgerStanding:
        try:
            signed_ms = (self._directory / FOLDER / CHECKPOINT).stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            signed_ms = None
        return LedgerStanding(signed_ms=signed_ms, lease=None if self._lease is None else self._lease())

    def _keep_cosigned(self, note: str) -> None:
        reader = self._reader()
        signed = reader.checkpoint()
        try:
            checkpoint = parse_checkpoint(open_note(note, reader.verifiers)[0])
            is_ours = signed is not None and checkpoint.size <= signed.size
            if not is_ours or reader.root(checkpoint.size) != checkpoint.root:
                raise NoteError("it is not a checkpoint of this ledger")
            self._cosigned.keep(note)
        except NoteError as error:
            raise ValueError(str(error)) from None

    def _consistency(self, old_size: int, size: int) -> list[bytes]:
        reader = self._reader()
        signed = reader.checkpoint()
        if signed is None or not 0 <= old_size <= size <= signed.size:
            raise ValueError("the ledger has not so many entries")
        return consistency_proof(reader.hashes(size), old_size, size)

    def _reader(self) -> LedgerReader:
        return LedgerReader(self._directory, self._keys)

    def _tile(self, path: str) -> bytes:
        tile = parse_tile_path(path)
        reader = self._reader()
        signed = reader.checkpoint()
        if tile is None or signed is None or tile.width > width_at(tile.level, tile.n, signed.size):
            return b""
        return reader.tile(tile)

    def _entries(self, account: str, after: int, limit: int) -> ProvenEntries:
        reader = self._reader()
        note, size = _signed(reader)
        return _proven(reader, note, size, reader.lines_of("account", account, after=after, before=size, limit=limit))

    def _latest(self, account: str, before: int | None, limit: int) -> ProvenEntries:
        reader = self._reader()
        note, size = _signed(reader)
        end = size if before is None else min(before, size)
        return _proven(reader, note, size, reader.latest_of(account, before=end, limit=limit))

    def _entries_by(self, account: str, by: OpenedBy, name: str, after: int, limit: int) -> ProvenEntries:
        reader = self._reader()
        note, size = _signed(reader)
        lines = reader.lines_of_account_by(account, by, name, after=after, before=size, limit=limit)
        return _proven(reader, note, size, lines)


def _signed(reader: LedgerReader) -> tuple[str, int]:
    note = reader.note()
    return note, parse_checkpoint(split_note(note)[0]).size if note else 0


def _gap(line: Line) -> LedgerGap:
    count, first_ms, last_ms = map(int, line.entry.scope)
    return LedgerGap(n=line.n, count=count, first_ms=first_ms, last_ms=last_ms)


def _proven(reader: LedgerReader, note: str, size: int, lines: Iterable[Line]) -> ProvenEntries:
    hashes = reader.hashes(size)
    return ProvenEntries(
        checkpoint=note,
        entries=tuple(
            ProvenEntry(
                n=line.n,
                entry=line.entry,
                body=line.body,
                salt=reader.salt(line),
                proof=tuple(inclusion_proof(hashes, line.n, size)),
            )
            for line in lines
        ),
    )


async def _read(read: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(read)
    except (OSError, LedgerBrokenError) as error:
        raise ConnectionError("the ledger cannot be read") from error
