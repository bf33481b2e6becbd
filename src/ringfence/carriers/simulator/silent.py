"""The simulated network vouches for its handsets: who opened which address first.

Pure state, for development; gone with the process.
"""

import secrets
from collections import OrderedDict
from typing import NamedTuple

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.silent_network import Finding

OFFERS_KEPT = 10_000
PATH = "/simulator/silent/"


class Offer(msgspec.Struct, kw_only=True):
    """An address that may be opened once until `until_ms`. `token` is its last part.

    `client_token` is told to whoever opens it, and must be shown afterwards; "" where none is wanted.
    """

    number: str
    token: str
    until_ms: int
    client_token: str = ""
    finding: Finding = Finding.PENDING

    def __repr__(self) -> str:
        return f"Offer({self.finding})"


class Opening(NamedTuple):
    """What opening an address came to, and what the telephone was told for whoever asks."""

    finding: Finding
    client_token: str

    def __repr__(self) -> str:
        return f"Opening({self.finding})"


class SilentOffers:
    """By reference, the last 10,000."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offers: OrderedDict[str, Offer] = OrderedDict()
        self._by_token: dict[str, Offer] = {}

    def offer(self, ref: str, number: str, until_ms: int, *, with_token: bool = False) -> str:
        """The path of the address; again for a `ref` the same."""
        known = self._offers.get(ref)
        if known is None:
            known = Offer(
                number=number,
                token=secrets.token_urlsafe(24),
                until_ms=until_ms,
                client_token=secrets.token_urlsafe(24) if with_token else "",
            )
            self._offers[ref] = self._by_token[known.token] = known
            if len(self._offers) > OFFERS_KEPT:
                _, oldest = self._offers.popitem(last=False)
                del self._by_token[oldest.token]
        return PATH + known.token

    def opened(self, token: str, number: str = "") -> Opening | None:
        """What opening it from the telephone that has `number` came to, "" from no mobile network.

        None where it cannot be opened: unknown, over, or opened before.
        """
        offer = self._by_token.get(token)
        if offer is None or offer.finding is not Finding.PENDING or self._over(offer):
            return None
        if not number:
            offer.finding = Finding.NO_NUMBER
        else:
            offer.finding = Finding.PROVEN if number == offer.number else Finding.MISMATCH
        return Opening(offer.finding, offer.client_token)

    def finding(self, ref: str, client_token: str = "") -> Finding:
        offer = self._offers.get(ref)
        if offer is None or self._over(offer):
            return Finding.PENDING
        shown = secrets.compare_digest(client_token.encode(), offer.client_token.encode()) or not offer.client_token
        return Finding.UNSHOWN if offer.finding is Finding.PROVEN and not shown else offer.finding

    def number_of(self, token: str) -> str:
        """Whose opening proves something, "" for what is no address."""
        offer = self._by_token.get(token)
        return "" if offer is None else offer.number

    def waiting(self, number: str) -> list[tuple[str, int]]:
        """The paths of addresses that this telephone may open now, and until when each may be (Unix, milliseconds)."""
        return [
            (PATH + offer.token, offer.until_ms)
            for offer in self._offers.values()
            if offer.number == number and offer.finding is Finding.PENDING and not self._over(offer)
        ]

    def clear(self) -> None:
        self._offers.clear()
        self._by_token.clear()

    def _over(self, offer: Offer) -> bool:
        return self._clock.now_ms() >= offer.until_ms


def token_in(url: str) -> str:
    """The token of an address, wherever it is served; "" where it is none."""
    _, found, token = url.partition(PATH)
    return token if found else ""
