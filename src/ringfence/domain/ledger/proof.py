"""Proofs that a leaf is in a tree, and that a tree is the beginning of a later one: made and checked.

Source: RFC 9162, sections 2.1.3 and 2.1.4. A proof is a list of hashes, at most 63 on a path.
"""

from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.ledger.merkle import EMPTY_ROOT, HASH_BYTES, Subtree, node_hash, split


class ProofError(Exception):
    """The proof does not show what it should."""


class Hashes(Protocol):
    """Where the hashes of a tree are kept."""

    def subtree(self, subtree: Subtree) -> bytes:
        """The root of a perfect subtree, all of whose leaves are there."""


def root_of(hashes: Hashes, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return EMPTY_ROOT if size == 0 else _range(hashes, 0, size)


def inclusion_proof(hashes: Hashes, index: int, size: int) -> list[bytes]:
    """That the leaf `index` is among the first `size`. ValueError where it is not."""
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    path = []
    low, high = 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append(_range(hashes, middle, high))
            high = middle
        else:
            path.append(_range(hashes, low, middle))
            low = middle
    return path[::-1]


def consistency_proof(hashes: Hashes, old_size: int, size: int) -> list[bytes]:
    """That the first `old_size` leaves of a tree of `size` are what they were. ValueError where it has not so many."""
    if not 0 <= old_size <= size:
        raise ValueError("the later tree is the smaller one")
    if old_size in (0, size):
        return []
    path = []
    low, high = 0, size
    whole = True
    while old_size != high:
        middle = low + split(high - low)
        if old_size <= middle:
            path.append(_range(hashes, middle, high))
            high = middle
        else:
            path.append(_range(hashes, low, middle))
            low, whole = middle, False
    if not whole:
        path.append(_range(hashes, low, high))
    return path[::-1]


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Return where the leaf of this hash is the `index`th of the tree of this size and root, else ProofError."""
    _check_shape(proof)
    if not 0 <= index < size:
        raise ProofError("the tree has no such leaf")
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    if last:
        raise ProofError("the proof is too short")
    if found != root:
        raise ProofError("the leaf is not in the tree")


def check_consistency(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Return where the older tree is the beginning of the later one, else ProofError."""
    _check_shape(proof)
    if not 0 <= old_size <= size:
        raise ProofError("the later tree is the smaller one")
    if old_size in (0, size):
        _check_trivial(old_size, size, old_root, root, proof)
        return
    steps = list(proof)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        raise ProofError("the proof is too short")
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_found = found = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if at & 1 or at == last:
            old_found = node_hash(step, old_found)
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    if last:
        raise ProofError("the proof is too short")
    if old_found != old_root or found != root:
        raise ProofError("the later tree does not begin with the older one")


def _check_trivial(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofError("the proof is too long")
    if old_size == size and old_root != root:
        raise ProofError("two trees of one size differ")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise ProofError("an empty tree has another root")


def _check_shape(proof: Sequence[bytes]) -> None:
    if any(len(step) != HASH_BYTES for step in proof):
        raise ProofError("a hash of the proof has another length")


def _range(hashes: Hashes, low: int, high: int) -> bytes:
    """The root over the leaves from `low` to before `high`, where `low` begins a subtree that holds them all."""
    size = high - low
    if size & (size - 1) == 0:
        return hashes.subtree(Subtree(size.bit_length() - 1, low // size))
    middle = low + split(size)
    return node_hash(_range(hashes, low, middle), _range(hashes, middle, high))
