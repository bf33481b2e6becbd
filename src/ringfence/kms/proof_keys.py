"""Keys by which browsers prove what they hold: each is made for one proof, and waits for it ten minutes."""

from collections import Counter
from typing import NamedTuple

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.slot_proof import ProofKey
from ringfence.domain.sid import is_sid
from ringfence.ports.console_keys import LINK_PREFIX
from ringfence.ports.keys import KeyRefusedError

PROOF_MS = 600_000
PROOF_KEYS_MAX = 10_000
PROOF_KEYS_OF_ACCOUNT_MAX = 50
_MEMBER_PREFIX = "MB"


class _HeldProofKey(NamedTuple):
    key: ProofKey
    asker: str
    until_ms: int


class ProofKeys:
    """The keys that wait. Where too many of an account's do, the oldest of whoever asked for most makes way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[tuple[str, bytes], _HeldProofKey] = {}

    def new(self, account: str, asker: str) -> bytes:
        """As `ports.console_keys.ConsoleKeys.proof_key`; ConnectionError where too many of all accounts wait."""
        if not is_sid(asker, _MEMBER_PREFIX) and not is_sid(asker, LINK_PREFIX):
            raise ValueError("a key to prove with is for a member or a link")
        self.forget_expired()
        own = {name: held.asker for name, held in self._held.items() if name[0] == account}
        if len(own) >= PROOF_KEYS_OF_ACCOUNT_MAX:
            had = Counter([*own.values(), asker])
            fullest = max(had, key=lambda each: (had[each], each == asker))
            del self._held[next((name for name, of in own.items() if of == fullest), next(iter(own)))]
        if len(self._held) >= PROOF_KEYS_MAX:
            raise ConnectionError("too many slots are being made")
        key = ProofKey()
        self._held[account, key.public] = _HeldProofKey(key, asker, self._clock.monotonic_ms() + PROOF_MS)
        return key.public

    def asked_ms(self, account: str, public: bytes) -> int:
        """When one was given out, on the monotonic clock; 0 for none such."""
        held = self._held.get((account, public))
        return 0 if held is None else held.until_ms - PROOF_MS

    def take(self, account: str, public: bytes) -> ProofKey:
        """The one that `new` gave, once and in time; KeyRefusedError."""
        held = self._held.pop((account, public), None)
        if held is None or held.until_ms <= self._clock.monotonic_ms():
            raise KeyRefusedError("no such key to prove with")
        return held.key

    def forget_expired(self) -> None:
        """Drop keys of proofs that never came."""
        now_ms = self._clock.monotonic_ms()
        while self._held and self._held[oldest := next(iter(self._held))].until_ms <= now_ms:
            del self._held[oldest]
