"""The lines of the ledger: an entry as it is kept, and where a file of them soundly ends.

A line is 64 hex digits, a space, a JSON object, a newline. The digits are the entry's leaf (`keys.commitment`).
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ringfence.kms.ledger.keys import LedgerKeys, commitment
from ringfence.ports.ledger import AccessEntry

TAIL_BYTES = 2 << 20
READ_BYTES = 1 << 20
_HEX = 64


class LedgerBrokenError(Exception):
    """The ledger was changed, and not by a crash: the text says where it does not hold."""


class Line(NamedTuple):
    """An entry of the ledger, the `n`th, with the object that its leaf binds to."""

    n: int
    entry: AccessEntry
    body: bytes
    leaf: bytes


class Position(NamedTuple):
    """A place between two lines: lines and bytes before it."""

    lines: int
    offset: int


class _Body(msgspec.Struct, frozen=True):
    n: int
    at_ms: int
    account: str
    actor: str
    verb: str
    scope: tuple[str, ...]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Body)


def line_of(keys: LedgerKeys, entry: AccessEntry, n: int) -> tuple[bytes, bytes]:
    """The line of the `n`th entry, counted from 0, and its leaf."""
    body = _encoder.encode(_Body(n, entry.at_ms, entry.account, entry.actor, entry.verb, entry.scope))
    leaf = commitment(keys.salt(entry.account, n), body)
    return b"%s %s\n" % (leaf.hex().encode(), body), leaf


def read_line(keys: LedgerKeys, line: bytes, n: int | None) -> Line | None:
    """What a whole line holds; None where it is not sound, or not the `n`th. Without `n` its number is its own."""
    if not line.endswith(b"\n") or line[_HEX : _HEX + 1] != b" ":
        return None
    body = line[_HEX + 1 : -1]
    try:
        leaf = bytes.fromhex(line[:_HEX].decode("ascii"))
        found = _decoder.decode(body)
    except (ValueError, msgspec.DecodeError):
        return None
    if (n is not None and found.n != n) or not 0 <= found.n < 1 << 63:
        return None
    if leaf != commitment(keys.salt(found.account, found.n), body):
        return None
    entry = AccessEntry(at_ms=found.at_ms, account=found.account, actor=found.actor, verb=found.verb, scope=found.scope)
    return Line(found.n, entry, body, leaf)


def read_lines(descriptor: int, start: Position, stop: int) -> Iterator[bytes]:
    """The lines of an open file from `start` to before the byte `stop`, each with its newline but perhaps the last."""
    at = start.offset
    left = b""
    while at < stop:
        data = os.pread(descriptor, min(READ_BYTES, stop - at), at)
        if not data:
            break
        at += len(data)
        *whole, left = (left + data).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if left:
        yield left


def find_end(keys: LedgerKeys, descriptor: int) -> tuple[Position, bytes]:
    """Where the sound lines of an open file end, and the bytes after that: what a crash left half written.

    Only the last `TAIL_BYTES` are read, however long the file is; the first line in them gives its own number.
    LedgerBrokenError where more than half of that does not hold.
    """
    size = os.fstat(descriptor).st_size
    start = max(0, size - TAIL_BYTES)
    tail = os.pread(descriptor, size - start, start)
    at = 0 if start == 0 else tail.find(b"\n") + 1
    next_n: int | None = 0 if start == 0 else None
    while at < len(tail):
        stop = tail.find(b"\n", at) + 1
        line = read_line(keys, tail[at:stop], next_n) if stop else None
        if line is None:
            break
        next_n = line.n + 1
        at = stop
    torn = tail[at:]
    if next_n is None or len(torn) > TAIL_BYTES // 2 + 1024 * 64:
        raise LedgerBrokenError("the end of the ledger does not hold together")
    return Position(next_n, start + at), torn
