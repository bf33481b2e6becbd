"""Proofs hold for every leaf and every pair of sizes, and for nothing else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ringfence.domain.ledger.merkle import EMPTY_ROOT, Frontier, Subtree, leaf_hash
from ringfence.domain.ledger.proof import (
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root_of,
)

LARGEST = 40


class Kept:
    """All hashes of a tree whose leaves are their own numbers."""

    def __init__(self, size: int) -> None:
        self._kept: dict[Subtree, bytes] = {}
        tree = Frontier()
        for n in range(size):
            self._kept.update(tree.append(leaf_hash(bytes((n,)))))

    def subtree(self, subtree: Subtree) -> bytes:
        return self._kept[subtree]


TREE = Kept(LARGEST)
ROOTS = [root_of(TREE, size) for size in range(LARGEST + 1)]
sizes = st.integers(1, LARGEST)


def test_the_root_of_nothing_is_that_of_an_empty_tree() -> None:
    assert ROOTS[0] == EMPTY_ROOT == Frontier().root()


def test_every_leaf_is_shown_to_be_in_every_tree_that_has_it() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = inclusion_proof(TREE, index, size)
            check_inclusion(index, size, leaf_hash(bytes((index,))), proof, ROOTS[size])


def test_every_tree_is_shown_to_begin_with_every_smaller_one() -> None:
    for size in range(LARGEST + 1):
        for old_size in range(size + 1):
            proof = consistency_proof(TREE, old_size, size)
            check_consistency(old_size, size, ROOTS[old_size], ROOTS[size], proof)


def test_the_paths_of_the_rfc_are_made() -> None:
    # RFC 9162, section 2.1.5: the tree of seven leaves, d0 to d6.
    def leaf(n: int) -> bytes:
        return TREE.subtree(Subtree(0, n))

    g, h, i, k, l_ = (TREE.subtree(Subtree(1, 0)), TREE.subtree(Subtree(1, 1)), TREE.subtree(Subtree(1, 2)),
                      TREE.subtree(Subtree(2, 0)), root_of_last_three())  # fmt: skip
    assert inclusion_proof(TREE, 0, 7) == [leaf(1), h, l_]
    assert inclusion_proof(TREE, 3, 7) == [leaf(2), g, l_]
    assert inclusion_proof(TREE, 4, 7) == [leaf(5), leaf(6), k]
    assert inclusion_proof(TREE, 6, 7) == [i, k]
    assert consistency_proof(TREE, 3, 7) == [leaf(2), leaf(3), g, l_]
    assert consistency_proof(TREE, 4, 7) == [l_]
    assert consistency_proof(TREE, 6, 7) == [i, leaf(6), k]


def root_of_last_three() -> bytes:
    tree = Frontier()
    for n in (4, 5, 6):
        tree.append(leaf_hash(bytes((n,))))
    return tree.root()


@given(sizes, st.data())
def test_another_place_leaf_root_or_length_is_not_shown(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, LARGEST - 1))
    proof = inclusion_proof(TREE, index, size)
    leaf = leaf_hash(bytes((index,)))
    if other != index:
        with pytest.raises(ProofError):
            check_inclusion(other, size, leaf, proof, ROOTS[size])
        with pytest.raises(ProofError, match="not in the tree"):
            check_inclusion(index, size, leaf_hash(bytes((other,))), proof, ROOTS[size])
    if other != size:
        with pytest.raises(ProofError):
            check_inclusion(index, size, leaf, proof, ROOTS[other])
    with pytest.raises(ProofError):
        check_inclusion(index, size, leaf, [*proof, leaf], ROOTS[size])
    if proof:
        with pytest.raises(ProofError):
            check_inclusion(index, size, leaf, proof[:-1], ROOTS[size])


@given(sizes, st.data())
def test_a_changed_hash_shows_nothing(size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, size))
    proof = consistency_proof(TREE, old_size, size)
    assume(proof)
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = list(proof)
    changed[at] = bytes((changed[at][0] ^ 1,)) + changed[at][1:]
    with pytest.raises(ProofError, match="does not begin"):
        check_consistency(old_size, size, ROOTS[old_size], ROOTS[size], changed)


@given(sizes, st.data())
def test_another_history_is_not_shown(size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, size))
    other = data.draw(st.integers(0, LARGEST))
    assume(other != old_size)
    proof = consistency_proof(TREE, old_size, size)
    with pytest.raises(ProofError):
        check_consistency(old_size, size, ROOTS[other], ROOTS[size], proof)
    with pytest.raises(ProofError):
        check_consistency(old_size, size, ROOTS[old_size], ROOTS[size], [*proof, bytes(32)])
    if proof:
        with pytest.raises(ProofError):
            check_consistency(old_size, size, ROOTS[old_size], ROOTS[size], proof[:-1])


@given(
    st.integers(-1, 2**64),
    st.integers(-1, 2**64),
    st.lists(st.binary(min_size=31, max_size=33) | st.binary(min_size=32, max_size=32), max_size=70),
)
def test_no_garbage_is_taken_for_a_proof(first: int, second: int, proof: list[bytes]) -> None:
    with pytest.raises(ProofError):
        check_inclusion(first, second, leaf_hash(b"x"), proof, bytes(32))
    with pytest.raises(ProofError):
        check_consistency(first, second, bytes(32), bytes((1,)) * 32, proof)


def test_a_tree_that_shrank_or_changed_at_one_size_is_told() -> None:
    with pytest.raises(ProofError, match="smaller"):
        check_consistency(3, 2, ROOTS[3], ROOTS[2], [])
    with pytest.raises(ProofError, match="of one size differ"):
        check_consistency(3, 3, ROOTS[3], ROOTS[4], [])
    with pytest.raises(ProofError, match="too long"):
        check_consistency(3, 3, ROOTS[3], ROOTS[3], [ROOTS[3]])
    with pytest.raises(ProofError, match="empty tree"):
        check_consistency(0, 3, ROOTS[1], ROOTS[3], [])
    check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    with pytest.raises(ProofError, match="too short"):
        check_consistency(3, 5, ROOTS[3], ROOTS[5], [])
    with pytest.raises(ProofError, match="another length"):
        check_inclusion(0, 2, leaf_hash(bytes((0,))), [b"short"], ROOTS[2])


def test_what_is_not_there_cannot_be_shown() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_proof(TREE, index, size)
    for old_size, size in ((4, 3), (-1, 3)):
        with pytest.raises(ValueError, match="smaller"):
            consistency_proof(TREE, old_size, size)
