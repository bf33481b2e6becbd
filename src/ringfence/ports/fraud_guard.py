"""Who is asked before a code is sent: it costs money, and someone may be pumping texts to numbers that pay him."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.recipient import Recipient


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """A code about to be sent. `origins` are names of what it came from; `checked` is False where the program asked so.

    `price_micros` is the most that it can cost. `network` is what the network is called that it came from, for words.
    """

    account: str
    service: str
    to: Recipient
    channel: str
    at_ms: int
    price_micros: int = 0
    origins: tuple[str, ...] = ()
    network: str = ""
    checked: bool = True

    def __repr__(self) -> str:
        return f"Sending({self.service}, {self.channel})"


class Refusal(msgspec.Struct, frozen=True):
    """Twilio's code (60410: pumped; 60605: not to that country), and which rule says so, with its figures."""

    code: int
    why: str


class FraudGuard(Protocol):
    """Lets a sending pass, or not; told how it went, it learns."""

    async def refusal(self, sending: Sending) -> Refusal | None:
        """None where the code may go; it is counted as sent then."""

    async def not_sent(self, sending: Sending) -> None:
        """It was let pass, and then was not sent: it no longer counts."""

    async def approved(
        self, account: str, service: str, to: Recipient, at_ms: int, origins: Sequence[str] = ()
    ) -> None:
        """Whoever is there brought the right code; its sendings came from `origins`."""


class NoGuard:
    """Lets everything pass."""

    async def refusal(self, sending: Sending) -> Refusal | None:
        return None

    async def not_sent(self, sending: Sending) -> None:
        return

    async def approved(
        self, account: str, service: str, to: Recipient, at_ms: int, origins: Sequence[str] = ()
    ) -> None:
        return
