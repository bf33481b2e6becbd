"""A stream is cut into messages wherever its packets end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers.sip.framing import PING, FramingError, StreamFramer
from ringfence.carriers.sip.message import MAX_BODY_BYTES, MAX_HEADER_BYTES

ONE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\n12345"
TWO = b"MESSAGE sip:a SIP/2.0\r\nTo: x\r\nl : 0\r\n\r\n"
THREE = b"INFO sip:a SIP/2.0\r\nCONTENT-LENGTH:4 \r\nX: y\r\n\r\n\r\n\r\n"


@given(st.lists(st.sampled_from([ONE, TWO, THREE]), max_size=6), st.lists(st.integers(1, 40), min_size=1))
def test_messages_come_out_whole_and_in_order(messages: list[bytes], cuts: list[int]) -> None:
    framer, stream, found, index = StreamFramer(), b"".join(messages), [], 0
    while stream:
        size = cuts[index % len(cuts)]
        found += framer.feed(stream[:size])
        stream, index = stream[size:], index + 1
    assert found == messages


def test_a_body_that_looks_like_a_message_is_a_body() -> None:
    inner = b"\r\n\r\n" + TWO
    outer = b"INFO sip:a SIP/2.0\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner
    assert StreamFramer().feed(outer + ONE) == [outer, ONE]


def test_pings_are_counted_and_pongs_passed_over() -> None:
    framer = StreamFramer()
    assert framer.feed(PING) == []
    assert (framer.take_pings(), framer.take_pings()) == (1, 0)
    assert framer.feed(b"\r\n" + ONE + PING[:2]) == [ONE]
    assert framer.take_pings() == 0
    assert framer.feed(PING[2:] + TWO) == [TWO]
    assert framer.take_pings() == 1


@pytest.mark.parametrize(
    "data",
    [
        b"OPTIONS sip:a SIP/2.0\r\nTo: x\r\n\r\n",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 5\r\nl: 0\r\n\r\n12345",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        b"x" * (MAX_HEADER_BYTES + 1),
        b"X" * MAX_HEADER_BYTES + b"y\r\n\r\n",
    ],
)
def test_a_stream_that_cannot_be_cut_is_given_up(data: bytes) -> None:
    with pytest.raises(FramingError):
        StreamFramer().feed(data)


def test_the_largest_body_passes() -> None:
    whole = b"INFO sip:a SIP/2.0\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES + b"x" * MAX_BODY_BYTES
    assert StreamFramer().feed(whole) == [whole]
