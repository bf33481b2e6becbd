"""Tiles have the paths of the specification, and hold all that proofs need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.ledger.merkle import Frontier, Subtree, leaf_hash
from ringfence.domain.ledger.proof import (
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root_of,
)
from ringfence.domain.ledger.tile import (
    HEIGHT,
    MAX_LEVEL,
    WIDTH,
    Tile,
    TileHashes,
    decode_bundle,
    encode_bundle,
    parse_tile_path,
    tile_path,
    width_at,
)

tiles = st.builds(Tile, st.none() | st.integers(0, MAX_LEVEL), st.integers(0, 2**55), st.integers(1, WIDTH))


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(Tile(0, 1_234_067)) == "tile/0/x001/x234/067"
    assert tile_path(Tile(1, 0, 8)) == "tile/1/000.p/8"
    assert tile_path(Tile(None, 5)) == "tile/entries/005"
    assert tile_path(Tile(None, 1_000, 255)) == "tile/entries/x001/000.p/255"


@given(tiles)
def test_a_path_names_its_tile(tile: Tile) -> None:
    assert parse_tile_path(tile_path(tile)) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/00/001",
        "tile/64/001",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/999",
        "tile/0/001.p/01",
        "tile/-1/001",
        "tile/entry/001",
        "tile/0/٠٠١",
        "/tile/0/001",
        "tile/0/001\n",
        "tile/0/" + "x001/" * 30 + "001",
        "tile/0/../001",
    ],
)
def test_other_paths_name_none(path: str) -> None:
    assert parse_tile_path(path) is None


@given(st.lists(st.binary(max_size=40), max_size=WIDTH))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


def test_bundles_are_bounded_and_whole() -> None:
    assert encode_bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    assert decode_bundle(encode_bundle([bytes(65_535)])) == [bytes(65_535)]
    for entries in ([bytes(65_536)], [b""] * 257):
        with pytest.raises(ValueError, match="too much"):
            encode_bundle(entries)
    for data in (b"\x00", b"\x00\x02a", b"\x00\x02ab\x00"):
        with pytest.raises(ValueError, match="cut off"):
            decode_bundle(data)
    with pytest.raises(ValueError, match="more than 256"):
        decode_bundle(b"\x00\x00" * 257)


def test_widths_follow_from_the_size() -> None:
    assert [width_at(0, n, 300) for n in (0, 1, 2)] == [256, 44, 0]
    assert [width_at(None, n, 256) for n in (0, 1)] == [256, 0]
    assert [width_at(1, 0, size) for size in (255, 256, 70_000)] == [0, 1, 256]
    assert width_at(1, 1, 70_000) == 17


class Tiled:
    """A tree of so many leaves as its tiles."""

    def __init__(self, size: int) -> None:
        self._rows: dict[int, bytearray] = {}
        self.tree = Frontier()
        self.asked: list[Tile] = []
        for n in range(size):
            for subtree, root in self.tree.append(leaf_hash(n.to_bytes(4))):
                if subtree.height % HEIGHT == 0:
                    self._rows.setdefault(subtree.height // HEIGHT, bytearray()).extend(root)

    def fetch(self, tile: Tile) -> bytes:
        self.asked.append(tile)
        assert tile.level is not None
        row = self._rows[tile.level]
        return bytes(row[tile.n * WIDTH * 32 : (tile.n * WIDTH + tile.width) * 32])


TILED = Tiled(66_000)


@given(st.integers(1, 66_000), st.data())
def test_proofs_are_made_from_tiles_alone(size: int, data: st.DataObject) -> None:
    hashes = TileHashes(TILED.fetch, 66_000)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(hashes, index, size)
    later = consistency_proof(hashes, size, 66_000)
    root = root_of(hashes, size)
    check_inclusion(index, size, leaf_hash(index.to_bytes(4)), proof, root)
    check_consistency(size, 66_000, root, TILED.tree.root(), later)


def test_only_tiles_that_a_tree_of_that_size_has_are_fetched() -> None:
    TILED.asked.clear()
    inclusion_proof(TileHashes(TILED.fetch, 66_000), 3, 66_000)
    for tile in TILED.asked:
        assert tile.width == width_at(tile.level, tile.n, 66_000) > 0


def test_a_subtree_beyond_the_tree_is_not_made_up() -> None:
    hashes = TileHashes(TILED.fetch, 300)
    hashes.subtree(Subtree(8, 0))
    for subtree in (Subtree(0, 300), Subtree(8, 1), Subtree(16, 0)):
        with pytest.raises(ValueError, match="ends before"):
            hashes.subtree(subtree)


def test_a_tile_of_another_length_is_told() -> None:
    with pytest.raises(ValueError, match=r"tile/0/000.p/3 has another length"):
        TileHashes(lambda _: bytes(64), 3).subtree(Subtree(0, 1))
