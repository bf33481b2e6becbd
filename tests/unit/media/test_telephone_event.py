"""Keys over RTP: each heard once, whatever the network does to its packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.rtp import InvalidPacketError, RtpPacket
from ringfence.media.telephone_event import (
    END_PACKETS,
    KEYS,
    KeyReceiver,
    TelephoneEvent,
    key_payloads,
    parse_telephone_event,
)


def packets(key: str, timestamp: int, duration_ms: int = 100) -> list[RtpPacket]:
    return [
        RtpPacket(payload_type=101, sequence=number, timestamp=timestamp, ssrc=1, payload=bytes(event), marker=marker)
        for number, (event, marker) in enumerate(key_payloads(key, duration_ms=duration_ms, ptime_ms=20))
    ]


@given(
    st.builds(
        TelephoneEvent,
        event=st.integers(0, 255),
        end=st.booleans(),
        duration=st.integers(0, 0xFFFF),
        volume_dbm0=st.integers(0, 63),
    ),
    st.binary(max_size=4),
)
def test_any_event_reads_back_with_whatever_follows_it(event: TelephoneEvent, more: bytes) -> None:
    assert parse_telephone_event(bytes(event) + more) == event


def test_an_event_that_is_cut_off_is_refused() -> None:
    with pytest.raises(InvalidPacketError):
        parse_telephone_event(b"\1\x80\0")


def test_a_key_grows_packet_by_packet_and_ends_three_times() -> None:
    sent = list(key_payloads("5", duration_ms=90, ptime_ms=20))
    assert [event.duration for event, _ in sent] == [160, 320, 480, 640, 800, 800, 800, 800]
    assert [event.end for event, _ in sent] == [False] * 5 + [True] * END_PACKETS
    assert [marker for _, marker in sent] == [True] + [False] * 7
    assert {event.event for event, _ in sent} == {5}


def test_a_key_lasts_at_least_a_packet_and_no_longer_than_can_be_said() -> None:
    assert len(list(key_payloads("#", duration_ms=0, ptime_ms=20))) == 1 + END_PACKETS
    longest = [event.duration for event, _ in key_payloads("1", duration_ms=60_000, ptime_ms=20)]
    assert max(longest) == 64_000
    bytes(TelephoneEvent(event=1, end=True, duration=max(longest)))


@given(st.lists(st.sampled_from(KEYS), min_size=1, max_size=8), st.data())
def test_each_key_is_heard_once_if_any_of_its_packets_comes(keys: list[str], data: st.DataObject) -> None:
    receiver, heard = KeyReceiver(), []
    for number, key in enumerate(keys):
        sent = packets(key, 1_000 + number * 2_000)
        kept = data.draw(st.lists(st.sampled_from(sent), min_size=1, max_size=12))
        heard += [key for packet in kept if (key := receiver.receive(packet)) is not None]
    assert heard == keys


def test_a_late_packet_of_an_earlier_key_says_nothing() -> None:
    receiver = KeyReceiver()
    one, two = packets("1", 0xFFFFFF00), packets("2", 0x100)
    assert [receiver.receive(packet) for packet in (one[0], two[0], one[1], one[-1], two[-1])] == [
        "1",
        "2",
        None,
        None,
        None,
    ]


def test_an_event_that_is_no_key_is_none() -> None:
    flash = RtpPacket(
        payload_type=101,
        sequence=1,
        timestamp=5,
        ssrc=1,
        payload=bytes(TelephoneEvent(event=16, end=False, duration=1)),
    )
    assert KeyReceiver().receive(flash) is None


def test_no_repr_shows_the_key() -> None:
    assert repr(TelephoneEvent(event=7, end=False, duration=1)) == "TelephoneEvent(…)"
