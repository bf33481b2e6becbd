"""Slot seeds of credentials that signed in a moment ago, so that a busy one is derived once a minute."""

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.short_held import held_briefly
from ringfence.domain.sealing.slots import slot_seed

MAX_AGE_MS = 60_000
_MAX_SEEDS = 4_096


class SlotSeeds:
    """Seeds by the credential and the SHA-256 of its secret; kept for a minute at most, and bounded in number."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seeds: dict[tuple[str, bytes], tuple[int, bytes]] = {}
        held_briefly(self)

    def of(self, credential: str, secret: str, digest: bytes) -> bytes:
        """The seed of `credential`'s slot; `digest` is the SHA-256 of `secret`."""
        now_ms = self._clock.monotonic_ms()
        found = self._seeds.get((credential, digest))
        if found is not None and now_ms - found[0] < MAX_AGE_MS:
            return found[1]
        self.forget_expired()
        if len(self._seeds) >= _MAX_SEEDS:
            self._seeds = {}
        seed = slot_seed(secret, credential)
        self._seeds[credential, digest] = (now_ms, seed)
        return seed

    def forget_expired(self) -> None:
        """Let go of what is a minute old."""
        now_ms = self._clock.monotonic_ms()
        self._seeds = {key: value for key, value in self._seeds.items() if now_ms - value[0] < MAX_AGE_MS}
