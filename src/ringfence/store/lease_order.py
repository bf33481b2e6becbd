"""Which sender queue is leased next: of the account that has fewest, the one that waits longest."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class Candidate(NamedTuple):
    """A free queue and when its first message is due, or an earlier time. `held` by the asker comes last."""

    held: bool
    next_ms: int
    account: str
    sender: str
    fence: int = 0


class LeaseOrder:
    """Iterate over candidates in order; `put_back` one whose first message turned out to be due later.

    Without `in_hand` (queues by account) all accounts count as one.
    """

    def __init__(self, candidates: Iterable[Candidate], in_hand: Mapping[str, int] | None) -> None:
        self._in_hand = None if in_hand is None else dict(in_hand)
        self._queues: dict[tuple[bool, str], list[Candidate]] = {}
        for candidate in candidates:
            self._queues.setdefault(self._group(candidate), []).append(candidate)
        self._line: list[tuple[bool, int, Candidate]] = []
        for queues in self._queues.values():
            heapq.heapify(queues)
            self._enter(queues)

    def __iter__(self) -> Iterator[Candidate]:
        while self._line:
            _, count, candidate = heapq.heappop(self._line)
            queues = self._queues[self._group(candidate)]
            if count == self._count(candidate):
                heapq.heappop(queues)
                self._add(candidate, 1)
                yield candidate
            self._enter(queues)

    def put_back(self, candidate: Candidate, next_ms: int) -> None:
        """Not this one yet: its first message is due at `next_ms`."""
        self.drop(candidate)
        heapq.heappush(self._queues[self._group(candidate)], candidate._replace(next_ms=next_ms))

    def drop(self, candidate: Candidate) -> None:
        """Not this one at all."""
        self._add(candidate, -1)

    def _group(self, candidate: Candidate) -> tuple[bool, str]:
        return candidate.held, "" if self._in_hand is None else candidate.account

    def _count(self, candidate: Candidate) -> int:
        return 0 if self._in_hand is None or candidate.held else self._in_hand.get(candidate.account, 0)

    def _add(self, candidate: Candidate, number: int) -> None:
        if self._in_hand is not None and not candidate.held:
            self._in_hand[candidate.account] = self._in_hand.get(candidate.account, 0) + number

    def _enter(self, queues: list[Candidate]) -> None:
        """One entry in the line for each group: its first queue."""
        if queues:
            heapq.heappush(self._line, (queues[0].held, self._count(queues[0]), queues[0]))
