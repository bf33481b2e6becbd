"""The chain of the access log: how a line is bound to those before it, and where a sound chain ends."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from ringfence.ports.ledger import AccessEntry

GENESIS = bytes(32)
TAIL_BYTES = 2 << 20
_HEX = 64


class LogBrokenError(Exception):
    """The access log was changed: the chain does not hold at the line that the text names."""


class Position(NamedTuple):
    """A place between two lines: lines and bytes before it, and the hash of the last one."""

    lines: int
    offset: int
    hash: bytes


class _Line(msgspec.Struct, frozen=True):
    n: int
    at_ms: int
    account: str
    actor: str
    verb: str
    scope: tuple[str, ...]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


def line_of(entry: AccessEntry, before: Position) -> tuple[bytes, Position]:
    """The line that follows `before`, and the position after it. Lines are numbered from 0."""
    body = _encoder.encode(_Line(before.lines, entry.at_ms, entry.account, entry.actor, entry.verb, entry.scope))
    digest = hashlib.sha256(before.hash + body).digest()
    line = b"%s %s\n" % (digest.hex().encode(), body)
    return line, Position(before.lines + 1, before.offset + len(line), digest)


def read_line(line: bytes, before: Position | None) -> tuple[AccessEntry, Position] | None:
    """The entry of a whole line and the position after it; None where it is not sound.

    Without `before` the line's own hash and number are taken as they are.
    """
    if not line.endswith(b"\n") or line[_HEX : _HEX + 1] != b" ":
        return None
    body = line[_HEX + 1 : -1]
    try:
        digest = bytes.fromhex(line[:_HEX].decode("ascii"))
        found = _decoder.decode(body)
    except (ValueError, msgspec.DecodeError):
        return None
    if before is not None and (found.n != before.lines or digest != hashlib.sha256(before.hash + body).digest()):
        return None
    entry = AccessEntry(at_ms=found.at_ms, account=found.account, actor=found.actor, verb=found.verb, scope=found.scope)
    return entry, Position(found.n + 1, (before.offset if before else 0) + len(line), digest)


def read_log(path: Path) -> list[AccessEntry]:
    """Every entry of a log, in order; LogBrokenError at the first line that does not follow from those before it."""
    entries = []
    end = Position(0, 0, GENESIS)
    with path.open("rb") as lines:
        for line in lines:
            read = read_line(line, end)
            if read is None:
                raise LogBrokenError(f"line {end.lines} of the access log does not follow from those before it")
            entry, end = read
            entries.append(entry)
    return entries


def find_end(descriptor: int) -> tuple[Position, bytes]:
    """Where the sound chain of an open log ends, and the bytes after that: what a crash left half written.

    Only the last `TAIL_BYTES` are read, however long the log is; the first line in them is taken on trust.
    LogBrokenError where more than half of that does not hold.
    """
    size = os.fstat(descriptor).st_size
    start = max(0, size - TAIL_BYTES)
    tail = os.pread(descriptor, size - start, start)
    at = 0 if start == 0 else tail.find(b"\n") + 1
    end: Position | None = Position(0, 0, GENESIS) if start == 0 else None
    while at < len(tail):
        stop = tail.find(b"\n", at) + 1
        read = read_line(tail[at:stop], end) if stop else None
        if read is None:
            break
        end = read[1]._replace(offset=start + stop)
        at = stop
    torn = tail[at:]
    if end is None or len(torn) > TAIL_BYTES // 2 + 1024 * 64:
        raise LogBrokenError("the end of the access log does not hold together")
    return end, torn
