"""The key that browsers seal to, and those before it: the newest is told, each opens until nothing can need it.

`browsers.key` is the first, `browsers-1.key` the next. What is sealed to one is a grant, which ends, or a form, which
is taken at once: so a former key goes by itself, as long after the newest was made, or found at a start, as a grant
lives. All are of the hybrid, whatever the accounts are: keys of either kind pass here. `grants.key` and its like were
of X25519, so nothing else may be made of them: they go.
"""

from ringfence.domain.access.grant import ANSWER_MS, MINUTES_MAX
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.hpke import Recipient
from ringfence.kms.key_files import BROWSERS, CLASSICAL_GRANTS, KeyFiles, day_file

LIFE_MAX_MS = MINUTES_MAX * 60_000 + ANSWER_MS
# Who serves browsers the key learns of a new one within a minute, and a page has it open for longer.
FORMER_FOR_MS = LIFE_MAX_MS + ANSWER_MS


class GrantKeys:
    """All generations of one key service's key for browsers. It opens as a `domain.sealing.hpke.Recipient` does."""

    def __init__(self, files: KeyFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._keys: dict[int, Recipient] = {}
        self._newest_since_ms = 0

    def load(self) -> None:
        """Hold what there is; make the first where there is none, for accounts may be older than this key."""
        for number in self._files.days(CLASSICAL_GRANTS):
            self._files.destroy(day_file(number, CLASSICAL_GRANTS))
        self._files.destroy(CLASSICAL_GRANTS)
        later = self._files.days(BROWSERS)
        first = [0] if BROWSERS in self._files.names() or not later else []
        self._keys = {number: self._made(number) for number in (*first, *later)}
        self._newest_since_ms = self._clock.monotonic_ms()

    @property
    def number(self) -> int:
        """That of the newest."""
        return max(self._keys)

    @property
    def public(self) -> bytes:
        """To which browsers seal."""
        return self._keys[self.number].public

    def unseal(self, sealed: bytes, info: bytes) -> bytes:
        """What was sealed to any of them; UnsealError."""
        for key in reversed(self._keys.values()):
            try:
                return key.unseal(sealed, info)
            except UnsealError:
                continue
        raise UnsealError

    def rotate(self) -> int:
        """A new one, durably; its number. OSError: there is none."""
        number = self.number + 1
        self._keys[number] = self._made(number)
        self._newest_since_ms = self._clock.monotonic_ms()
        return number

    def destroy_former(self) -> int:
        """How many were destroyed, once it is time. OSError where one cannot be: again goes on."""
        if self._clock.monotonic_ms() < self._newest_since_ms + FORMER_FOR_MS:
            return 0
        former = sorted(self._keys)[:-1]
        for number in former:
            self._files.destroy(_file(number))
            del self._keys[number]
        return len(former)

    def _made(self, number: int) -> Recipient:
        return Recipient(self._files.create(_file(number)), hybrid=True)


def _file(number: int) -> str:
    return day_file(number, BROWSERS) if number else BROWSERS
