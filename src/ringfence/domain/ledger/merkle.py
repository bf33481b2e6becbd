"""A Merkle tree that only grows: its hashes, and the little that must be kept to go on with it.

Source: RFC 9162, section 2.1.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf. It begins with 00, so that no leaf can be passed off as a node."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others. It begins with 01."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Subtree(NamedTuple):
    """A perfect subtree: the `n`th of those with 2^height leaves, counted from 0."""

    height: int
    n: int


class Frontier:
    """The roots of the perfect subtrees that make up a tree, the largest first: as many as `size` has one-bits.

    ValueError where the roots do not fit the size.
    """

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if size < 0 or len(roots) != size.bit_count() or any(len(root) != HASH_BYTES for root in roots):
            raise ValueError(f"a tree of {size} leaves has {max(size, 0).bit_count()} perfect subtrees")
        self.size = size
        self._roots = list(roots)

    @property
    def roots(self) -> tuple[bytes, ...]:
        return tuple(self._roots)

    def append(self, leaf: bytes) -> list[tuple[Subtree, bytes]]:
        """Add a leaf by its hash. Every subtree that it completed, itself first, each twice as high as the last."""
        complete = [(Subtree(0, self.size), leaf)]
        height, n, root = 0, self.size, leaf
        while n & 1:
            root = node_hash(self._roots.pop(), root)
            height, n = height + 1, n >> 1
            complete.append((Subtree(height, n), root))
        self._roots.append(root)
        self.size += 1
        return complete

    def root(self) -> bytes:
        """The root of the tree as it is."""
        if not self._roots:
            return EMPTY_ROOT
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = node_hash(left, root)
        return root


def frontier_of(size: int) -> list[Subtree]:
    """Which perfect subtrees make up a tree of `size` leaves, the largest first."""
    found = []
    at = 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            found.append(Subtree(height, at >> height))
            at += 1 << height
    return found


def split(size: int) -> int:
    """How many leaves the left half of a tree of `size` > 1 leaves has: the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
