"""Wake a device that sleeps: tell it, through its maker's network, that there is something for it.

The maker of a device reads what is sent, so nothing of a question is in it: the device asks us what it is. Source:
Twilio, Verify v2, "Notification resource".
"""

from enum import Enum
from typing import Protocol

import msgspec

from ringfence.domain.push_credential import PushCredential, PushSecret


class PushEnd(Enum):
    """What the network said: it took it, it knows the device no more, or it does not take this tenant's word."""

    TAKEN = "taken"
    GONE = "gone"
    REFUSED = "refused"


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """With what a tenant signs in at a maker's network: the credential `sid` (CR…), as it was at `changed_ms`."""

    sid: str
    changed_ms: int
    credential: PushCredential
    secret: PushSecret

    def __repr__(self) -> str:
        return f"Signing({self.sid})"


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """Which device, by the token that its `app` has on `platform` (apn, fcm), and for which challenge of which factor.

    Worth nothing after `until_s` (Unix). `signing` is None where the service names no credential.
    """

    platform: str
    token: str
    app: str
    service: str
    factor: str
    challenge: str
    until_s: int
    signing: Signing | None = None

    def __repr__(self) -> str:
        return f"Push({self.challenge})"


class PushSender(Protocol):
    """A network that wakes devices."""

    async def send(self, push: Push) -> PushEnd:
        """Hand it over; nobody hears whether it arrived. ConnectionError: the network is away, or has no time."""
