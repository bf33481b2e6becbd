"""Passkey ceremonies that wait for their answer, in memory: each serves once, and for five minutes."""

import secrets
from typing import Final, Generic, TypeVar

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.passkeys import Ceremony, RelyingParty

LIFE_MS: Final = 5 * 60_000
WAITING_MAX: Final = 1_000
CHALLENGE_BYTES: Final = 32

T = TypeVar("T")


class Pending(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A ceremony, and what it is `about`: what was decided when it was begun, and is not asked of the answer."""

    ceremony: Ceremony
    about: T


class Ceremonies(Generic[T]):
    """Those of one relying party. More than `WAITING_MAX` push out the oldest."""

    def __init__(self, party: RelyingParty, clock: Clock) -> None:
        self._party = party
        self._clock = clock
        self._waiting: dict[str, Pending[T]] = {}

    def begin(self, about: T) -> tuple[str, Ceremony]:
        """A new one that asks for user verification, and the name that its answer comes with."""
        until_ms = self._clock.now_ms() + LIFE_MS
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        ceremony = Ceremony(party=self._party, challenge=challenge, until_ms=until_ms, user_verification="required")
        while len(self._waiting) >= WAITING_MAX:
            del self._waiting[next(iter(self._waiting))]
        name = secrets.token_urlsafe(16)
        self._waiting[name] = Pending(ceremony=ceremony, about=about)
        return name, ceremony

    def take(self, name: str) -> Pending[T] | None:
        """The ceremony, which is gone from then on. Whether it is too late is asked by whoever checks the answer."""
        return self._waiting.pop(name, None)
