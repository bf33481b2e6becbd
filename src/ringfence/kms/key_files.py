"""Key files: 32 random bytes each, as they are or sealed (`key_rest`), mode 0600, in a directory of their own.

`standing.key`, `tables.key`, `ledger.key` and `browsers.key` stay, as do `standing-<n>.key`, successors of the first,
until they are former ones, and `duty-<n>.key` while it seals anything; `dispatcher-<day>.key` (days since 1970) goes
when nothing is sealed to it, `verification-<day>.key` ten minutes after its day.
"""

import contextlib
import os
import re
from pathlib import Path

from ringfence.domain.sealing.epoch import new_key
from ringfence.domain.sealing.hkdf import KEY_BYTES
from ringfence.kms.key_move import is_unsettled, overwrite, settle_move, sync
from ringfence.kms.key_rest import KeyFileError, KeySeal, PlainSeal, kind_of, rest_of

STANDING = "standing"
TABLES = "tables"
DISPATCHER = "dispatcher"
VERIFICATION = "verification"
LEDGER = "ledger"
BROWSERS = "browsers"
DUTY = "duty"
CLASSICAL_GRANTS = "grants"
_UNFINISHED = ".new"
_DAY = re.compile(r"([a-z]+)-(\d+)\.key")


__all__ = ["DISPATCHER", "DUTY", "LEDGER", "STANDING", "TABLES", "VERIFICATION", "KeyFileError", "KeyFiles", "day_file"]


class KeyFiles:
    """The key files of one key service, sealed by `seal`: `unlock` finds the right one."""

    def __init__(self, directory: Path, seal: KeySeal | None = None) -> None:
        self._directory = directory
        self._seal: KeySeal = seal or PlainSeal()

    @property
    def seal(self) -> KeySeal:
        """What they are sealed with."""
        return self._seal

    def prepare(self) -> None:
        """Make the directory; clear away what a crash left half made. KeyFileError where others may enter it."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._directory.stat().st_mode & 0o077:
            raise KeyFileError(f"{self._directory.name} is open to other users")
        for left_over in self._directory.glob(f"*{_UNFINISHED}"):
            left_over.unlink()
        settle_move(self._directory)
        self._check_rest()

    def create(self, name: str) -> bytes:
        """Make a key, durably. An existing one is returned as it is."""
        path = self._path(name)
        if path.exists():
            return self.load(name)
        self._check_rest()
        key = new_key()
        sealed = self._seal.seal(name, key)
        unfinished = path.with_suffix(_UNFINISHED)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, sealed)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.rename(path)
        sync(self._directory)
        return key

    def load(self, name: str) -> bytes:
        """A key that must exist. KeyFileError where it does not, or is not as it was made."""
        path = self._path(name)
        try:
            if path.stat().st_mode & 0o077:
                raise KeyFileError(f"{path.name} is open to other users")
            sealed = path.read_bytes()
        except FileNotFoundError:
            raise KeyFileError(f"{path.name} is missing") from None
        self._check_rest()
        key = self._seal.unseal(name, sealed)
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"{path.name} is damaged")
        return key

    def names(self) -> list[str]:
        """All that exist."""
        return sorted(path.stem for path in self._directory.glob("*.key"))

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
            overwrite(path)
            path.unlink()
            sync(self._directory)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.key"

    def _check_rest(self) -> None:
        if is_unsettled(self._directory):
            raise KeyFileError("a move of the key files was interrupted: `ringfence up`, or `keys move` again, ends it")
        rest = rest_of(self._directory)
        if rest != self._seal.rest:
            raise KeyFileError(f"the key files are of the kind {kind_of(rest)}, and were opened as another")


def day_file(day: int, family: str = DISPATCHER) -> str:
    """The name of a day's key."""
    return f"{family}-{day}"
