"""A role's log on disk: beside standard error, in files that do not grow without end."""

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TextIO

import msgspec

from ringfence.roles.run_dir import make_private

FOLDER = "logs"
# Six processes write, each to a file and the one before it.
FILES = 12


def log_path(data_dir: Path, role: str) -> Path:
    """Where a role's newest lines are; the ones before lie beside it, with .1 at the end."""
    return data_dir / FOLDER / f"{role}.log"


def log_file(data_dir: Path, role: str, total_mb: int) -> "LogFile | None":
    """Where a role's lines are kept beside standard error; None where none are to be."""
    return LogFile(log_path(data_dir, role), (total_mb << 20) // FILES, sys.stderr) if total_mb else None


class UnfailingStream:
    """A text stream onto `stream` that stops nobody: a line that it cannot take, on a full disk, is lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


class LogFile:
    """A text stream onto `beside` and, as far as the disk allows, into a file of at most `max_bytes`.

    The file is moved to PATH.1, over the one there, when it is full. Lines that could not be written are counted, and
    the count is written once writing works again.
    """

    def __init__(self, path: Path, max_bytes: int, beside: TextIO) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._beside = UnfailingStream(beside)
        self._lost = 0
        self._descriptor: int | None = None
        self._size = 0

    def write(self, text: str) -> int:
        self._beside.write(text)
        data = text.encode()
        try:
            self._append(data)
        except OSError:
            # A log that cannot be kept must not stop what it tells of; the other stream may still have it.
            self._lost += 1
            self._close()
        return len(text)

    def flush(self) -> None:
        self._beside.flush()

    def _append(self, data: bytes) -> None:
        if self._descriptor is not None and self._size + len(data) > self._max_bytes:
            self._close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        descriptor = self._open() if self._descriptor is None else self._descriptor
        if self._lost:
            told = {"event": "log lines lost", "level": "warning", "count": self._lost}
            # The last line may have been torn: what follows it begins a new one.
            self._write(descriptor, b"\n" + msgspec.json.encode(told) + b"\n")
            self._lost = 0
        self._write(descriptor, data)

    def _open(self) -> int:
        make_private(self._path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self._path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        return self._descriptor

    def _write(self, descriptor: int, data: bytes) -> None:
        written = os.write(descriptor, data)
        self._size += written
        if written < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
