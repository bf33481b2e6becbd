"""Blocks of numbers, and what is remembered of each: codes nobody brought back, and codes somebody did.

A block is the beginning of a number without its last four to seven digits, or its country. No block names a subscriber.
What a sign-up came from, an address, its network or a device, is counted alike, by its blind index. What is remembered
fades: half of the unanswered codes in a quarter of an hour, half of the conversions in a day.
"""

from typing import Final

import msgspec

UNANSWERED_HALF_LIFE_MS: Final = 15 * 60_000
CONVERTED_HALF_LIFE_MS: Final = 86_400_000
HIDDEN_DIGITS: Final = (4, 5, 6, 7)
COUNTRY: Final = "country:"
ADDRESS: Final = "address:"
DEVICE: Final = "device:"
NETWORK: Final = "network:"
MAILBOX: Final = "mailbox:"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered as of `at_ms`. `hot_until_ms`: a neighbour of it, or it itself, was pumped lately."""

    unanswered: float = 0.0
    converted: float = 0.0
    hot_until_ms: int = 0
    at_ms: int = 0

    def faded(self, now_ms: int) -> "Block":
        """As of `now_ms`; a clock that went back changes nothing."""
        passed_ms = max(0, now_ms - self.at_ms)
        return Block(
            unanswered=self.unanswered * 0.5 ** (passed_ms / UNANSWERED_HALF_LIFE_MS),
            converted=self.converted * 0.5 ** (passed_ms / CONVERTED_HALF_LIFE_MS),
            hot_until_ms=self.hot_until_ms,
            at_ms=max(self.at_ms, now_ms),
        )

    def sent(self) -> "Block":
        """One more code is on its way."""
        return msgspec.structs.replace(self, unanswered=self.unanswered + 1)

    def taken_back(self) -> "Block":
        """One code that was counted as sent was not sent after all."""
        return msgspec.structs.replace(self, unanswered=max(0.0, self.unanswered - 1))

    def answered(self) -> "Block":
        """Somebody brought a code back."""
        return msgspec.structs.replace(self, unanswered=max(0.0, self.unanswered - 1), converted=self.converted + 1)

    def heated(self, until_ms: int) -> "Block":
        """It, or what it is part of, is being pumped."""
        return msgspec.structs.replace(self, hot_until_ms=max(self.hot_until_ms, until_ms))


def blocks_of(e164: str, region: str) -> tuple[str, ...]:
    """The names of a number's blocks, narrowest first, its country last."""
    narrow = tuple(e164[:-hidden] for hidden in HIDDEN_DIGITS if len(e164) - hidden >= 3)
    return (*narrow, f"{COUNTRY}{region}")
