"""What others read of a ledger: proven entries below the last checkpoint, tiles, gaps, and no more than was signed."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.merkle import leaf_hash
from ringfence.domain.ledger.note import COSIGNATURE, Signer, join_note, open_note, parse_verifier, split_note
from ringfence.domain.ledger.proof import check_consistency, check_inclusion
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.ledger import records as module
from ringfence.kms.ledger.keys import commitment, load_ledger_keys
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import GAP, LedgerWriter
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.ports.ledger import AccessEntry, LeaseStanding, LedgerGap, ProvenEntries

SIGNED = 600  # as the checkpoint says; what is beyond is in the ledger too
BEYOND = 40
WITNESS = Signer("witness.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32), COSIGNATURE)
NO_SUCH = r"^the ledger has not so many entries$"


def entry(n: int) -> AccessEntry:
    if n % 100 == 50:
        return AccessEntry(at_ms=n, account="", actor="dispatcher", verb=GAP, scope=(str(n), str(n - 9), str(n)))
    scope = (f"session:CS{n % 5}", str(n))
    return AccessEntry(at_ms=n, account=f"AC{n % 3}", actor=f"SK{n % 2}", verb="open_epochs", scope=scope)


async def write(directory: Path, first: int, stop: int) -> None:
    ledger = LedgerWriter(directory)
    await ledger.open(at_ms=0)
    await ledger.append([entry(n) for n in range(first, stop)])
    await ledger.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose last checkpoint is of its first entries: who only reads has no more than those."""
    directory = tmp_path_factory.mktemp("ledger")
    asyncio.run(write(directory, 1, SIGNED))
    checkpoint = directory / "ledger" / "checkpoint"
    signed = checkpoint.read_bytes()
    asyncio.run(write(directory, SIGNED, SIGNED + BEYOND))
    checkpoint.write_bytes(signed)
    return directory


async def everybody(*_: Any) -> None:
    """Whoever asks may."""


@pytest.fixture
def records(folder: Path) -> FolderRecords:
    return FolderRecords(folder, everybody)


@pytest.fixture
def unsigned(tmp_path: Path) -> FolderRecords:
    """A ledger that has no checkpoint yet."""
    asyncio.run(write(tmp_path, 1, 3))
    (tmp_path / "ledger" / "checkpoint").unlink()
    return FolderRecords(tmp_path, everybody)


def numbers(found: ProvenEntries) -> list[int]:
    return [one.n for one in found.entries]


def of_account(*, after: int = -1, before: int = SIGNED) -> list[int]:
    return [n for n in range(1, SIGNED) if entry(n).account == "AC1" and after < n < before]


def test_the_checkpoint_and_the_key_that_signed_it_are_there_for_anybody(run: Any, records: FolderRecords) -> None:
    note, verifier = run(records.checkpoint()), run(records.verifier())
    text, _ = open_note(note, [parse_verifier(verifier)])
    assert parse_checkpoint(text).size == SIGNED


def test_entries_are_proven_by_the_checkpoint_that_comes_with_them(run: Any, records: FolderRecords) -> None:
    note = run(records.checkpoint())
    signed = parse_checkpoint(split_note(note)[0])
    for asked in (
        records.entries_for("AC1", -1, 1_000),
        records.latest_for("AC1", None, 20),
        records.entries_by("AC1", "actor", "SK0", -1, 20),
    ):
        found = run(asked)
        assert found.checkpoint == note
        assert found.entries
        for one in found.entries:
            assert one.entry == entry(one.n)
            leaf = leaf_hash(commitment(one.salt, one.body))
            check_inclusion(one.n, signed.size, leaf, list(one.proof), signed.root)


def test_an_account_has_its_entries_in_order_between_two_numbers_and_so_many(run: Any, records: FolderRecords) -> None:
    assert numbers(run(records.entries_for("AC1", -1, 1_000))) == of_account()
    after = of_account()[7]
    assert numbers(run(records.entries_for("AC1", after, 5))) == of_account(after=after)[:5]
    assert numbers(run(records.latest_for("AC1", None, 5))) == of_account()[-5:]
    assert numbers(run(records.latest_for("AC1", after, 5))) == of_account(before=after)[-5:]
    assert numbers(run(records.latest_for("AC1", SIGNED + BEYOND, 5))) == of_account()[-5:]
    assert numbers(run(records.entries_for("AC9", -1, 5))) == []


