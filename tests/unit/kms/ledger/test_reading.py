"""What is read of a ledger is what was written, and as tiles it is what any other program expects."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.merkle import leaf_hash
from ringfence.domain.ledger.note import COSIGNATURE, Signer, join_note, open_note, parse_verifier, split_note
from ringfence.domain.ledger.proof import check_consistency, check_inclusion, consistency_proof, inclusion_proof
from ringfence.domain.ledger.tile import Tile, TileHashes, decode_bundle, tile_path, tiles_of
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.ledger import reading as module
from ringfence.kms.ledger.cosigned_file import CosignedFile
from ringfence.kms.ledger.index import By, LedgerIndex, Whose
from ringfence.kms.ledger.keys import commitment, load_ledger_keys
from ringfence.kms.ledger.lines import LedgerBrokenError
from ringfence.kms.ledger.reading import LedgerReader, Sound, read_ledger
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
    with pytest.raises(
        LedgerBrokenError, match=r"^the ledger's index is wrong about entry 5: delete it, and it is made anew$"
    ):
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
    with pytest.raises(LedgerBrokenError, match=r"^the ledger has no checkpoint yet$"):
        reader.export(tmp_path / "served")
    assert reader.check().signed == 0


def test_an_entry_that_is_being_written_is_not_read_and_one_that_does_not_hold_is_refused(
    reader: LedgerReader, tmp_path: Path
) -> None:
    path = tmp_path / "ledger" / "entries"
    whole = path.read_bytes()
    path.write_bytes(whole + b"half of an en")
    assert [line.n for line in reader.lines()] == list(range(COUNT + 1))
    assert [one.at_ms for one in read_ledger(tmp_path)] == list(range(COUNT + 1))
    path.write_bytes(whole + b"no entry\n")
    with pytest.raises(LedgerBrokenError, match=rf"^entry {COUNT + 1} of the ledger does not hold$"):
        list(reader.lines())


@pytest.mark.parametrize("limit", [None, 0, 9, 14, 20, 999])
@pytest.mark.parametrize(("after", "before"), [(-1, None), (100, 160)])
def test_whose_they_are_is_found_in_pieces_of_any_number(
    reader: LedgerReader, monkeypatch: pytest.MonkeyPatch, after: int, before: int | None, limit: int | None
) -> None:
    monkeypatch.setattr(module, "FOUND_AT_ONCE", 7)
    mine = [n for n in range(1, COUNT + 1) if n % 3 == 1 and after < n < (before or COUNT + 1)]
    found = reader.lines_of("account", "AC1", after=after, before=before, limit=limit)
    assert [line.n for line in found] == mine[:limit]


def test_what_is_not_signed_yet_is_checked_and_counted(run: Any, reader: LedgerReader, tmp_path: Path) -> None:
    checkpoint = tmp_path / "ledger" / "checkpoint"
    signed = checkpoint.read_bytes()
    run(write(tmp_path, COUNT + 1, 100))
    whole = reader.root(COUNT + 101)
    checkpoint.write_bytes(signed)
    assert reader.check() == Sound(entries=COUNT + 101, root=whole, signed=COUNT + 1)
    # Of the tree beyond it nothing is asserted: it may be behind its entries.
    (tmp_path / "ledger" / "level-0").write_bytes((tmp_path / "ledger" / "level-0").read_bytes()[: (COUNT + 1) * 32])
    assert reader.check().signed == COUNT + 1


def test_a_tile_has_what_is_there_of_it(reader: LedgerReader) -> None:
    assert len(reader.tile(Tile(0, 0))) == 256 * 32
    assert len(reader.tile(Tile(0, 2))) == (COUNT + 1 - 512) * 32
    assert reader.tile(Tile(0, 9)) == reader.tile(Tile(5, 0)) == reader.tile(Tile(None, 9)) == b""
    leaves = [line.leaf for line in reader.lines()]
    assert decode_bundle(reader.tile(Tile(None, 1))) == leaves[256:512]
    assert decode_bundle(reader.tile(Tile(None, 1, 3))) == leaves[256:259]


def test_an_export_names_the_witnesses_and_leaves_what_is_there(reader: LedgerReader, tmp_path: Path) -> None:
    served = tmp_path / "served"
    reader.export(served)
    assert (served / "checkpoint").read_text(encoding="utf-8") == reader.note()
    assert not (served / "cosigned").exists()
    tile = served / tile_path(Tile(0, 0))
    before = tile.stat().st_mtime_ns
    text, lines = split_note(reader.note())
    witness = Signer("witness.example", Ed25519PrivateKey.generate(), COSIGNATURE).sign(text, 7)
    CosignedFile(tmp_path / "ledger" / "cosigned").keep(join_note(text, [f"{lines[0]}\n", witness]))
    assert len(reader.cosigned()) == 1
    reader.export(served)
    assert tile.stat().st_mtime_ns == before
    for name in ("checkpoint", "cosigned"):
        assert (served / name).read_text(encoding="utf-8") == join_note(text, [f"{lines[0]}\n", witness])


def test_a_checkpoint_of_others_is_not_told_as_ours(reader: LedgerReader, tmp_path: Path) -> None:
    text, _ = split_note(reader.note())
    other = Signer(reader.verifier.name, Ed25519PrivateKey.generate())
    (tmp_path / "ledger" / "checkpoint").write_text(join_note(text, [other.sign(text)]), encoding="utf-8")
    for asked in (reader.note, reader.checkpoint, reader.check):
        with pytest.raises(LedgerBrokenError, match="nobody known signed"):
            asked()


def test_a_ledger_cut_off_below_its_checkpoint_is_found(reader: LedgerReader, tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "entries"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    why = f"^the ledger ends after {COUNT - 1} entries, its checkpoint says {COUNT + 1}$"
    with pytest.raises(LedgerBrokenError, match=why):
        reader.check()


def test_entries_that_changed_their_places_are_found(reader: LedgerReader, tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "entries"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[11], lines[14] = lines[14], lines[11]
    assert len(lines[11]) == len(lines[14])
    path.write_bytes(b"".join(lines))
    for found in (reader.lines(), reader.lines_at([11])):
        with pytest.raises(LedgerBrokenError, match=r"^entry 11 of the ledger does not hold$"):
            list(found)


def test_entries_of_another_root_than_was_signed_are_found(reader: LedgerReader, tmp_path: Path) -> None:
    keys = load_ledger_keys(KeyFiles(tmp_path / "keys"))
    text = Checkpoint(reader.verifier.name, COUNT, bytes(32)).text()
    (tmp_path / "ledger" / "checkpoint").write_text(join_note(text, [keys.signer.sign(text)]), encoding="utf-8")
    with pytest.raises(LedgerBrokenError, match=r"^the ledger's entries are not those of its checkpoint$"):
        reader.check()
