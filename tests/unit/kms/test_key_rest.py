"""Key files in each way in which they rest: as they are, sealed by a passphrase, sealed by an HSM."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.kms.hsm_seal import HsmSeal, _session
from ringfence.kms.key_files import LEDGER, KeyFileError, KeyFiles, day_file
from ringfence.kms.key_move import MOVED, MOVING, move_keys
from ringfence.kms.key_rest import REST, FileRest, KeySeal, PassphraseRest, PlainSeal, WrongSecretError, rest_of
from ringfence.kms.passphrase_seal import PassphraseSeal
from ringfence.kms.unlock import seal_of, unlock
from unit.kms.key_rests import PASSPHRASE, PIN, hsm, new_token, quick_passphrase, token_folder

NAMES = ("standing", "tables", LEDGER, day_file(19_700))


@pytest.fixture(scope="module")
def softhsm() -> Iterator[None]:
    folder = token_folder()
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ |= new_token(folder)
    yield
    os.environ.pop("SOFTHSM2_CONF")
    if before is not None:
        os.environ["SOFTHSM2_CONF"] = before
    shutil.rmtree(folder)


@pytest.fixture(params=["file", "passphrase", "pkcs11"])
def seal(request: pytest.FixtureRequest) -> KeySeal:
    if request.param == "pkcs11":
        request.getfixturevalue("softhsm")
        return hsm()
    return quick_passphrase() if request.param == "passphrase" else PlainSeal()


def secret_of(seal: KeySeal) -> bytes:
    return PIN if isinstance(seal, HsmSeal) else PASSPHRASE


@pytest.fixture
def plain(tmp_path: Path) -> dict[str, bytes]:
    """Four keys in files, and what they are."""
    files = KeyFiles(tmp_path / "keys")
    files.prepare()
    return {name: files.create(name) for name in NAMES}


def test_what_is_moved_opens_with_the_new_secret_and_lies_nowhere_as_it_was(
    tmp_path: Path, plain: dict[str, bytes], seal: KeySeal
) -> None:
    assert move_keys(tmp_path / "keys", PlainSeal(), seal) == len(NAMES)
    files = unlock(tmp_path, secret_of(seal))
    assert {name: files.load(name) for name in files.names()} == plain
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert any(key in on_disk for key in plain.values()) == (seal.rest == FileRest())
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    # A key that is made now rests as the others do.
    made = files.create(day_file(19_701))
    assert (made in (tmp_path / "keys" / "dispatcher-19701.key").read_bytes()) == (seal.rest == FileRest())
    assert unlock(tmp_path, secret_of(seal)).load(day_file(19_701)) == made


def test_they_move_on_and_back(tmp_path: Path, plain: dict[str, bytes], seal: KeySeal) -> None:
    keys = tmp_path / "keys"
    move_keys(keys, PlainSeal(), seal)
    other = quick_passphrase(b"another long passphrase")
    move_keys(keys, seal_of(keys, secret_of(seal)), other)
    move_keys(keys, seal_of(keys, b"another long passphrase"), PlainSeal())
    files = unlock(tmp_path)
    assert {name: files.load(name) for name in files.names()} == plain


@pytest.mark.parametrize("target", ["passphrase", "file"])
def test_a_crash_anywhere_leaves_the_old_set_or_the_new_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    first, second = quick_passphrase(), quick_passphrase(b"another long passphrase")
    new: KeySeal = second if target == "passphrase" else PlainSeal()
    outcomes = set()
    for crash_at in range(1, 1_000):
        directory = tmp_path / str(crash_at)
        keys = directory / "keys"
        files = KeyFiles(keys)
        files.prepare()
        plain = {name: files.create(name) for name in (LEDGER, "standing")}
        move_keys(keys, PlainSeal(), first)
        with monkeypatch.context() as patch:
            crash = _crash_at(patch, crash_at)
            try:
                move_keys(keys, first, new)
            except KeyboardInterrupt:
                pass
            else:
                assert crash_at > 15  # or nothing was tried
                assert outcomes == {first.rest, new.rest}
                return
            assert crash() >= crash_at
        if (keys / MOVED).exists():
            with pytest.raises(KeyFileError, match=r"interrupted|not the one|as another"):
                KeyFiles(keys, first).load(LEDGER)
        found = unlock(directory, PASSPHRASE, settles=True) if not _is(new, directory) else unlock(
            directory, b"another long passphrase", settles=True
        )  # fmt: skip
        assert {name: found.load(name) for name in found.names()} == plain
        assert not (keys / MOVED).exists()
        assert not (keys / MOVING).exists()
        outcomes.add(found.seal.rest)
    raise AssertionError("it never came to an end")


def _is(new: KeySeal, directory: Path) -> bool:
    """Whether the move was made, as whoever comes next finds."""
    return (directory / "keys" / MOVED).exists() or rest_of(directory / "keys") == new.rest


def _crash_at(patch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """From the step-th change of the disk on there are none: as after kill -9."""
    steps = 0

    def stopping(change: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object, **named: object) -> object:
            nonlocal steps
            steps += 1
            if steps >= step:
                raise KeyboardInterrupt
            return change(*arguments, **named)

        return counted

    for name in ("write", "fsync"):
        patch.setattr(os, name, stopping(getattr(os, name)))
    for name in ("mkdir", "rename", "unlink", "rmdir"):
        patch.setattr(Path, name, stopping(getattr(Path, name)))
    return lambda: steps


def test_a_wrong_passphrase_is_told_from_damage(tmp_path: Path, plain: dict[str, bytes]) -> None:
    keys = tmp_path / "keys"
    seal = quick_passphrase()
    move_keys(keys, PlainSeal(), seal)
    with pytest.raises(WrongSecretError, match="not the one"):
        unlock(tmp_path, PASSPHRASE + b"!")
    path = keys / "standing.key"
    path.write_bytes(path.read_bytes()[:-1] + bytes((path.read_bytes()[-1] ^ 1,)))
    with pytest.raises(KeyFileError, match=r"standing\.key is damaged"):
        unlock(tmp_path, PASSPHRASE).load("standing")


def test_a_key_under_anothers_name_does_not_open(tmp_path: Path, plain: dict[str, bytes], seal: KeySeal) -> None:
    keys = tmp_path / "keys"
    move_keys(keys, PlainSeal(), seal)
    shutil.copy(keys / "tables.key", keys / "standing.key")
    files = unlock(tmp_path, secret_of(seal))
    if seal.rest == FileRest():
        assert files.load("standing") == plain["tables"]  # nothing says whose they are
        return
    with pytest.raises(KeyFileError, match=r"standing\.key is damaged"):
        files.load("standing")


def test_sealed_files_are_not_taken_for_keys(tmp_path: Path, plain: dict[str, bytes]) -> None:
    move_keys(tmp_path / "keys", PlainSeal(), quick_passphrase())
    with pytest.raises(KeyFileError, match="of the kind passphrase, and were opened as another"):
        KeyFiles(tmp_path / "keys").load("standing")
    with pytest.raises(KeyFileError, match="of the kind passphrase"):
        KeyFiles(tmp_path / "keys").prepare()


def test_keys_laid_beside_sealed_ones_are_not_used(tmp_path: Path, plain: dict[str, bytes]) -> None:
    move_keys(tmp_path / "keys", PlainSeal(), quick_passphrase())
    (tmp_path / "keys" / "standing.key").write_bytes(bytes(32))
    with pytest.raises(KeyFileError, match="damaged, or sealed by another"):
        unlock(tmp_path, PASSPHRASE).load("standing")


def test_nothing_is_moved_where_a_key_is_damaged(tmp_path: Path, plain: dict[str, bytes]) -> None:
    keys = tmp_path / "keys"
    (keys / "tables.key").write_bytes(b"short")
    with pytest.raises(KeyFileError, match=r"tables\.key is damaged"):
        move_keys(keys, PlainSeal(), quick_passphrase())
    assert KeyFiles(keys).load("standing") == plain["standing"]


@pytest.mark.parametrize("text", [b"", b"{}", b'{"kind":"passphrase"}', b'{"kind":"elsewhere"}', b"[]"])
def test_a_damaged_note_of_how_they_rest_is_refused(tmp_path: Path, plain: dict[str, bytes], text: bytes) -> None:
    (tmp_path / "keys" / REST).write_bytes(text)
    with pytest.raises(KeyFileError, match="damaged"):
        unlock(tmp_path)


def test_a_note_cannot_ask_for_all_memory_or_for_hours() -> None:
    rest = quick_passphrase().rest
    for change in ({"memory_kib": 1 << 40}, {"passes": 1 << 40}, {"lanes": 1 << 20}, {"memory_kib": 0}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode(msgspec.structs.replace(rest, **change)), type=PassphraseRest)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(ValueError, match="12 characters"):
        PassphraseSeal.new(b"elf zeichen")


@settings(max_examples=20)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=24, max_size=40), st.binary(max_size=40))
def test_what_a_passphrase_seals_it_opens(passphrase: str, key: bytes) -> None:
    sealed = quick_passphrase(passphrase.encode())
    again = PassphraseSeal(sealed.rest, passphrase.encode())
    assert again.unseal("standing", sealed.seal("standing", key)) == key


def test_letters_count_as_the_same_however_a_keyboard_composes_them() -> None:
    seal = PassphraseSeal.new("Gr\u00fc\u00dfe aus Bern".encode(), memory_kib=64, passes=1)
    PassphraseSeal(seal.rest, "Gru\u0308\u00dfe aus Bern".encode())


def test_nothing_secret_is_in_a_repr(softhsm: None) -> None:
    assert "correct" not in repr(quick_passphrase())
    assert PIN.decode() not in repr(hsm())


def test_a_wrong_pin_and_what_is_missing_are_told(softhsm: None, tmp_path: Path) -> None:
    seal = hsm()
    # In a process that has not logged in: a token asks each process once.
    tried = "import sys; from pathlib import Path; from ringfence.kms.unlock import seal_of\n"
    tried += "seal_of(Path(sys.argv[1]), sys.argv[2].encode())"
    (tmp_path / REST).write_bytes(msgspec.json.encode(seal.rest))
    done = subprocess.run(
        [sys.executable, "-c", tried, str(tmp_path), "13579"], capture_output=True, text=True, check=False
    )
    assert "WrongSecretError: the token ringfence-tests refuses that PIN" in done.stderr
    assert "13579" not in done.stderr
    with pytest.raises(KeyFileError, match="has no token elsewhere"):
        HsmSeal(msgspec.structs.replace(seal.rest, token="elsewhere"), PIN)
    with pytest.raises(KeyFileError, match="has no key elsewhere"):
        HsmSeal(msgspec.structs.replace(seal.rest, key="elsewhere"), PIN)
    with pytest.raises(ConnectionError, match="does not answer by"):
        HsmSeal(msgspec.structs.replace(seal.rest, module=str(tmp_path / "none.so")), PIN)


def test_a_key_that_can_be_taken_out_of_the_token_is_refused(softhsm: None) -> None:
    import pkcs11

    session = _session(hsm().rest, PIN, writes=True)
    session.generate_key(
        pkcs11.KeyType.AES,
        256,
        label="loose",
        store=True,
        template={pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True},
    )
    session.close()
    with pytest.raises(KeyFileError, match="can be taken out of it"):
        hsm("loose")


def test_a_lost_session_is_opened_again(softhsm: None) -> None:
    seal = hsm()
    sealed = seal.seal("standing", bytes(32))
    seal._session.close()
    assert seal.unseal("standing", sealed) == bytes(32)
