"""A carrier: it takes texts, tells what became of them, and brings texts from handsets."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.message import Status


class Submit(msgspec.Struct, frozen=True, kw_only=True):
    """One text for the carrier. `ref` is ours (the message SID) and makes a repeated submit recognisable.

    A mail is a text between mail addresses; it alone has a `subject`.
    """

    ref: str
    sender: str
    to: str
    body: str
    media_urls: tuple[str, ...] = ()
    subject: str = ""

    def __repr__(self) -> str:
        return f"Submit({self.ref})"


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """The carrier's answer: a reference, or Twilio's error code, or come back later."""

    ref: str
    carrier_ref: str | None = None
    error_code: int | None = None
    retry_after_ms: int | None = None
    raw: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery receipt: delivered, undelivered or failed, with Twilio's code and the carrier's own words in `raw`."""

    carrier_ref: str
    status: Status
    at_ms: int
    error_code: int | None = None
    raw: str = ""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A text from a handset. `carrier_ref` is the carrier's own and makes a repeated delivery recognisable."""

    carrier_ref: str
    to: str
    sender: str
    body: str
    at_ms: int
    media_urls: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Arrival({self.carrier_ref})"


class Sink(Protocol):
    """Where a carrier's news goes. The answer has one flag per item, in order.

    True: written durably (or known already), the carrier may forget it. False: offer it again a little later
    (a receipt that overtook the answer to its submit). An exception: offer all of it again.
    """

    async def receipts(self, receipts: Sequence[Receipt]) -> list[bool]: ...

    async def arrivals(self, arrivals: Sequence[Arrival]) -> list[bool]: ...


class Carrier(Protocol):
    """One way to the world's handsets."""

    name: str

    async def run(self, sink: Sink) -> None:
        """Stay connected, hand news to `sink`, reconnect with back-off; until cancelled."""

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        """Answers in the order asked. ConnectionError: nothing is known; submit again (same refs)."""

    def healthy(self) -> bool: ...
