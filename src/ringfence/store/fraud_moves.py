"""What becomes of blocks of numbers, and of what codes cost, as they go out and come back: the same on every store."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ringfence.domain.fraud_guard.blocks import Block
from ringfence.domain.fraud_guard.judgement import ALLOWED, Judgement, Level, heated, judge
from ringfence.domain.fraud_guard.spending import Overspent, Spending, hour_of, since

KEPT_MS = 3 * 86_400_000
"""After so long without news a block is forgotten: seven eighths of what was known have faded."""

Key = tuple[str, str]
Known = dict[Key, Block]
Owner = tuple[str, str]
"""A top-level account, and whose spending of it: see `domain.fraud_guard.spending`."""
Spent = dict[Owner, dict[int, int]]
"""Micros by the hour, of those hours that may count."""


class Sent(NamedTuple):
    """A code that would go out."""

    account: str
    names: tuple[str, ...]
    at_ms: int
    level: Level | None
    spending: Spending | None = None


class CameBack(NamedTuple):
    """A code that was brought back."""

    account: str
    names: tuple[str, ...]
    at_ms: int
    spending: None = None


class NotSent(NamedTuple):
    """A code that was counted as sent at `at_ms`, and then was not."""

    account: str
    names: tuple[str, ...]
    at_ms: int
    spending: Spending | None = None


Move = Sent | CameBack | NotSent


def keys_of(moves: Iterable[Move]) -> list[Key]:
    """The blocks that these are about, each once, in order."""
    return sorted({(move.account, name) for move in moves for name in move.names})


def hours_of(moves: Iterable[Move]) -> list[tuple[str, str, int]]:
    """Whose spending these are about, each once, in order, and the first hour of it that counts."""
    first: dict[Owner, int] = {}
    for move in moves:
        if move.spending is not None:
            for owner in _owners(move.spending):
                first[owner] = min(first.get(owner, since(move.at_ms)), since(move.at_ms))
    return [(*owner, hour_ms) for owner, hour_ms in sorted(first.items())]


def changed_hours(moves: Iterable[Move], spent: Spent) -> list[tuple[str, str, int, int]]:
    """What is to be written of the spending after these."""
    touched = {
        (owner, hour_of(move.at_ms)) for move in moves if move.spending is not None for owner in _owners(move.spending)
    }
    return [
        (*owner, hour_ms, spent[owner][hour_ms])
        for owner, hour_ms in sorted(touched)
        if hour_ms in spent.get(owner, {})
    ]


def make_moves(moves: Sequence[Move], known: Known, spent: Spent) -> list[Judgement]:
    """One after the other; `known` and `spent` are as they were before, and then as they are after them."""
    return [_made(move, known, spent) for move in moves]


def _made(move: Move, known: Known, spent: Spent) -> Judgement:
    keys = [(move.account, name) for name in move.names]
    blocks = [known.get(key, Block(at_ms=move.at_ms)).faded(move.at_ms) for key in keys]
    judgement = ALLOWED
    if isinstance(move, CameBack):
        changed = [block.answered() for block in blocks]
    elif isinstance(move, NotSent):
        changed = [block.taken_back() for block in blocks]
        _pay(move.spending, move.at_ms, spent, -1)
    else:
        if move.level is not None:
            judgement = judge(move.names, blocks, move.at_ms, move.level)
        judgement = judgement or _overspent(move, spent)
        changed = heated(judgement, move.names, blocks, move.at_ms) if judgement else [block.sent() for block in blocks]
        if not judgement:
            _pay(move.spending, move.at_ms, spent, 1)
    known.update(zip(keys, changed, strict=True))
    return judgement


def _overspent(move: Sent, spent: Spent) -> Judgement:
    spending = move.spending
    if spending is None:
        return ALLOWED
    from_ms = since(move.at_ms)
    for bound in spending.bounds:
        hours = spent.get((spending.tenant, bound.owner), {})
        micros = sum(micros for hour_ms, micros in hours.items() if hour_ms >= from_ms)
        if micros + spending.micros > bound.limit_micros:
            overspent = Overspent(owner=bound.owner, spent_micros=micros, limit_micros=bound.limit_micros)
            return Judgement(rule="spend", overspent=overspent)
    return ALLOWED


def _pay(spending: Spending | None, at_ms: int, spent: Spent, times: int) -> None:
    if spending is None:
        return
    hour_ms = hour_of(at_ms)
    for owner in _owners(spending):
        hours = spent.setdefault(owner, {})
        hours[hour_ms] = max(0, hours.get(hour_ms, 0) + times * spending.micros)


def _owners(spending: Spending) -> list[Owner]:
    return [(spending.tenant, bound.owner) for bound in spending.bounds]
