"""The tree in files is the tree of its leaves, as far back as it is asked for."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.ledger.merkle import Frontier, leaf_hash
from ringfence.domain.ledger.proof import check_consistency, check_inclusion, consistency_proof, inclusion_proof
from ringfence.domain.ledger.tile import Tile
from ringfence.kms.ledger.tree_files import TreeFiles


def leaf(n: int) -> bytes:
    return leaf_hash(n.to_bytes(4))


def roots_up_to(size: int) -> list[bytes]:
    tree = Frontier()
    roots = [tree.root()]
    for n in range(size):
        tree.append(leaf(n))
        roots.append(tree.root())
    return roots


ROOTS = roots_up_to(1_100)


def grown(folder: Path, size: int, *, group: int = 100) -> TreeFiles:
    files = TreeFiles(folder)
    for n in range(size):
        files.add(leaf(n), n * 10)
        if n % group == group - 1:
            files.flush()
    files.flush()
    return files


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_100), st.data())
def test_proofs_hold_at_any_size(size: int, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = grown(Path(folder), size)
        assert (files.size, files.root(size)) == (size, ROOTS[size])
        old = data.draw(st.integers(0, size))
        check_consistency(old, size, ROOTS[old], ROOTS[size], consistency_proof(files.hashes(size), old, size))
        if old:
            n = data.draw(st.integers(0, old - 1))
            check_inclusion(n, old, leaf(n), inclusion_proof(files.hashes(old), n, old), ROOTS[old])
            assert files.block(n) == n // 256 * 2_560
        files.close()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_100), st.integers(0, 1_100))
def test_it_goes_on_from_any_place(size: int, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        grown(Path(folder), size).close()
        files = TreeFiles(Path(folder))
        if at > size:
            assert files.restore(at) is None
        else:
            assert files.restore(at) == ROOTS[at]
            for n in range(at, size):
                files.add(leaf(n), n * 10)
            files.flush()
            assert files.root(size) == ROOTS[size]
        files.close()


def test_what_is_not_flushed_is_not_counted(tmp_path: Path) -> None:
    files = TreeFiles(tmp_path)
    files.add(leaf(0), 0)
    assert files.size == 0
    files.flush()
    assert files.size == 1
    assert files.read(Tile(0, 0, 1)) == leaf(0)
    assert files.read(Tile(3, 0, 1)) == b""
    files.close()


def test_entry_bundles_are_not_here(tmp_path: Path) -> None:
    files = TreeFiles(tmp_path)
    with pytest.raises(ValueError, match="entry bundles"):
        files.read(Tile(None, 0))
    files.close()
