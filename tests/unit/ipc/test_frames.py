import asyncio
import contextlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.ipc import frames

payloads = st.lists(st.integers(0, 255) | st.binary(max_size=300) | st.text(max_size=20), max_size=4)


async def read_all(data: bytes, max_bytes: int = frames.MAX_FRAME_BYTES) -> list[bytes]:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while (payload := await frames.read_frame(reader, max_bytes)) is not None:
        found.append(payload)
    return found


@given(st.lists(st.tuples(st.integers(0, 2**31), st.text(max_size=12), payloads), max_size=20))
def test_requests_come_back_as_they_were_sent(calls: list[tuple[int, str, list[object]]]) -> None:
    batch = [frames.Request(number, verb, frames.encode(args)) for number, verb, args in calls]
    (payload,) = asyncio.run(read_all(b"".join(frames.pack(batch))))
    back = frames.unpack_requests(payload)
    assert [(r.id, r.verb, msgspec.msgpack.decode(r.payload)) for r in back] == calls


@given(st.lists(st.tuples(st.integers(0, 2**31), st.booleans(), payloads), max_size=20))
def test_replies_come_back_as_they_were_sent(answers: list[tuple[int, bool, list[object]]]) -> None:
    batch = [frames.Reply(number, ok, frames.encode(value)) for number, ok, value in answers]
    (payload,) = asyncio.run(read_all(b"".join(frames.pack(batch))))
    back = frames.unpack_replies(payload)
    assert [(r.id, r.ok, msgspec.msgpack.decode(r.payload)) for r in back] == answers


@given(st.lists(st.binary(max_size=700), min_size=1, max_size=30))
def test_a_batch_too_large_for_one_frame_becomes_several_none_too_large(values: list[bytes]) -> None:
    batch = [frames.Reply(at, True, frames.encode(value)) for at, value in enumerate(values)]
    packed = list(frames.pack(batch, 1024))
    assert all(len(frame) - 4 <= 1024 for frame in packed)
    payloads = asyncio.run(read_all(b"".join(packed), 1024))
    back = [reply for payload in payloads for reply in frames.unpack_replies(payload)]
    assert [reply.id for reply in back] == list(range(len(values)))


def test_a_batch_that_fits_is_one_frame() -> None:
    batch = [frames.Reply(at, True, frames.encode(b"x" * 100)) for at in range(50)]
    assert len(list(frames.pack(batch))) == 1


def test_fits_draws_the_line_at_two_envelopes_below_the_bound() -> None:
    room = 1024 - 2 * frames.ENVELOPE_BYTES
    assert frames.fits(msgspec.Raw(b"x" * room), 1024)
    assert not frames.fits(msgspec.Raw(b"x" * (room + 1)), 1024)


def test_the_length_is_four_bytes_big_endian() -> None:
    (frame,) = frames.pack([frames.Reply(1, True, frames.encode(None))])
    assert frame == b"\x00\x00\x00\x05" + b"\x91\x93\x01\xc3\xc0"


def test_a_frame_of_exactly_the_bound_is_read_and_one_byte_more_is_refused() -> None:
    assert asyncio.run(read_all(b"\x00\x00\x00\x10" + b"a" * 16, 16)) == [b"a" * 16]
    with pytest.raises(frames.FrameError, match="larger"):
        asyncio.run(read_all(b"\x00\x00\x00\x11" + b"a" * 17, 16))


@pytest.mark.parametrize("cut", [b"\x00", b"\x00\x00\x00", b"\x00\x00\x00\x02", b"\x00\x00\x00\x02a"])
def test_a_stream_that_ends_inside_a_frame_is_refused(cut: bytes) -> None:
    with pytest.raises(frames.FrameError, match="inside"):
        asyncio.run(read_all(cut))


@settings(max_examples=200)
@given(st.binary(max_size=64))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    for unpack in (frames.unpack_requests, frames.unpack_replies):
        with contextlib.suppress(frames.FrameError):
            assert isinstance(unpack(data), list)


def test_arrays_in_arrays_without_end_are_refused() -> None:
    deep = b"\x91" * 200_000
    for unpack, data in (
        (frames.unpack_requests, b"\x91\x93\x01\xa1v" + deep),
        (frames.unpack_replies, b"\x91\x93\x01\xc3" + deep),
    ):
        with pytest.raises(frames.FrameError):
            unpack(data)


def test_reprs_show_no_payload() -> None:
    assert repr(frames.Request(3, "open", frames.encode(["secret"]))) == "Request(3, open)"
    assert repr(frames.Reply(3, False, frames.encode("secret"))) == "Reply(3, ok=False)"
