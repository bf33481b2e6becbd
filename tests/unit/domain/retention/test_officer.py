"""An officer's key is made of one seed; what is given away is one line, and nobody else signs or opens for it."""

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.retention.officer import OfficerKey, new_seed, parse_officer
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.hpke import seal

ANN = OfficerKey("ann", bytes(range(32)))
LINE = ANN.officer.line


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", fullmatch=True), st.binary(min_size=32, max_size=32))
def test_the_line_says_the_whole_public_half(name: str, seed: bytes) -> None:
    officer = OfficerKey(name, seed).officer
    assert parse_officer(f" {officer.line}\n") == officer


def test_the_line_is_name_and_both_keys() -> None:
    mark, name, keys = LINE.split("+", 2)
    assert (mark, name) == ("ringfence-officer", "ann")
    assert base64.b64decode(keys) == ANN.officer.sealing + ANN.officer.signing


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("", "begins with ringfence-officer+"),
        (LINE.replace("ringfence-officer", "ringfence-ledger"), "begins with ringfence-officer+"),
        (LINE.replace("+ann+", "++"), "an officer's name is 1 to 32"),
        (LINE.replace("+ann+", "+a|b+"), "an officer's name is 1 to 32"),
        (LINE.replace("+ann+", f"+{'a' * 33}+"), "an officer's name is 1 to 32"),
        (LINE[:-8], "damaged"),
        (LINE[:-4] + "!!!!", "damaged"),
        (f"ringfence-officer+ann+{base64.b64encode(bytes(65)).decode()}", "damaged"),
    ],
)
def test_what_is_no_line_is_told_as_that(line: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause.replace("+", r"\+")):
        parse_officer(line)


def test_the_same_seed_makes_the_same_keys_in_every_version() -> None:
    extracted = hmac.new(b"ringfence/officer/v1", bytes(range(32)), hashlib.sha256).digest()
    sealing, signing = (
        hmac.new(extracted, info + b"\x01", hashlib.sha256).digest() for info in (b"sealing", b"signing")
    )
    officer = OfficerKey("ann", bytes(range(32))).officer
    assert officer.sealing == X25519PrivateKey.from_private_bytes(sealing).public_key().public_bytes_raw()
    assert officer.signing == Ed25519PrivateKey.from_private_bytes(signing).public_key().public_bytes_raw()


def test_a_name_and_a_seed_are_needed() -> None:
    with pytest.raises(ValueError, match="name"):
        OfficerKey("an officer", bytes(32))
    with pytest.raises(ValueError, match="32 bytes"):
        OfficerKey("ann", bytes(31))


def test_only_its_own_signature_over_the_same_words_counts() -> None:
    signature = ANN.sign(b"words")
    bob = OfficerKey("ann", bytes(32)).officer
    assert ANN.officer.signed(signature, b"words")
    assert not ANN.officer.signed(signature, b"other words")
    assert not ANN.officer.signed(signature[:-1], b"words")
    assert not ANN.officer.signed(b"", b"words")
    assert not bob.signed(signature, b"words")


def test_only_it_opens_what_is_sealed_to_it() -> None:
    sealed = seal(ANN.officer.sealing, b"half", b"place")
    assert ANN.recipient.unseal(sealed, b"place") == b"half"
    with pytest.raises(UnsealError):
        OfficerKey("ann", bytes(32)).recipient.unseal(sealed, b"place")


def test_its_two_keys_are_not_one() -> None:
    assert ANN.officer.sealing != ANN.officer.signing
    assert new_seed() != new_seed()
    assert len(new_seed()) == 32
    assert repr(ANN) == "OfficerKey(ann)"
