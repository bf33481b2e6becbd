"""What `ps` shows as this process's command: its own, written over by another. Source: proc(5), cmdline and stat."""

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path

_ARG_START, _ARG_END = 45, 46


def retitle(words: Sequence[str]) -> bool:
    """Show `words` in place of the command this process was started with; False where that cannot be done.

    The kernel reads the command from where it lies in memory, so no more fits than was there.
    """
    place = _place() if sys.platform == "linux" else None
    if place is None:
        return False
    start, size = place
    title = b"\0".join(word.encode() for word in words) + b"\0"
    if len(title) > size:
        return False
    ctypes.memmove(start, title.ljust(size, b"\0"), size)
    return True


def _place() -> tuple[int, int] | None:
    """Address and length of the command; None where the kernel does not tell, or tells of another place."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    if len(fields) <= _ARG_END:
        return None
    start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    shown = Path("/proc/self/cmdline").read_bytes()
    if not start or not shown or end - start != len(shown) or ctypes.string_at(start, len(shown)) != shown:
        return None
    return start, end - start
