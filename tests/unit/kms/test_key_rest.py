"""Key files in each way in which they rest: as they are, sealed by a passphrase, sealed by an HSM."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.kms.hsm_seal import HsmAwayError, HsmSeal, _session, token_is_there
from ringfence.kms.key_files import LEDGER, KeyFileError, KeyFiles, day_file
from ringfence.kms.key_move import MOVING, move_keys
from ringfence.kms.key_rest import REST, FileRest, KeySeal, PassphraseRest, PlainSeal, WrongSecretError
from ringfence.kms.passphrase_seal import PassphraseSeal
from ringfence.kms.unlock import seal_of, unlock
from unit.kms.key_rests import PASSPHRASE, PIN, SOFTHSM, TOKEN, hsm, new_token, quick_passphrase, token_folder

NAMES = ("standing", "tables", LEDGER, day_file(19_700))


@pytest.fixture(scope="module")
def softhsm() -> Iterator[None]:
    folder = token_folder()
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ |= new_token(folder)
    begin_anew()
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


def begin_anew() -> None:
    """As a process that has not logged in: the token forgets its sessions."""
    import pkcs11

    pkcs11.lib(str(SOFTHSM)).reinitialize()


def new_key(label: str, **how: Any) -> None:
    """One that is not as `HsmSeal.new` makes it."""
    import pkcs11

    hidden = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
    given = {"capabilities": pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT, "template": hidden} | how
    kind, bits = given.pop("kind", (pkcs11.KeyType.AES, 256))
    session = _session(hsm().rest, PIN, writes=True)
    session.generate_key(kind, bits, label=label, store=True, **given)
    session.close()


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


def test_who_has_the_key_service_to_himself_clears_away_what_was_not_moved_and_nobody_else_does(
    tmp_path: Path, plain: dict[str, bytes]
) -> None:
    moving = tmp_path / "keys" / MOVING
    moving.mkdir()
    (moving / "standing.key").write_bytes(b"half")
    assert unlock(tmp_path).load("standing") == plain["standing"]
    assert moving.exists()
    assert unlock(tmp_path, settles=True).load("standing") == plain["standing"]
    assert not moving.exists()


def test_a_wrong_passphrase_is_told_from_damage(tmp_path: Path, plain: dict[str, bytes]) -> None:
    keys = tmp_path / "keys"
    seal = quick_passphrase()
    move_keys(keys, PlainSeal(), seal)
    with pytest.raises(WrongSecretError, match=r"^the passphrase is not the one that sealed the key files$"):
        unlock(tmp_path, PASSPHRASE + b"!")
    path = keys / "standing.key"
    path.write_bytes(path.read_bytes()[:-1] + bytes((path.read_bytes()[-1] ^ 1,)))
    with pytest.raises(KeyFileError, match=r"^standing\.key is damaged, or sealed by another passphrase$"):
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


def test_a_short_passphrase_is_refused_as_is_what_is_no_text() -> None:
    with pytest.raises(ValueError, match=r"^a passphrase has 12 characters at least$"):
        PassphraseSeal.new(b"elf zeichen")
    PassphraseSeal.new(b"zwoelf sind!", memory_kib=64, passes=1)
    with pytest.raises(WrongSecretError, match=r"^a passphrase is text in UTF-8$"):
        PassphraseSeal.new(b"\xff" * 12)


def test_what_a_passphrase_sealed_opens_by_what_argon2id_makes_of_it_under_the_rests_id_and_the_files_name() -> None:
    """It outlives an update of the program, and the program itself: whoever has files and passphrase has the keys."""
    seal = quick_passphrase()
    rest = msgspec.json.decode(msgspec.json.encode(seal.rest), type=PassphraseRest)
    assert (len(rest.id), len(rest.salt), rest.memory_kib, rest.passes, rest.lanes) == (8, 16, 64, 1, 4)
    key = Argon2id(salt=rest.salt, length=32, iterations=1, lanes=4, memory_cost=64).derive(PASSPHRASE)
    for name, secret, sealed in (
        ("standing", b"k" * 32, seal.seal("standing", b"k" * 32)),
        ("check", b"", b"rfp1" + rest.id + rest.check),
    ):
        mark, rest_id, nonce, body = sealed[:4], sealed[4:12], sealed[12:24], sealed[24:]
        assert (mark, rest_id) == (b"rfp1", rest.id)
        where = f"ringfence/key-file/passphrase/v1|{rest.id.hex()}|{name}".encode()
        assert AESGCM(key).decrypt(nonce, body, where) == secret


def test_two_seals_of_one_passphrase_have_a_salt_and_a_name_each() -> None:
    one, other = quick_passphrase().rest, quick_passphrase().rest
    assert isinstance(one, PassphraseRest)
    assert isinstance(other, PassphraseRest)
    assert one.id != other.id
    assert one.salt != other.salt


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
    assert repr(quick_passphrase()) == "PassphraseSeal()"
    assert repr(hsm()) == f"HsmSeal({TOKEN})"


def test_a_wrong_pin_and_what_is_missing_are_told(softhsm: None, tmp_path: Path) -> None:
    rest, none = hsm().rest, str(tmp_path / "none.so")
    begin_anew()
    with pytest.raises(
        WrongSecretError, match=rf"^the token {TOKEN} refuses that PIN: after some more it locks itself$"
    ):
        HsmSeal(rest, b"13579")
    with pytest.raises(WrongSecretError, match=r"^a PIN is text in UTF-8$"):
        HsmSeal(rest, b"\xff")
    with pytest.raises(KeyFileError, match=f"^{SOFTHSM} has no token elsewhere$"):
        HsmSeal(msgspec.structs.replace(rest, token="elsewhere"), PIN)
    with pytest.raises(KeyFileError, match=f"^the token {TOKEN} has no key elsewhere$"):
        HsmSeal(msgspec.structs.replace(rest, key="elsewhere"), PIN)
    with pytest.raises(HsmAwayError, match=f"^the token {TOKEN} does not answer by {none}$"):
        HsmSeal(msgspec.structs.replace(rest, module=none), PIN)
    assert token_is_there(rest)
    assert not token_is_there(msgspec.structs.replace(rest, token="elsewhere"))
    assert not token_is_there(msgspec.structs.replace(rest, module=none))


def test_a_key_that_can_be_taken_out_of_the_token_is_refused(softhsm: None) -> None:
    import pkcs11

    for number, (sensitive, extractable) in enumerate(((False, True), (True, True), (False, False))):
        template = {pkcs11.Attribute.SENSITIVE: sensitive, pkcs11.Attribute.EXTRACTABLE: extractable}
        new_key(f"loose-{number}", template=template)
        with pytest.raises(
            KeyFileError, match=rf"^the key loose-{number} of the token can be taken out of it: name another$"
        ):
            hsm(f"loose-{number}")


def test_a_key_by_which_the_token_only_seals_or_only_opens_is_refused(softhsm: None) -> None:
    import pkcs11

    for name in ("ENCRYPT", "DECRYPT"):
        new_key(name, capabilities=pkcs11.MechanismFlag[name])
        with pytest.raises(KeyFileError, match=rf"^the key {name} of the token does not encrypt and decrypt: name"):
            hsm(name)


def test_of_several_keys_of_one_label_none_is_taken(softhsm: None) -> None:
    for _ in range(2):
        new_key("twins")
    with pytest.raises(KeyFileError, match=rf"^the token {TOKEN} has several keys twins: name another$"):
        hsm("twins")


def test_the_key_that_a_token_makes_for_us_is_made_once_and_never_leaves_it(softhsm: None) -> None:
    import pkcs11

    hsm("ours")
    seal = hsm("ours")
    key = _session(seal.rest, PIN).get_key(label="ours")
    assert (key.key_type, key.key_length) == (pkcs11.KeyType.AES, 256)
    assert key[pkcs11.Attribute.SENSITIVE]
    assert not key[pkcs11.Attribute.EXTRACTABLE]


def test_a_token_that_cannot_make_a_key_is_told(softhsm: None) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # as a token that is full
    try:
        with pytest.raises(HsmAwayError, match=f"^the token {TOKEN} makes no key full$"):
            hsm("full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_a_token_sealed_opens_by_its_key_under_the_rests_id_and_the_files_name(softhsm: None) -> None:
    """It outlives an update of the program, and the program itself: whoever has token and PIN has the keys."""
    import pkcs11

    seal = hsm()
    sealed = seal.seal("standing", b"k" * 32)
    mark, rest_id, nonce, body = sealed[:4], sealed[4:12], sealed[12:24], sealed[24:]
    assert (mark, rest_id, len(body)) == (b"rfh1", seal.rest.id, 48)
    where = f"ringfence/key-file/pkcs11/v1|{rest_id.hex()}|standing".encode()
    key = _session(seal.rest, PIN).get_key(label="ringfence")
    parameters = pkcs11.GCMParams(nonce, where, 128)
    opened = key.decrypt(body, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=parameters)
    assert opened == b"k" * 32
    assert seal.unseal("check", seal.rest.check) == b""
    assert seal.seal("standing", b"k" * 32)[12:24] != nonce


def test_a_note_of_another_seal_is_refused_though_the_tokens_key_is_the_same(softhsm: None) -> None:
    one, other = hsm(), hsm()
    with pytest.raises(KeyFileError, match=r"^check\.key is damaged, or sealed by another key$"):
        HsmSeal(msgspec.structs.replace(one.rest, check=other.rest.check), PIN)
    with pytest.raises(KeyFileError, match=r"^check\.key is damaged, or sealed by another key$"):
        HsmSeal(msgspec.structs.replace(one.rest, id=other.rest.id), PIN)


def test_what_is_too_short_or_changed_is_damaged(softhsm: None) -> None:
    seal = hsm()
    assert seal.unseal("empty", seal.seal("empty", b"")) == b""
    sealed = seal.seal("empty", b"")
    for damaged in (sealed[:-1], sealed[:-1] + bytes((sealed[-1] ^ 1,)), b"rfh0" + sealed[4:], b""):
        with pytest.raises(KeyFileError, match=r"^empty\.key is damaged, or sealed by another key$"):
            seal.unseal("empty", damaged)


def test_a_lost_session_is_opened_again(softhsm: None) -> None:
    seal = hsm()
    sealed = seal.seal("standing", bytes(32))
    seal._session.close()
    assert seal.unseal("standing", sealed) == bytes(32)


def test_a_token_that_is_gone_is_away_and_what_it_sealed_is_not_called_damaged(softhsm: None) -> None:
    seal, tokens = hsm(), token_folder() / "tokens"
    sealed = seal.seal("standing", bytes(32))
    tokens.rename(tokens.with_name("away"))
    try:
        for use in (lambda: seal.unseal("standing", sealed), lambda: seal.seal("standing", bytes(32)), hsm):
            with pytest.raises(HsmAwayError, match=f"^the token {TOKEN} does not answer"):
                use()
    finally:
        tokens.with_name("away").rename(tokens)
        begin_anew()
    assert seal.unseal("standing", sealed) == bytes(32)


def test_a_token_that_answers_otherwise_than_it_should_is_away_too(softhsm: None) -> None:
    import pkcs11

    new_key("other", kind=(pkcs11.KeyType.DES3, None))
    with pytest.raises(HsmAwayError, match=f"^the token {TOKEN} does not answer$"):
        hsm("other")
    seal = hsm()
    other = HsmSeal(msgspec.structs.replace(seal.rest, key="other", check=b""), PIN)
    with pytest.raises(HsmAwayError, match=f"^the token {TOKEN} does not answer$"):
        other.unseal("check", seal.rest.check)
