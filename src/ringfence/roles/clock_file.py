"""One clock for all roles: an offset of 8 bytes in a file that every process maps, so that it moves for all at once."""

import datetime
import mmap
import os
import re
import struct
import time
from pathlib import Path

from ringfence.roles.refusal import RefusalError

_OFFSET = struct.Struct("<q")
_DURATION = re.compile(r"([+-])([0-9]{1,9})(ms|s|m|h|d)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class FileClock:
    """The machine's clock, moved by the offset in the file; a change is seen by the next reading."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._offset = mmap.mmap(file.fileno(), _OFFSET.size, prot=mmap.PROT_READ)

    def now_ms(self) -> int:
        offset_ms: int = _OFFSET.unpack_from(self._offset)[0]
        return time.time_ns() // 1_000_000 + offset_ms

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


def write_offset_ms(path: Path, offset_ms: int) -> None:
    """Set the offset, in place where the file exists, so that maps of it see the change."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, _OFFSET.pack(offset_ms), 0)
    finally:
        os.close(descriptor)


def parse_offset_ms(text: str, *, now_ms: int) -> int:
    """Milliseconds between `now_ms` and what `text` asks for: a duration such as +24h, or an ISO 8601 time.

    A time without a zone is UTC. RefusalError for anything else.
    """
    if match := _DURATION.fullmatch(text):
        sign, count, unit = match.groups()
        return int(sign + count) * _UNIT_MS[unit]
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise RefusalError(
            f"clock: {text!r} is not a time", "use +24h, -90m or 2026-03-02T08:00Z", exit_code=2
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=datetime.UTC)
    return round(at.timestamp() * 1000) - now_ms
