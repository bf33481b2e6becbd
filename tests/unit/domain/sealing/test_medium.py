"""A medium has a key of its own, and a capability carries that key alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.medium import (
    Capability,
    decode_capability,
    encode_capability,
    medium_key,
    open_medium,
    seal_medium,
)
from ringfence.domain.sealing.record import open_field, seal_field

RECORD_KEY = bytes(range(32))
ACCOUNT = "AC" + "a" * 32
MEDIUM = "ME" + "1" * 32


@given(data=st.binary(max_size=300))
def test_what_is_sealed_opens_again(data: bytes) -> None:
    key = medium_key(RECORD_KEY, MEDIUM)
    assert open_medium(key, ACCOUNT, MEDIUM, seal_medium(key, ACCOUNT, MEDIUM, data)) == data


@pytest.mark.parametrize(
    ("key", "account", "sid"),
    [
        (medium_key(RECORD_KEY, "ME" + "2" * 32), ACCOUNT, MEDIUM),
        (RECORD_KEY, ACCOUNT, MEDIUM),
        (medium_key(RECORD_KEY, MEDIUM), "AC" + "b" * 32, MEDIUM),
        (medium_key(RECORD_KEY, MEDIUM), ACCOUNT, "ME" + "2" * 32),
    ],
)
def test_neither_another_key_nor_another_place_opens_it(key: bytes, account: str, sid: str) -> None:
    sealed = seal_medium(medium_key(RECORD_KEY, MEDIUM), ACCOUNT, MEDIUM, b"picture")
    with pytest.raises(UnsealError):
        open_medium(key, account, sid, sealed)


def test_a_mediums_key_does_not_open_its_message() -> None:
    sealed = seal_field(RECORD_KEY, ACCOUNT, "MM1", "content", b"words")
    with pytest.raises(UnsealError):
        open_field(medium_key(RECORD_KEY, MEDIUM), ACCOUNT, "MM1", "content", sealed)


@given(key=st.binary(min_size=32, max_size=32), until_ms=st.integers(0, 2**63), tag=st.binary(min_size=16, max_size=16))
def test_a_capability_survives_its_url(key: bytes, until_ms: int, tag: bytes) -> None:
    capability = Capability(key, until_ms, tag)
    text = encode_capability(capability)
    assert decode_capability(text) == capability
    assert text.isascii()
    assert not set(text) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(text=st.text(max_size=100))
def test_any_other_text_is_none(text: str) -> None:
    found = decode_capability(text)
    assert found is None or encode_capability(found) == text.rstrip("=")


def test_the_tag_vouches_for_medium_time_and_key() -> None:
    base = Capability(b"k" * 32, 1).vouched(MEDIUM)
    others = [
        Capability(b"K" * 32, 1).vouched(MEDIUM),
        Capability(b"k" * 32, 2).vouched(MEDIUM),
        Capability(b"k" * 32, 1).vouched("ME" + "2" * 32),
    ]
    assert base not in others
    assert "k" * 32 not in repr(Capability(b"k" * 32, 1))
