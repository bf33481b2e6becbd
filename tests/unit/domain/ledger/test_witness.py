"""A witness follows a log that grows, and signs for none that was changed, cut or forked."""

import pytest
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from hypothesis.strategies import integers

from ringfence.domain.ledger.checkpoint import Checkpoint
from ringfence.domain.ledger.merkle import Frontier, Subtree, leaf_hash
from ringfence.domain.ledger.proof import consistency_proof, root_of
from ringfence.domain.ledger.witness import ForkError, Seen, StaleError, follow


class History:
    """A log of leaves that a thief may change from any place on."""

    def __init__(self) -> None:
        self.kept: dict[Subtree, bytes] = {}
        self.tree = Frontier()

    def grow(self, leaf: bytes) -> None:
        self.kept.update(self.tree.append(leaf_hash(leaf)))

    def subtree(self, subtree: Subtree) -> bytes:
        return self.kept[subtree]

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint("log", size, root_of(self, size))


class Watching(RuleBasedStateMachine):
    """Whatever a thief with the log's own key does, the witness's history stays one history."""

    def __init__(self) -> None:
        super().__init__()
        self.log = History()
        self.leaves: list[bytes] = []
        self.seen = Seen()
        self.signed: list[Checkpoint] = []

    @rule(count=integers(1, 9))
    def the_log_grows(self, count: int) -> None:
        for _ in range(count):
            leaf = bytes((len(self.leaves) & 0xFF,))
            self.leaves.append(leaf)
            self.log.grow(leaf)

    @rule()
    def the_witness_follows(self) -> None:
        size = self.log.tree.size
        proof = consistency_proof(self.log, self.seen.size, size)
        self.seen = follow(self.seen, self.seen.size, self.log.checkpoint(size), proof)
        self.signed.append(self.log.checkpoint(size))

    @precondition(lambda self: self.seen.size > 1)
    @rule(at=integers(0, 100), more=integers(0, 5))
    def a_changed_history_is_refused(self, at: int, more: int) -> None:
        at %= self.seen.size
        forged = History()
        for n, leaf in enumerate([*self.leaves[: self.seen.size], *([b"more"] * more)]):
            forged.grow(b"forged" if n == at else leaf)
        size = forged.tree.size
        with pytest.raises(ForkError):
            follow(self.seen, self.seen.size, forged.checkpoint(size), consistency_proof(forged, self.seen.size, size))

    @precondition(lambda self: self.seen.size > 0)
    @rule(size=integers(0, 100))
    def a_shorter_history_is_refused(self, size: int) -> None:
        size %= self.seen.size
        with pytest.raises(ForkError, match="shorter"):
            follow(self.seen, self.seen.size, self.log.checkpoint(size), [])
        with pytest.raises(StaleError):
            follow(self.seen, size, self.log.checkpoint(self.log.tree.size), [])


TestWatching = Watching.TestCase


def test_the_first_checkpoint_needs_no_proof() -> None:
    log = History()
    log.grow(b"one")
    assert follow(Seen(), 0, log.checkpoint(1), []) == Seen(1, log.tree.root())
