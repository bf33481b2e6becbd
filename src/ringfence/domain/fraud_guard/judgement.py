"""Whether one more code may go to a block of numbers, and by which rule not.

Pumping (AIT) has many codes sent to numbers of few neighbouring ranges, and nobody brings one back. People bring most
of theirs back within a minute. So a block may have a few codes out, more where people of it have brought codes back,
and hardly any while a wider block around it is being pumped.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from ringfence.domain.fraud_guard.blocks import ADDRESS, COUNTRY, DEVICE, MAILBOX, NETWORK, Block
from ringfence.domain.fraud_guard.spending import Overspent

HOT_MS: Final = 30 * 60_000
# Of a narrow block in a hot one nearly nobody gets a code; a hot block itself has a quarter of its measure.
NEIGHBOUR_OF_HOT: Final = 1.0
SHARE_WHILE_HOT: Final = 0.25
Level = Literal["basic", "standard", "max"]


class Measure(msgspec.Struct, frozen=True):
    """How many codes of a block may be unanswered: `base`, and `share` more for each that was brought back."""

    base: float
    share: float


# Of blocks without four, five, six and seven digits: the more numbers, the more of its people are at it.
_BLOCKS: Final = (Measure(4.0, 0.7), Measure(9.0, 0.6), Measure(22.0, 0.8), Measure(60.0, 3.0))
_WIDEST: Final = 3
_COUNTRY: Final = Measure(400.0, 1.5)
# Behind an address there may be a school; a device is one person's.
_ADDRESS: Final = Measure(30.0, 1.5)
_DEVICE: Final = Measure(6.0, 1.0)
# A network has a provider's customers behind it, or a farm of rented machines: only its conversions tell which.
_NETWORK: Final = Measure(150.0, 2.0)
_HEATED: Final = ("+", NETWORK)
_MAILBOX: Final = Measure(10.0, 1.0)
KNOWN_BY_CONVERSIONS: Final = 50.0
"""A country whose people bring this account's codes back: there, ten million numbers of whom nobody does stand out."""
_TIMES: Final[dict[str, float]] = {"basic": 2.0, "standard": 1.0, "max": 0.5}
Rule = Literal["", "block", "neighbours", "country", "origin", "spend"]


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """`rule` is "" where the code may go. Else what speaks against it, in figures without a subscriber's digit.

    `overspent` is there for the rule `spend` alone, the other figures for all the others.
    """

    rule: Rule = ""
    block: str = ""
    unanswered: int = 0
    converted: int = 0
    allowed: int = 0
    overspent: Overspent | None = None

    def __bool__(self) -> bool:
        """True where it may not go."""
        return bool(self.rule)


ALLOWED: Final = Judgement()


def judge(names: Sequence[str], blocks: Sequence[Block], now_ms: int, level: Level) -> Judgement:
    """`blocks` as of now, by `names`: as `blocks_of` gives them, narrowest first, the country last; then origins.

    A mailbox stands alone where a number's blocks would.
    """
    around = any(block.hot_until_ms > now_ms for block in blocks[1:_WIDEST])
    known = any(_is_known(name, block) for name, block in zip(names, blocks, strict=True))
    for place, (name, block) in enumerate(zip(names, blocks, strict=True)):
        measure = _measure(place, name)
        if not known and measure is _BLOCKS[_WIDEST]:
            continue
        if not known and measure is _NETWORK:
            measure = _COUNTRY
        base = measure.base * _TIMES[level]
        if place == 0 and around:
            base = min(base, NEIGHBOUR_OF_HOT)
        elif block.hot_until_ms > now_ms:
            base *= SHARE_WHILE_HOT
        allowed = base + measure.share * block.converted
        if block.unanswered + 1 > allowed:
            return Judgement(
                rule=_rule(name, wide=place > 0 or around),
                block=name,
                unanswered=round(block.unanswered),
                converted=round(block.converted),
                allowed=int(allowed),
            )
    return ALLOWED


def heated(judgement: Judgement, names: Sequence[str], blocks: Sequence[Block], now_ms: int) -> list[Block]:
    """The blocks after a refusal: a wide one, or a network, with too many codes out is hot; one that was stays so."""
    until_ms = now_ms + HOT_MS
    return [
        block.heated(until_ms)
        if place and name.startswith(_HEATED) and (name == judgement.block or block.hot_until_ms > now_ms)
        else block
        for place, (name, block) in enumerate(zip(names, blocks, strict=True))
    ]


def _is_known(name: str, block: Block) -> bool:
    return name.startswith(COUNTRY) and block.converted >= KNOWN_BY_CONVERSIONS


def _measure(place: int, name: str) -> Measure:
    named = {COUNTRY: _COUNTRY, ADDRESS: _ADDRESS, DEVICE: _DEVICE, NETWORK: _NETWORK, MAILBOX: _MAILBOX}
    return next((measure for kind, measure in named.items() if name.startswith(kind)), None) or _BLOCKS[place]


def _rule(name: str, *, wide: bool) -> Rule:
    if name.startswith(COUNTRY):
        return "country"
    if not name.startswith("+"):
        return "origin"
    return "neighbours" if wide else "block"
