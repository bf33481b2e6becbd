"""Wake a device that sleeps: tell it, through its maker's network, that there is something for it.

The maker of a device reads what is sent, so nothing of a question is in it: the device asks us what it is. Source:
Twilio, Verify v2, "Notification resource". So far only the simulated network offers it.
"""

from typing import Protocol

import msgspec


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """Which device, by the token that its app has on `platform` (apn, fcm), and for which challenge of which factor.

    Worth nothing after `ttl_s` seconds.
    """

    platform: str
    token: str
    service: str
    factor: str
    challenge: str
    ttl_s: int

    def __repr__(self) -> str:
        return f"Push({self.challenge})"


class PushSender(Protocol):
    """A network that wakes devices."""

    async def send(self, push: Push) -> None:
        """Hand it over; nobody hears whether it arrived. ConnectionError: the network is away."""
