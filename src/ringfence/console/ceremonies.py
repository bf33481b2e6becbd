"""Passkey ceremonies that wait for their answer, in memory: each serves once, and for five minutes."""

import secrets
from typing import Final, Generic, TypeVar

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.domain.clock import Clock
from ringfence.ports.passkeys import Ceremony, RelyingParty

LIFE_MS: Final = 5 * 60_000
WAITING_MAX: Final = 1_000
OF_ONE_MAX: Final = 5
CHALLENGE_BYTES: Final = 32

T = TypeVar("T")


class Pending(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A ceremony, and what it is `about`: what was decided when it was begun, and is not asked of the answer."""

    ceremony: Ceremony
    about: T


def new_ceremony(party: RelyingParty, now_ms: int) -> Ceremony:
    """One that asks for user verification."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    return Ceremony(party=party, challenge=challenge, until_ms=now_ms + LIFE_MS, user_verification="required")


class Ceremonies(Generic[T]):
    """Those of one relying party, begun by whom it knows: by a session, an invitation or a link.

    Each of these has `OF_ONE_MAX` at most, and a further one pushes out their own oldest: nobody else's. What strangers
    begin is in `open_sign_ins`.
    """

    def __init__(self, party: RelyingParty, clock: Clock) -> None:
        self._party = party
        self._clock = clock
        self._waiting: dict[str, tuple[str, Pending[T]]] = {}

    def begin(self, about: T, *, of: str) -> tuple[str, Ceremony]:
        """A new one, and the name that its answer comes with; `of` says whose. RefusedError where too many wait."""
        now_ms = self._clock.now_ms()
        over = [name for name, (_, pending) in self._waiting.items() if pending.ceremony.until_ms <= now_ms]
        own = [name for name, (whose, _) in self._waiting.items() if whose == of and name not in over]
        for name in (*over, *own[: max(0, len(own) - OF_ONE_MAX + 1)]):
            del self._waiting[name]
        if len(self._waiting) >= WAITING_MAX:
            raise RefusedError("Too many show a passkey at this moment: try again in a few minutes.", status=503)
        ceremony = new_ceremony(self._party, now_ms)
        name = secrets.token_urlsafe(16)
        self._waiting[name] = of, Pending(ceremony=ceremony, about=about)
        return name, ceremony

    def take(self, name: str) -> Pending[T] | None:
        """The ceremony, which is gone from then on. Whether it is too late is asked by whoever checks the answer."""
        found = self._waiting.pop(name, None)
        return None if found is None else found[1]
