"""Silent network authentication: a telephone opens an address over its mobile network, which knows whose SIM asks.

Source: Twilio, "Verify Silent Network Auth". So far only the simulated network offers it.
"""

from enum import StrEnum
from typing import Protocol


class Finding(StrEnum):
    """What the network found out about an offer."""

    PENDING = "pending"
    """Nobody opened the address; or the network knows nothing of it, or its time is up."""
    PROVEN = "proven"
    MISMATCH = "mismatch"
    """A telephone with another number opened it."""
    NO_NUMBER = "no number"
    """It was opened from elsewhere than a mobile network."""
    UNSHOWN = "unshown"
    """The number's own telephone opened it, and whoever asks does not show what that telephone was told."""


class SilentNetwork(Protocol):
    """A network that vouches for its telephones. ConnectionError: it is away, and nothing is known."""

    async def offer(self, ref: str, number: str, until_ms: int, *, with_token: bool = False) -> str:
        """The URL for the telephone that has `number` (E.164); the first opening before `until_ms` (Unix) decides.

        `with_token`: whoever opens it is told a client token, without which nothing is proven. Again for a `ref` is the
        same URL, whatever else is said.
        """

    async def finding(self, ref: str, client_token: str = "") -> Finding:
        """What the first opening came to for whoever shows `client_token`. It stays so as long as the offer."""
