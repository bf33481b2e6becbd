"""Sign-ins that anybody may begin: nothing is kept of them, so nobody can crowd out another's.

What a sign-in is about is in its name, under a MAC of this process. A challenge counts as used once a passkey has
answered it rightly, so only who has a passkey fills that list; where it is full, nobody is let in before it empties.
There is no limit by address: behind a proxy everybody has the same one, and it would be the way to lock all out.
"""

import hashlib
import hmac
import secrets
from typing import Final

import msgspec

from ringfence.console.ceremonies import Pending, new_ceremony
from ringfence.console.request_signature import PublicJwk
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.clock import Clock
from ringfence.ports.passkeys import Ceremony, RelyingParty

USED_MAX: Final = 100_000
NAME_MAX: Final = 1_000


class _Begun(msgspec.Struct, frozen=True, array_like=True):
    challenge: bytes
    until_ms: int
    key: PublicJwk


class OpenSignIns:
    """Those of one relying party. `mark_used` is called from one thread at a time."""

    def __init__(self, party: RelyingParty, clock: Clock) -> None:
        self._party = party
        self._clock = clock
        self._mac_key = secrets.token_bytes(32)
        self._used: dict[bytes, int] = {}

    def begin(self, key: PublicJwk) -> tuple[str, Ceremony]:
        """A new one for a session of `key`, and the name that its answer comes with."""
        ceremony = new_ceremony(self._party, self._clock.now_ms())
        said = msgspec.json.encode(_Begun(ceremony.challenge, ceremony.until_ms, key))
        return f"{encode_base64url(said)}.{encode_base64url(self._mac(said))}", ceremony

    def read(self, name: str) -> Pending[PublicJwk] | None:
        """What was begun under that name by this process. Whether it is too late is asked by who checks the answer."""
        said, _, mac = name.partition(".")
        if len(name) > NAME_MAX:
            return None
        try:
            begun, shown = decode_base64url(said), decode_base64url(mac)
        except ValueError:
            return None
        if not hmac.compare_digest(shown, self._mac(begun)):
            return None
        read = msgspec.json.decode(begun, type=_Begun)
        ceremony = Ceremony(
            party=self._party, challenge=read.challenge, until_ms=read.until_ms, user_verification="required"
        )
        return Pending(ceremony=ceremony, about=read.key)

    def mark_used(self, ceremony: Ceremony) -> bool:
        """Whether it was not used before; False too where too many were used of late."""
        now_ms = self._clock.now_ms()
        if len(self._used) >= USED_MAX:
            self._used = {challenge: until_ms for challenge, until_ms in self._used.items() if until_ms > now_ms}
        if ceremony.challenge in self._used or len(self._used) >= USED_MAX:
            return False
        self._used[ceremony.challenge] = ceremony.until_ms
        return True

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._mac_key, said, hashlib.sha256)
