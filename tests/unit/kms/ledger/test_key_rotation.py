"""The ledger's signing key made anew: the log stays, its witnesses follow, and the former key alone is no word."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ringfence.cli.ledger_witness import KEY, witness
from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.note import join_note, open_note, split_note
from ringfence.kms.key_files import LEDGER, KeyFiles, day_file
from ringfence.kms.ledger.keys import LedgerKeys, load_ledger_keys
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry
from ringfence.roles.refusal import RefusalError


def entry(n: int) -> AccessEntry:
    return AccessEntry(at_ms=n, account="AC1", actor="SK1", verb="open_epochs", scope=("7",))


def written(directory: Path, *works: Callable[[LedgerWriter], Awaitable[object]]) -> None:
    async def scene() -> None:
        directory.mkdir(exist_ok=True)
        ledger = LedgerWriter(directory)
        await ledger.open(0)
        try:
            for work in works:
                await work(ledger)
        finally:
            await ledger.close()

    asyncio.run(scene())


def append(n: int) -> Callable[[LedgerWriter], Awaitable[object]]:
    return lambda ledger: ledger.append([entry(n)])


def rotate(ledger: LedgerWriter) -> Awaitable[str]:
    return ledger.rotate_key(5)


def keys_of(directory: Path) -> LedgerKeys:
    return load_ledger_keys(KeyFiles(directory / "keys"))


def test_both_sign_and_are_named_and_what_was_before_holds(tmp_path: Path) -> None:
    written(tmp_path, append(1))
    before = LedgerReader(tmp_path)
    kept, salts = before.note(), [before.salt(line) for line in before.lines()]
    written(tmp_path, rotate, append(2))
    after = LedgerReader(tmp_path)
    assert after.verifier != before.verifier
    assert after.verifier.name == before.verifier.name
    for verifier in (before.verifier, after.verifier):
        text, _ = open_note(after.note(), [verifier])
        assert parse_checkpoint(text).keys == (before.verifier.encode(), after.verifier.encode())
    assert after.check().signed == 4
    assert [after.salt(line) for line in after.lines()][:2] == salts
    shown = parse_checkpoint(split_note(kept)[0])
    assert (shown.keys, after.root(shown.size)) == ((), shown.root)
    (told,) = [one for one in read_ledger(tmp_path) if one.verb == "rotate_ledger"]
    assert (told.actor, told.scope) == ("operator", (after.verifier.encode(),))


def test_it_goes_on_after_a_crash_between_the_key_and_its_first_checkpoint(tmp_path: Path) -> None:
    written(tmp_path, append(1))
    KeyFiles(tmp_path / "keys").create(day_file(1, LEDGER))
    written(tmp_path, append(2))
    assert len(parse_checkpoint(split_note(LedgerReader(tmp_path).note())[0]).keys) == 2
    written(tmp_path, rotate, rotate)
    assert len(keys_of(tmp_path).signers) == 4
    assert LedgerReader(tmp_path).check().entries == 5


def look(ledger: Path, folder: Path, key: str | None = None) -> None:
    LedgerReader(ledger).export(ledger / "served")
    witness(str(ledger / "served"), folder, key=key, name="w")


def test_a_witness_follows_over_several_rotations_and_keeps_the_way(tmp_path: Path) -> None:
    ledger, seen = tmp_path / "ledger", tmp_path / "seen"
    written(ledger, append(1))
    first = LedgerReader(ledger).verifier.encode()
    look(ledger, seen, first)
    written(ledger, rotate, append(2))
    look(ledger, seen)
    written(ledger, rotate, rotate, append(3))
    look(ledger, seen)
    assert (seen / KEY).read_text().split() == [signer.verifier.encode() for signer in keys_of(ledger).signers]
    look(ledger, seen, first)
    # Who begins now is told the newest key, and needs no other.
    look(ledger, tmp_path / "late", LedgerReader(ledger).verifier.encode())
    with pytest.raises(RefusalError, match="holds another key"):
        look(ledger, seen, first.replace("ringfence", "another"))


def test_the_former_key_alone_convinces_no_witness_that_knows_the_newer(tmp_path: Path) -> None:
    ledger, seen = tmp_path / "ledger", tmp_path / "seen"
    written(ledger, append(1))
    look(ledger, seen, LedgerReader(ledger).verifier.encode())
    written(ledger, rotate, append(2))
    look(ledger, seen)
    stolen = keys_of(ledger).signers[0]
    shown = parse_checkpoint(split_note(LedgerReader(ledger).note())[0])
    for keys in ((), shown.keys):
        forged = Checkpoint(shown.origin, shown.size, shown.root, keys).text()
        (ledger / "served" / "checkpoint").write_text(join_note(forged, [stolen.sign(forged)]))
        with pytest.raises(RefusalError, match="nobody known signed"):
            witness(str(ledger / "served"), seen, key=None, name="w")


def test_a_key_that_is_named_and_did_not_sign_is_not_followed(tmp_path: Path) -> None:
    ledger, seen = tmp_path / "ledger", tmp_path / "seen"
    written(ledger, append(1))
    look(ledger, seen, LedgerReader(ledger).verifier.encode())
    stolen = keys_of(ledger).signers[0]
    other = LedgerKeys(bytes(32)).signer.verifier
    shown = parse_checkpoint(split_note(LedgerReader(ledger).note())[0])
    named = other._replace(name=stolen.verifier.name).encode()
    forged = Checkpoint(shown.origin, shown.size, shown.root, (stolen.verifier.encode(), named)).text()
    (ledger / "served" / "checkpoint").write_text(join_note(forged, [stolen.sign(forged)]))
    with pytest.raises(RefusalError, match="nobody known signed"):
        witness(str(ledger / "served"), seen, key=None, name="w")
    assert len((seen / KEY).read_text().split()) == 1