def test_an_account_has_those_of_one_who_opened_or_of_one_session(run: Any, records: FolderRecords) -> None:
    by_actor = [n for n in of_account() if entry(n).actor == "SK1"]
    assert numbers(run(records.entries_by("AC1", "actor", "SK1", -1, 1_000))) == by_actor
    assert numbers(run(records.entries_by("AC1", "actor", "SK1", by_actor[3], 4))) == by_actor[4:8]
    in_session = [n for n in of_account() if n % 5 == 2]
    assert numbers(run(records.entries_by("AC1", "session", "CS2", -1, 1_000))) == in_session


def test_no_more_are_given_than_at_once(run: Any, records: FolderRecords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_AT_ONCE", 3)
    caller = Caller(account="AC1", credential="SK1", seed=b"s")
    for asked in (
        records.entries_of(caller, "AC1", -1, 9),
        records.entries_for("AC1", -1, 9),
        records.latest_for("AC1", None, 9),
        records.entries_by("AC1", "actor", "SK1", -1, 9),
    ):
        assert len(run(asked).entries) == 3


def test_a_callers_entries_are_of_an_account_that_it_opens(run: Any, folder: Path) -> None:
    asked: list[tuple[Caller, str]] = []

    async def allow(caller: Caller, account: str) -> None:
        asked.append((caller, account))
        if account != "AC1":
            raise KeyRefusedError("another's")

    records = FolderRecords(folder, allow)
    caller = Caller(account="AC1", credential="SK1", seed=b"s")
    first, second = of_account()[:2]
    assert numbers(run(records.entries_of(caller, "AC1", first, 1))) == [second]
    with pytest.raises(KeyRefusedError, match="another's"):
        run(records.entries_of(caller, "AC2", -1, 1))
    assert asked == [(caller, "AC1"), (caller, "AC2")]


@pytest.mark.parametrize(("old_size", "size"), [(0, 0), (0, 7), (1, SIGNED), (256, 257), (SIGNED, SIGNED)])
def test_what_was_there_is_shown_to_be_there_still(
    run: Any, records: FolderRecords, folder: Path, old_size: int, size: int
) -> None:
    proof = run(records.consistency(old_size, size))
    reader = LedgerReader(folder)
    check_consistency(old_size, size, reader.root(old_size), reader.root(size), proof)


@pytest.mark.parametrize(("old_size", "size"), [(-1, 5), (6, 5), (1, SIGNED + 1)])
def test_of_what_is_not_signed_nothing_is_shown(run: Any, records: FolderRecords, old_size: int, size: int) -> None:
    with pytest.raises(ValueError, match=NO_SUCH):
        run(records.consistency(old_size, size))


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001"])
def test_a_tile_is_as_the_tree_has_it(run: Any, records: FolderRecords, folder: Path, path: str) -> None:
    tile = module.parse_tile_path(path)
    assert tile is not None
    assert run(records.tile(path)) == LedgerReader(folder).tile(tile) != b""


@pytest.mark.parametrize("path", ["tile/0/002.p/89", "tile/0/002", "tile/0/003", "tile/1/000.p/3", "tile/x", ""])
def test_a_tile_that_is_wider_than_what_is_signed_is_not_there(run: Any, records: FolderRecords, path: str) -> None:
    assert run(records.tile(path)) == b""


def test_before_the_first_checkpoint_there_is_nothing(run: Any, unsigned: FolderRecords) -> None:
    assert run(unsigned.checkpoint()) == ""
    assert run(unsigned.entries_for("AC1", -1, 9)) == ProvenEntries(checkpoint="", entries=())
    assert run(unsigned.latest_for("AC1", None, 9)) == ProvenEntries(checkpoint="", entries=())
    assert run(unsigned.entries_by("AC1", "actor", "SK1", -1, 9)) == ProvenEntries(checkpoint="", entries=())
    assert run(unsigned.gaps()) == []
    assert run(unsigned.tile("tile/0/000.p/1")) == b""
    assert run(unsigned.standing()).signed_ms is None
    with pytest.raises(ValueError, match=NO_SUCH):
        run(unsigned.consistency(0, 0))


def test_gaps_are_the_newest_of_the_ledgers_own_entries(
    run: Any, records: FolderRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = [LedgerGap(n=n, count=n, first_ms=n - 9, last_ms=n) for n in (50, 150, 250, 350, 450, 550)]
    assert run(records.gaps()) == all_of_them
    monkeypatch.setattr(module, "GAPS_SHOWN", 4)
    assert run(records.gaps()) == all_of_them[-4:]
    monkeypatch.setattr(module, "GAPS_LOOKED_AT", 2)
    assert run(records.gaps()) == all_of_them[-2:]


def test_how_it_stands_is_when_it_was_signed_and_who_leases_it(run: Any, folder: Path) -> None:
    os.utime(folder / "ledger" / "checkpoint", ns=(5_000_000, 1_234_567_890))
    assert run(FolderRecords(folder, everybody).standing()).signed_ms == 1_234
    assert run(FolderRecords(folder, everybody).standing()).lease is None
    lease = LeaseStanding(since_ms=7)
    assert run(FolderRecords(folder, everybody, lease=lambda: lease).standing()).lease == lease


def test_who_holds_the_keys_reads_without_the_key_file(run: Any, tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, 1, 3))
    keys = load_ledger_keys(KeyFiles(tmp_path / "keys"))
    for path in (tmp_path / "keys").iterdir():
        path.unlink()
    assert numbers(run(FolderRecords(tmp_path, everybody, keys).entries_for("AC1", -1, 9))) == [1]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"\n" * 90_000)])
