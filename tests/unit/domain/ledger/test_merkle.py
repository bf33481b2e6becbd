"""A tree has the roots that RFC 9162's definition gives it, and its frontier is enough to go on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.ledger.merkle import EMPTY_ROOT, Frontier, Subtree, frontier_of, leaf_hash, node_hash, split

# The eight leaves that Certificate Transparency's implementations try themselves on, and the root after each.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, as it is written."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(by_definition(leaves[:middle]), by_definition(leaves[middle:]))


def test_the_known_leaves_have_the_known_roots() -> None:
    tree = Frontier()
    roots = []
    for leaf in LEAVES:
        tree.append(leaf_hash(leaf))
        roots.append(tree.root().hex())
    assert roots == ROOTS


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_any_tree_has_the_root_of_the_definition(leaves: list[bytes]) -> None:
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    assert (tree.size, tree.root()) == (len(leaves), by_definition(leaves))


@given(st.lists(st.binary(max_size=8), max_size=70), st.integers(0, 70))
def test_a_frontier_kept_goes_on_as_if_it_had_never_stopped(leaves: list[bytes], at: int) -> None:
    at = min(at, len(leaves))
    first = Frontier()
    for leaf in leaves[:at]:
        first.append(leaf_hash(leaf))
    second = Frontier(first.size, first.roots)
    for leaf in leaves[at:]:
        second.append(leaf_hash(leaf))
    assert second.root() == by_definition(leaves)


@given(st.integers(1, 300))
def test_each_subtree_is_told_of_once_when_it_is_complete(size: int) -> None:
    tree = Frontier()
    told: dict[Subtree, bytes] = {}
    for n in range(size):
        for subtree, root in tree.append(leaf_hash(bytes((n & 0xFF,)))):
            assert subtree not in told
            told[subtree] = root
    assert sorted(told) == [Subtree(height, n) for height in range(size.bit_length()) for n in range(size >> height)]
    for (height, n), root in told.items():
        leaves = [bytes((leaf & 0xFF,)) for leaf in range(n << height, (n + 1) << height)]
        assert root == by_definition(leaves)
    assert tree.roots == tuple(told[subtree] for subtree in frontier_of(size))


def test_a_frontier_that_does_not_fit_its_size_is_refused() -> None:
    for size, roots in ((1, []), (0, [bytes(32)]), (3, [bytes(32)]), (1, [bytes(31)]), (-1, [])):
        with pytest.raises(ValueError, match="perfect subtrees"):
            Frontier(size, roots)


def test_the_left_half_is_the_largest_power_of_two_below() -> None:
    assert [split(size) for size in (2, 3, 4, 5, 8, 9)] == [1, 2, 2, 4, 4, 8]
