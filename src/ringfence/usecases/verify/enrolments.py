"""Let a device make a factor: a token for one identity, good for minutes and once.

Source: Twilio, Verify v2, "Access Token resource".
"""

from typing import NamedTuple

from ringfence.domain.clock import Clock
from ringfence.domain.device_token import Enrolment
from ringfence.domain.errors import ApiError
from ringfence.domain.identity import is_identity
from ringfence.domain.sid import new_sid
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.keys import Caller
from ringfence.usecases.verify.entities import INVALID_ENTITY


class Signed(NamedTuple):
    """A token, told this once, and what it gives leave to do."""

    enrolment: Enrolment
    token: str

    def __repr__(self) -> str:
        return f"Signed({self.enrolment!r})"


class Enrolments:
    """Signed by the key service, for accounts whose credential is present."""

    def __init__(self, keys: FactorKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def create(
        self, caller: Caller, account: str, service: str, identity: str, *, name: str, ttl_s: int
    ) -> Signed:
        """A new token. ApiError 60366 for what is no identity."""
        if not is_identity(identity):
            raise ApiError(INVALID_ENTITY)
        now_ms = self._clock.now_ms()
        enrolment = Enrolment(
            sid=new_sid("YK", now_ms),
            account=account,
            service=service,
            identity=identity,
            friendly_name=name,
            issued_s=now_ms // 1_000,
            expires_s=now_ms // 1_000 + ttl_s,
        )
        return Signed(enrolment, await self._keys.sign_enrolment(caller, enrolment))
