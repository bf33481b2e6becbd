"""What is read of a ledger is what was written, and as tiles it is what any other program expects."""

from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.merkle import leaf_hash
from ringfence.domain.ledger.note import open_note, parse_verifier
from ringfence.domain.ledger.proof import check_consistency, check_inclusion, consistency_proof, inclusion_proof
from ringfence.domain.ledger.tile import Tile, TileHashes, decode_bundle, tile_path, tiles_of
from ringfence.kms.ledger.index import By, LedgerIndex, Whose
from ringfence.kms.ledger.keys import commitment
from ringfence.kms.ledger.lines import LedgerBrokenError
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

COUNT = 700


def entry(n: int) -> AccessEntry:
    return AccessEntry(at_ms=n, account=f"AC{n % 3}", actor=f"SK{n % 2}", verb="open_epochs", scope=(str(n),))


async def write(directory: Path, first: int, count: int) -> None:
    ledger = LedgerWriter(directory)
    await ledger.open(at_ms=0)
    await ledger.append([entry(n) for n in range(first, first + count)])
    await ledger.close()


@pytest.fixture
def reader(run: Any, tmp_path: Path) -> LedgerReader:
    run(write(tmp_path, 1, COUNT))
    return LedgerReader(tmp_path)


def test_entries_are_found_by_number_and_by_whose_they_are(reader: LedgerReader) -> None:
    assert [line.entry for line in reader.lines_at([1, 255, 256, 257, COUNT])] == [
        entry(n) for n in (1, 255, 256, 257, COUNT)
    ]
    assert [line.entry for line in reader.lines_of("account", "AC1")] == [entry(n) for n in range(1, COUNT + 1, 3)]
    assert [line.n for line in reader.lines_of("actor", "SK0")] == list(range(2, COUNT + 1, 2))
    with pytest.raises(LedgerBrokenError, match=f"entry {COUNT + 1}"):
        list(reader.lines_at([COUNT + 1]))
    with pytest.raises(LedgerBrokenError, match="entry 9999"):
        list(reader.lines_at([9_999]))


@pytest.mark.parametrize("by", ["account", "actor", "session"])
def test_an_index_that_is_wrong_shows_nobody_what_is_anothers(reader: LedgerReader, tmp_path: Path, by: By) -> None:
    index = LedgerIndex(tmp_path / "ledger" / "index.db")
    index.add([(5, Whose("thief", "thief", "thief"))])
    index.close()
    with pytest.raises(LedgerBrokenError, match="wrong about entry 5"):
        list(reader.lines_of(by, "thief"))


def test_an_account_can_show_its_entry_to_be_in_the_tree(reader: LedgerReader) -> None:
    signed = reader.checkpoint()
    assert signed is not None
    for line in reader.lines_of("account", "AC2"):
        proof = inclusion_proof(reader.hashes(signed.size), line.n, signed.size)
        leaf = commitment(reader.salt(line), line.body)
        check_inclusion(line.n, signed.size, leaf_hash(leaf), proof, signed.root)


def test_an_export_is_all_that_a_stranger_needs_to_check_it(run: Any, reader: LedgerReader, tmp_path: Path) -> None:
    served = tmp_path / "served"
    first = reader.export(served)
    assert first.size == COUNT + 1
    run(write(tmp_path, COUNT + 1, 70_000))
    second = reader.export(served)

    text, (signature,) = open_note(
        (served / "checkpoint").read_text(encoding="utf-8"), [parse_verifier(reader.verifier.encode())]
    )
    assert signature.verifier == reader.verifier
    assert parse_checkpoint(text) == second

    def fetch(tile: Tile) -> bytes:
        return (served / tile_path(tile)).read_bytes()

    hashes = TileHashes(fetch, second.size)
    proof = consistency_proof(hashes, first.size, second.size)
    check_consistency(first.size, second.size, first.root, second.root, proof)
    leaf = decode_bundle(fetch(Tile(None, 1)))[44]
    check_inclusion(300, second.size, leaf_hash(leaf), inclusion_proof(hashes, 300, second.size), second.root)
    files = {str(path.relative_to(served)) for path in served.rglob("*") if path.is_file()}
    assert files >= {"checkpoint", *(tile_path(tile) for tile in tiles_of(second.size))}
    assert not any(b"open_epochs" in path.read_bytes() for path in served.rglob("*") if path.is_file())


@pytest.mark.parametrize(("level", "at"), [(0, 5_000), (0, 22_431), (1, 0)])
def test_tiles_that_were_changed_are_found(reader: LedgerReader, tmp_path: Path, level: int, at: int) -> None:
    path = tmp_path / "ledger" / f"level-{level}"
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(LedgerBrokenError, match=rf"tile/{level}/00\d(\.p/\d+)? of the ledger"):
        reader.check()


def test_what_is_not_signed_is_not_exported(reader: LedgerReader, tmp_path: Path) -> None:
    (tmp_path / "ledger" / "checkpoint").unlink()
    assert (reader.note(), reader.checkpoint()) == ("", None)
    with pytest.raises(LedgerBrokenError, match="no checkpoint yet"):
        reader.export(tmp_path / "served")
    assert reader.check().signed == 0