def test_where_it_cannot_be_read_that_is_said(run: Any, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    asyncio.run(write(tmp_path, 1, 3))
    damage(tmp_path / "ledger" / "entries")
    with pytest.raises(ConnectionError, match=r"^the ledger cannot be read$"):
        run(FolderRecords(tmp_path, everybody).entries_for("AC1", -1, 9))


def cosigned(note: str) -> str:
    text, lines = split_note(note)
    return join_note(text, [*(f"{line}\n" for line in lines), WITNESS.sign(text, 7)])


def test_what_a_witness_signed_is_kept_and_shown(run: Any, tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, 1, 3))
    records = FolderRecords(tmp_path, everybody)
    first = cosigned(run(records.checkpoint()))
    asyncio.run(write(tmp_path, 3, 5))
    second = cosigned(run(records.checkpoint()))
    assert run(records.cosigned()) == []
    run(records.keep_cosigned(second))
    run(records.keep_cosigned(first))  # of fewer entries, and it is still this ledger's
    assert run(records.cosigned()) == [first, second]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"size": 4}, "it is not a checkpoint of this ledger"),
        ({"root": b"r" * 32}, "it is not a checkpoint of this ledger"),
        ({"size": 2}, "it is not a checkpoint of this ledger"),
        ({}, "two signatures or more"),
    ],
)
def test_what_is_no_cosigned_checkpoint_of_this_ledger_is_not_kept(
    run: Any, tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    asyncio.run(write(tmp_path, 1, 3))
    keys = load_ledger_keys(KeyFiles(tmp_path / "keys"))
    records = FolderRecords(tmp_path, everybody)
    true = parse_checkpoint(split_note(run(records.checkpoint()))[0])
    text = Checkpoint(**(true._asdict() | change)).text()
    lines = [keys.signer.sign(text), *([WITNESS.sign(text, 7)] if change else [])]
    with pytest.raises(ValueError, match=why):
        run(records.keep_cosigned(join_note(text, lines)))
    assert run(records.cosigned()) == []


def test_what_the_ledger_did_not_sign_is_not_kept(
    run: Any, records: FolderRecords, unsigned: FolderRecords, tmp_path: Path
) -> None:
    note = run(records.checkpoint())
    text, _ = split_note(note)
    with pytest.raises(ValueError, match=r"^nobody known signed the note$"):
        run(records.keep_cosigned(join_note(text, [WITNESS.sign(text, 7)])))
    keys = load_ledger_keys(KeyFiles(tmp_path / "keys"))
    text = Checkpoint(keys.signer.verifier.name, 0, LedgerReader(tmp_path).root(0)).text()
    with pytest.raises(ValueError, match=r"^it is not a checkpoint of this ledger$"):
        run(unsigned.keep_cosigned(join_note(text, [keys.signer.sign(text), WITNESS.sign(text, 7)])))
