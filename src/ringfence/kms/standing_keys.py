"""The standing key and those before it: the newest seals, any of them opens.

`standing.key` is the first, `standing-1.key` the next. A new one is there once its file is; a former one is destroyed
when nothing is sealed under it any more, which the key service's operator says.
"""

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.standing import StandingSealer
from ringfence.kms.key_files import STANDING, KeyFileError, KeyFiles, day_file


class StandingKeys:
    """All generations of one key service's standing key. Use it from one thread but for `all`."""

    def __init__(self, files: KeyFiles) -> None:
        self._files = files
        self._keys: dict[int, bytes] = {}

    def load(self, *, in_use: bool) -> None:
        """Hold what there is; make the first where nothing is in use yet. KeyFileError where there should be one."""
        later = self._files.days(STANDING)
        first = STANDING in self._files.names()
        if not first and not later:
            if in_use:
                raise KeyFileError(f"{STANDING}.key is missing")
            self._files.create(STANDING)
            first = True
        numbers = [*([0] if first else []), *later]
        self._keys = {number: self._files.load(_file(number)) for number in numbers}

    @property
    def number(self) -> int:
        """That of the newest."""
        return max(self._keys)

    @property
    def newest(self) -> bytes:
        return self._keys[self.number]

    def all(self) -> list[bytes]:
        """Every one, the newest first."""
        return [self._keys[number] for number in sorted(self._keys, reverse=True)]

    @property
    def former(self) -> int:
        """How many are not the newest."""
        return len(self._keys) - 1

    def rotate(self) -> int:
        """A new one, durably; its number. OSError: there is none."""
        number = max(self._keys) + 1
        self._keys[number] = self._files.create(_file(number))
        return number

    def destroy_former(self) -> int:
        """How many were destroyed. OSError where one cannot be: again goes on."""
        former = sorted(self._keys)[:-1]
        for number in former:
            self._files.destroy(_file(number))
            del self._keys[number]
        return len(former)

    def seal(self, account: str, name: str, value: bytes) -> bytes:
        """One value under the newest."""
        return StandingSealer(self.newest, account).seal(name, value)

    def open(self, account: str, name: str, sealed: bytes) -> bytes:
        """Under whichever it is sealed; UnsealError."""
        for key in self.all():
            try:
                return StandingSealer(key, account).open(name, sealed)
            except UnsealError:
                continue
        raise UnsealError

    def renew(self, account: str, name: str, sealed: bytes) -> bytes | None:
        """The same value under the newest; None where it is. UnsealError."""
        try:
            StandingSealer(self.newest, account).open(name, sealed)
        except UnsealError:
            return self.seal(account, name, self.open(account, name, sealed))
        return None


def _file(number: int) -> str:
    return day_file(number, STANDING) if number else STANDING
