"""`ringfence ledger`, on the ledger of a key service that is not running."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.domain.ledger.checkpoint import Checkpoint
from ringfence.domain.ledger.note import COSIGNATURE, Signer
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.ledger.keys import load_ledger_keys
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry


def entry(n: int, verb: str = "open_epochs") -> AccessEntry:
    return AccessEntry(at_ms=1_700_000_000_000 + n * 1_000, account=f"AC{n % 3}", actor="SK1", verb=verb, scope=("7",))


async def write(directory: Path, *entries: AccessEntry) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    ledger = LedgerWriter(directory)
    await ledger.open(at_ms=1_700_000_000_000)
    await ledger.append(entries)
    await ledger.close()


@pytest.fixture
def kms(run: Any, tmp_path: Path) -> Path:
    directory = tmp_path / ".local/share/ringfence/kms"
    run(write(directory, *(entry(n) for n in range(1, 9)), entry(9, "refused.open_epochs")))
    return directory


def test_entries_are_listed(ringfence: Any, kms: Path) -> None:
    listed = ringfence("ledger", "show", "--account", "AC1", "--output", "json")
    assert [(row["n"], row["actor"], row["verb"], row["scope"]) for row in json.loads(listed.stdout)] == [
        (n, "SK1", "open_epochs", "7") for n in (1, 4, 7)
    ]
    table = ringfence("ledger", "show", "--limit", "2").stdout.splitlines()
    assert table[0].split() == ["n", "at", "account", "actor", "verb", "scope"]
    assert [line.split()[0] for line in table[1:]] == ["8", "9"]
    assert ringfence("ledger", "show", "--since", "2h", "--output", "json").stdout == "[]\n"
    refused = ringfence("ledger", "show", "--since", "soon")
    assert (refused.returncode, "is no age" in refused.stderr) == (2, True)


def test_a_sound_ledger_says_so_and_that_it_begins_as_it_did(
    run: Any, ringfence: Any, kms: Path, tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text(ringfence("ledger", "checkpoint").stdout)
    run(write(kms, entry(10), entry(11)))
    verified = ringfence("ledger", "verify", "--against", "kept")
    assert verified.returncode == 0, verified.stderr
    assert "12 entries hold together; the first 12 are under the checkpoint" in verified.stdout
    assert "begins with the 10 entries of kept" in verified.stdout
    assert ringfence("ledger", "checkpoint", "--key").stdout.startswith("ringfence-ledger-")


def test_a_changed_ledger_is_told_with_the_place(ringfence: Any, kms: Path) -> None:
    path = kms / "ledger" / "entries"
    path.write_bytes(path.read_bytes().replace(b'"account":"AC1"', b'"account":"AC2"', 1))
    refused = ringfence("ledger", "verify")
    assert refused.returncode == 1
    assert "entry 1 of the ledger does not hold → keep the folder as evidence" in refused.stderr


def test_another_ledgers_checkpoint_is_told(run: Any, ringfence: Any, kms: Path, tmp_path: Path) -> None:
    run(write(tmp_path / "other", entry(1)))
    (tmp_path / "kept").write_text((tmp_path / "other/ledger/checkpoint").read_text())
    assert "nobody known signed the note" in ringfence("ledger", "verify", "--against", "kept").stderr
    assert "give a file that" in ringfence("ledger", "verify", "--against", "nowhere").stderr


def test_a_ledger_begun_again_is_not_the_one_of_the_checkpoint_kept(
    run: Any, ringfence: Any, kms: Path, tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text(ringfence("ledger", "checkpoint").stdout)
    for left in (kms / "ledger").iterdir():
        left.unlink()
    run(write(kms, *(entry(n + 100) for n in range(12))))
    assert ringfence("ledger", "verify").returncode == 0
    refused = ringfence("ledger", "verify", "--against", "kept")
    assert "the first 10 entries are not what they were" in refused.stderr
    run(write(tmp_path / "short", entry(1)))


def test_so_many_witnesses_must_have_signed(run: Any, ringfence: Any, kms: Path, tmp_path: Path) -> None:
    first, second = (Signer(name, Ed25519PrivateKey.generate(), COSIGNATURE) for name in ("w.example/1", "w.example/2"))
    named = [word for each in (first, second) for word in ("--cosigned-by", each.verifier.encode())]
    none = ringfence("ledger", "verify", *named, "--require", "1")
    assert (none.returncode, "0 of 2 witnesses signed, 1 must have" in none.stderr) == (1, True)
    assert "3 of 2 witnesses cannot have signed" in ringfence("ledger", "verify", *named, "--require", "3").stderr
    note = ringfence("ledger", "checkpoint").stdout
    text = note.rpartition("\n\n")[0] + "\n"

    def keep(*notes: str) -> None:
        (kms / "ledger/cosigned").write_text(json.dumps(notes))

    keep(note + first.sign(text, 1_700_000_000))
    run(write(kms, entry(10)))
    one = ringfence("ledger", "verify", *named, "--require", "1")
    assert one.returncode == 0, one.stderr
    assert "w.example/1 cosigned the first 10 of 11 entries at 2023-11-14 22:13:20Z" in one.stdout
    assert "1 of 2 witnesses signed, 2 must have" in ringfence("ledger", "verify", *named).stderr

    # Whoever looks from outside asks for the same, of what is served to others.
    assert ringfence("ledger", "export", "served").returncode == 0
    key = ringfence("ledger", "checkpoint", "--key").stdout.strip()
    look = ("ledger", "witness", "served", "seen", "--key", key, *named)
    assert "2 must have" in ringfence(*look).stderr
    assert not (tmp_path / "seen/checkpoint").exists()
    assert "w.example/1 cosigned the first 10 of 11 entries" in ringfence(*look, "--require", "1").stdout
    (tmp_path / "served/cosigned").unlink()
    assert "cannot be read" in ringfence(*look, "--require", "1").stderr

    # Witnesses that were shown another ledger than we are.
    keys = load_ledger_keys(KeyFiles(kms / "keys"))
    fork = Checkpoint(keys.signer.verifier.name, 5, b"\x07" * 32).text()
    forked = f"{fork}\n{keys.signer.sign(fork)}{second.sign(fork, 1_700_000_000)}"
    keep(forked)
    other = ringfence("ledger", "verify", *named, "--require", "1")
    assert (other.returncode, "is not what w.example/2 cosigned" in other.stderr) == (1, True)
    (tmp_path / "served/cosigned").write_text(forked)
    assert "another ledger is shown than its witnesses signed" in ringfence(*look, "--require", "1").stderr
    (evidence,) = (tmp_path / "seen").glob("fork-*-cosigned")
    assert evidence.read_text() == forked


def test_it_is_exported_for_others(ringfence: Any, kms: Path, tmp_path: Path) -> None:
    assert "10 entries of ringfence-ledger-" in ringfence("ledger", "export", "served").stdout
    assert (tmp_path / "served/tile/0/000.p/10").stat().st_size == 320
    assert (tmp_path / "served/tile/entries/000.p/10").stat().st_size == 340


def test_without_a_ledger_there_is_nothing_to_read(ringfence: Any) -> None:
    for command in (("ledger", "show"), ("ledger", "verify")):
        refused = ringfence(*command)
        assert refused.returncode == 1
        assert "it begins with the first `up`" in refused.stderr
