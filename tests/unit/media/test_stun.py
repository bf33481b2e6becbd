"""STUN messages: RFC 5769's sample bytes are read, ours are read by others, and what is damaged is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media import stun
from ringfence.media.rtp import InvalidPacketError
from ringfence.media.stun import StunMessage, parse_stun, write_stun

# RFC 5769, section 2.1 and 2.2: the same transaction asked and answered over IPv4.
PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
ANSWER = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)


def message(kind: stun.Class = "request", **attributes: bytes) -> StunMessage:
    named = {getattr(stun, name.upper()): value for name, value in attributes.items()}
    return StunMessage(kind=kind, transaction=TRANSACTION, attributes=named)


def test_the_samples_of_the_rfc_are_read() -> None:
    request, answer = parse_stun(REQUEST), parse_stun(ANSWER)
    assert (request.kind, request.transaction, request.username) == ("request", TRANSACTION, "evtj:h6vY")
    assert request.number(stun.PRIORITY) == 0x6E0001FF
    assert request.number(stun.ICE_CONTROLLED) == 0x932FF9B151263B36
    assert request.number(stun.ICE_CONTROLLING) is None
    assert request.signed_by(PASSWORD)
    assert not request.signed_by(PASSWORD + "x")
    assert answer.kind == "success"
    assert answer.signed_by(PASSWORD)
    mapped = answer.attributes[stun.XOR_MAPPED_ADDRESS]
    assert stun.read_xor_address(mapped, answer.transaction) == ("192.0.2.1", 32853)


@given(
    st.sampled_from(["request", "indication", "success", "error"]),
    st.binary(min_size=12, max_size=12),
    st.dictionaries(st.integers(0, 0x7FFF).filter(lambda name: name != 8), st.binary(max_size=40), max_size=8),
    st.text(max_size=20),
)
def test_any_message_reads_back(
    kind: stun.Class, transaction: bytes, attributes: dict[int, bytes], password: str
) -> None:
    read = parse_stun(write_stun(StunMessage(kind=kind, transaction=transaction, attributes=attributes), password))
    assert (read.kind, read.transaction, read.attributes) == (kind, transaction, attributes)
    assert read.signed_by(password) == bool(password)


@given(st.binary(max_size=200))
def test_noise_is_refused_with_one_kind_of_error(noise: bytes) -> None:
    with pytest.raises(InvalidPacketError):
        parse_stun(noise)


@given(st.integers(0, len(REQUEST) - 1), st.integers(1, 255))
def test_no_damaged_byte_goes_unseen(at: int, flip: int) -> None:
    damaged = bytearray(REQUEST)
    damaged[at] ^= flip
    with contextlib.suppress(InvalidPacketError):
        assert not parse_stun(bytes(damaged)).signed_by(PASSWORD)


@pytest.mark.parametrize("size", [len(REQUEST) - 1, len(REQUEST) - 8, 20, 19, 0])
def test_a_cut_message_is_refused(size: int) -> None:
    with pytest.raises(InvalidPacketError):
        parse_stun(REQUEST[:size])


def test_what_stands_behind_the_integrity_does_not_count() -> None:
    signed = write_stun(message(username=b"a:b"), "secret")
    smuggled = signed[:-8] + b"\x00\x25\x00\x00"
    smuggled = stun._counted(smuggled, 8) + b"\x80\x28\x00\x04" + stun._fingerprint(stun._counted(smuggled, 8))
    read = parse_stun(smuggled)
    assert read.signed_by("secret")
    assert stun.USE_CANDIDATE not in read.attributes


def test_more_attributes_than_a_check_has_are_refused() -> None:
    many = StunMessage(kind="request", transaction=TRANSACTION, attributes=dict.fromkeys(range(100, 140), b""))
    with pytest.raises(InvalidPacketError, match="too many"):
        parse_stun(write_stun(many))


@given(st.ip_addresses().map(str), st.integers(0, 65_535), st.binary(min_size=12, max_size=12))
def test_an_address_reads_back(host: str, port: int, transaction: bytes) -> None:
    assert stun.read_xor_address(stun.xor_address((host, port), transaction), transaction) == (host, port)


@pytest.mark.parametrize("value", [b"", b"\0\1\0\0", b"\0\2" + bytes(6), b"\0\1" + bytes(18)])
def test_no_address_is_refused(value: bytes) -> None:
    with pytest.raises(InvalidPacketError):
        stun.read_xor_address(value, TRANSACTION)


def test_an_error_has_its_code() -> None:
    error = message("error", error_code=stun.error_value(487, "Role Conflict"))
    assert parse_stun(write_stun(error)).error_code == 487
    assert message("error").error_code == 0


def test_nothing_of_it_is_shown() -> None:
    assert repr(message(username=b"who:me")) == "StunMessage(request)"
