"""RTCP: compound packets read back, and what cannot be one is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.rtcp import (
    Goodbye,
    ReceiverReport,
    Report,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle_bits,
    ntp_time,
    parse_rtcp,
    round_trip_ms,
    write_rtcp,
)
from ringfence.media.rtp import InvalidPacketError, is_rtcp

WORD = st.integers(0, 0xFFFFFFFF)
BLOCKS = st.lists(
    st.builds(
        ReportBlock,
        ssrc=WORD,
        fraction_lost=st.integers(0, 255),
        lost=st.integers(-0x800000, 0x7FFFFF),
        highest_sequence=WORD,
        jitter=WORD,
        last_report=WORD,
        delay=WORD,
    ),
    max_size=3,
).map(tuple)
FIRST = st.one_of(
    st.builds(
        SenderReport,
        ssrc=WORD,
        ntp=st.integers(0, 2**64 - 1),
        rtp_timestamp=WORD,
        packets=WORD,
        octets=WORD,
        blocks=BLOCKS,
    ),
    st.builds(ReceiverReport, ssrc=WORD, blocks=BLOCKS),
)
OTHERS = st.one_of(
    FIRST,
    st.builds(SourceDescription, ssrc=WORD, cname=st.text(st.characters(codec="utf-8"), max_size=30)),
    st.builds(Goodbye, ssrcs=st.lists(WORD, max_size=3).map(tuple)),
)


@given(FIRST, st.lists(OTHERS, max_size=4))
def test_any_compound_packet_reads_back(first: Report, others: list[Report]) -> None:
    data = write_rtcp([first, *others])
    assert parse_rtcp(data) == [first, *others]
    assert is_rtcp(data)
    assert len(data) % 4 == 0


@given(st.binary(max_size=120))
def test_noise_is_read_or_refused(data: bytes) -> None:
    try:
        parse_rtcp(data)
    except InvalidPacketError:
        return


@given(st.integers(0, 90), st.binary(max_size=4))
def test_a_damaged_packet_is_read_or_refused(place: int, damage: bytes) -> None:
    whole = write_rtcp(
        [SenderReport(ssrc=1, ntp=2, rtp_timestamp=3, packets=4, octets=5), SourceDescription(ssrc=1, cname="abc")]
    )
    try:
        parse_rtcp(whole[:place] + damage + whole[place + len(damage) :])
    except InvalidPacketError:
        return


EMPTY = b"\x80\xc9\x00\x01\x00\x00\x00\x09"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        EMPTY[:3],
        EMPTY[:6],
        b"\x40" + EMPTY[1:],
        EMPTY + b"\x80\xca",
        write_rtcp([Goodbye(ssrcs=(1,))]),
        b"\x81" + EMPTY[1:],
        b"\xa0\xc9\x00\x02\x00\x00\x00\x09\x00\x00\x00\x00",
        b"\xa0\xc9\x00\x02\x00\x00\x00\x09\x00\x00\x00\x09",
        b"\xa0\xc9\x00\x02\x00\x00\x00\x09\x00\x00\x00\x04" + EMPTY,
        EMPTY + b"\x82\xcb\x00\x01\x00\x00\x00\x01",
        EMPTY + b"\x81\xca\x00\x00",
        EMPTY + b"\x81\xca\x00\x02\x00\x00\x00\x01\x01\x09ab",
    ],
)
def test_what_cannot_be_a_compound_packet_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidPacketError):
        parse_rtcp(data)


def test_padding_ends_a_packet_and_unknown_kinds_are_passed_over() -> None:
    report = ReceiverReport(ssrc=9)
    assert parse_rtcp(EMPTY) == [report]
    assert parse_rtcp(b"\xa0\xc9\x00\x02\x00\x00\x00\x09\x00\x00\x00\x04") == [report]
    assert parse_rtcp(EMPTY + b"\x80\xcd\x00\x00" + EMPTY) == [report, report]


def test_other_items_of_a_description_are_passed_over() -> None:
    body = b"\x00\x00\x00\x01\x02\x03bob\x01\x02cn\x00\x00\x00"
    assert parse_rtcp(EMPTY + b"\x81\xca\x00\x04" + body)[1:] == [SourceDescription(ssrc=1, cname="cn")]


def test_losses_beyond_the_field_are_cut() -> None:
    block = ReportBlock(ssrc=1, fraction_lost=0, lost=10**9, highest_sequence=0, jitter=0)
    (report,) = parse_rtcp(write_rtcp([ReceiverReport(ssrc=2, blocks=(block,))]))
    assert isinstance(report, ReceiverReport)
    assert report.blocks[0].lost == 0x7FFFFF


def test_the_round_trip_is_what_the_peer_did_not_hold() -> None:
    sent_ms = 1_700_000_000_000.0
    block = ReportBlock(
        ssrc=1, fraction_lost=0, lost=0, highest_sequence=0, jitter=0,
        last_report=middle_bits(ntp_time(sent_ms)), delay=int(0.5 * 65_536),
    )  # fmt: skip
    trip = round_trip_ms(block, sent_ms + 580)
    assert trip == pytest.approx(80, abs=0.1)
    assert round_trip_ms(block, sent_ms + 100) is None, "a peer that held it for longer than it had it"
    none = ReportBlock(ssrc=1, fraction_lost=0, lost=0, highest_sequence=0, jitter=0)
    assert round_trip_ms(none, sent_ms) is None


def test_ntp_time_begins_in_1900() -> None:
    assert ntp_time(0) == 2_208_988_800 << 32
    assert ntp_time(500) - ntp_time(0) == 1 << 31
