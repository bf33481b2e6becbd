"""Key files: 32 random bytes each, mode 0600, in a directory of their own.

`standing.key`, `tables.key` and `ledger.key` stay; `dispatcher-<day>.key` (days since 1970) goes when nothing is sealed
to it, `verification-<day>.key` ten minutes after its day.
"""

import contextlib
import os
import re
from pathlib import Path

from ringfence.domain.sealing.epoch import new_key
from ringfence.domain.sealing.hkdf import KEY_BYTES

STANDING = "standing"
TABLES = "tables"
DISPATCHER = "dispatcher"
VERIFICATION = "verification"
LEDGER = "ledger"
_DAY = re.compile(r"([a-z]+)-(\d+)\.key")


class KeyFileError(Exception):
    """A key file is missing, damaged, or open to others; the text names the file."""


class KeyFiles:
    """The key files of one key service."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def prepare(self) -> None:
        """Make the directory; clear away what a crash left half made. KeyFileError where others may enter it."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._directory.stat().st_mode & 0o077:
            raise KeyFileError(f"{self._directory.name} is open to other users")
        for left_over in self._directory.glob("*.new"):
            left_over.unlink()

    def create(self, name: str) -> bytes:
        """Make a key, durably. An existing one is returned as it is."""
        path = self._path(name)
        if path.exists():
            return self.load(name)
        key = new_key()
        unfinished = path.with_suffix(".new")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, key)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.rename(path)
        self._sync_directory()
        return key

    def load(self, name: str) -> bytes:
        """A key that must exist. KeyFileError where it does not, or is not as it was made."""
        path = self._path(name)
        try:
            if path.stat().st_mode & 0o077:
                raise KeyFileError(f"{path.name} is open to other users")
            key = path.read_bytes()
        except FileNotFoundError:
            raise KeyFileError(f"{path.name} is missing") from None
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"{path.name} is damaged")
        return key

    def days(self, family: str = DISPATCHER) -> list[int]:
        """The days whose key of this family still exists."""
        found = (_DAY.fullmatch(path.name) for path in self._directory.iterdir())
        return sorted(int(match[2]) for match in found if match and match[1] == family)

    def destroy(self, name: str) -> None:
        """Overwrite a key, then remove it, each durably. Again is a no-op.

        Overwriting reaches the same blocks on most file systems; on copy-on-write ones and flash it may not.
        """
        path = self._path(name)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_WRONLY)
            try:
                os.write(descriptor, os.urandom(KEY_BYTES))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path.unlink()
            self._sync_directory()

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.key"

    def _sync_directory(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def day_file(day: int, family: str = DISPATCHER) -> str:
    """The name of a day's key."""
    return f"{family}-{day}"
