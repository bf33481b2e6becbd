"""RTP packets: read with every header that a sender may use, refused when they cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.rtp import (
    MAX_PACKET_BYTES,
    InvalidPacketError,
    RtpPacket,
    is_rtcp,
    parse_rtp,
    sequence_step,
    timestamp_step,
)

PACKET = RtpPacket(payload_type=0, sequence=7, timestamp=160, ssrc=0xDEADBEEF, payload=b"\xff" * 160)


def raw(*, first: int = 0x80, second: int = 0, after: bytes = b"", payload: bytes = b"abcd") -> bytes:
    return bytes([first, second]) + b"\x00\x07\x00\x00\x00\xa0\xde\xad\xbe\xef" + after + payload


@given(
    st.builds(
        RtpPacket,
        payload_type=st.integers(0, 127),
        sequence=st.integers(0, 0xFFFF),
        timestamp=st.integers(0, 0xFFFFFFFF),
        ssrc=st.integers(0, 0xFFFFFFFF),
        payload=st.binary(max_size=200),
        marker=st.booleans(),
    )
)
def test_any_packet_reads_back(packet: RtpPacket) -> None:
    assert parse_rtp(bytes(packet)) == packet


@pytest.mark.parametrize(
    "data",
    [
        raw(),
        raw(first=0x82, after=b"\1" * 8),
        raw(first=0x90, after=b"\xbe\xde\x00\x01" + b"\2" * 4),
        raw(first=0x91, after=b"\1" * 4 + b"\xbe\xde\x00\x00"),
        raw(first=0xA0, payload=b"abcd\x00\x00\x03"),
    ],
)
def test_sources_extensions_and_padding_are_passed_over(data: bytes) -> None:
    packet = parse_rtp(data)
    assert (packet.payload, packet.sequence, packet.timestamp, packet.ssrc) == (b"abcd", 7, 160, 0xDEADBEEF)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        raw()[:11],
        raw(first=0x40),
        raw(first=0x8F),
        raw(first=0x90, payload=b"\xbe"),
        raw(first=0x90, after=b"\xbe\xde\x00\x09"),
        raw(first=0xA0, payload=b"abc\x00"),
        raw(first=0xA0, payload=b"abc\x05"),
        raw(payload=b"x" * MAX_PACKET_BYTES),
    ],
)
def test_what_cannot_be_a_packet_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidPacketError):
        parse_rtp(data)


@given(st.binary(max_size=100))
def test_noise_is_read_or_refused(data: bytes) -> None:
    try:
        parse_rtp(data)
    except InvalidPacketError:
        return


def test_marker_and_type_share_a_byte() -> None:
    packet = parse_rtp(raw(second=0x80 | 101))
    assert (packet.marker, packet.payload_type) == (True, 101)


@pytest.mark.parametrize(
    ("second", "answer"), [(191, False), (192, True), (200, True), (223, True), (224, False), (0, False)]
)
def test_rtcp_is_told_by_its_type(second: int, answer: bool) -> None:
    assert is_rtcp(raw(second=second)) is answer
    assert not is_rtcp(b"\x80")


@pytest.mark.parametrize(
    ("earlier", "later", "step"),
    [(1, 2, 1), (2, 1, -1), (65_535, 0, 1), (0, 65_535, -1), (0, 32_767, 32_767), (0, 32_768, -32_768), (5, 5, 0)],
)
def test_sequence_numbers_wrap(earlier: int, later: int, step: int) -> None:
    assert sequence_step(earlier, later) == step


def test_timestamps_wrap() -> None:
    assert (timestamp_step(0xFFFFFFF0, 0x10), timestamp_step(0x10, 0xFFFFFFF0)) == (0x20, -0x20)


def test_no_repr_holds_sound() -> None:
    assert repr(PACKET) == "RtpPacket(type 0, 160 bytes)"
