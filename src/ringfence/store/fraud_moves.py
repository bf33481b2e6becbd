"""What becomes of blocks of numbers as codes go out and come back: the same on every store."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ringfence.domain.fraud_guard.blocks import Block
from ringfence.domain.fraud_guard.judgement import ALLOWED, Judgement, Level, heated, judge

KEPT_MS = 3 * 86_400_000
"""After so long without news a block is forgotten: seven eighths of what was known have faded."""

Key = tuple[str, str]
Known = dict[Key, Block]


class Sent(NamedTuple):
    """A code that would go out."""

    account: str
    names: tuple[str, ...]
    at_ms: int
    level: Level | None


class CameBack(NamedTuple):
    """A code that was brought back."""

    account: str
    names: tuple[str, ...]
    at_ms: int


Move = Sent | CameBack


def keys_of(moves: Iterable[Move]) -> list[Key]:
    """The blocks that these are about, each once, in order."""
    return sorted({(move.account, name) for move in moves for name in move.names})


def make_moves(moves: Sequence[Move], known: Known) -> list[Judgement]:
    """One after the other; `known` is as it was before, and then as it is after them."""
    return [_made(move, known) for move in moves]


def _made(move: Move, known: Known) -> Judgement:
    keys = [(move.account, name) for name in move.names]
    blocks = [known.get(key, Block(at_ms=move.at_ms)).faded(move.at_ms) for key in keys]
    judgement = ALLOWED
    if isinstance(move, CameBack):
        changed = [block.answered() for block in blocks]
    else:
        if move.level is not None:
            judgement = judge(move.names, blocks, move.at_ms, move.level)
        changed = heated(judgement, move.names, blocks, move.at_ms) if judgement else [block.sent() for block in blocks]
    known.update(zip(keys, changed, strict=True))
    return judgement
