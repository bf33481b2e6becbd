"""Session descriptions: read as phones write them, answered as RFC 3264 says."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sdp import (
    DIRECTIONS,
    MAX_BYTES,
    MAX_MEDIA,
    Codec,
    InvalidSdpError,
    Media,
    Session,
    answered_direction,
    codec_attributes,
    common_codecs,
    parse_sdp,
    refused,
    write_sdp,
)

PCMU = Codec(payload_type=0, name="PCMU", clock_rate_hz=8_000)
OPUS = Codec(payload_type=111, name="opus", clock_rate_hz=48_000, channels=2, parameters="useinbandfec=1")
DIGITS = Codec(payload_type=101, name="telephone-event", clock_rate_hz=8_000, parameters="0-16")
PHONE = b"""v=0\r
o=user1 53655765 2353687637 IN IP4 192.0.2.5\r
s=-\r
c=IN IP4 192.0.2.5\r
t=0 0\r
a=group:BUNDLE 0\r
m=audio 6000 RTP/AVP 0 111 101 96\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:111 opus/48000/2\r
a=fmtp:111 useinbandfec=1\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
a=ptime:20\r
a=mid:0\r
a=sendonly\r
m=video 0 RTP/AVP 31\r
c=IN IP6 2001:DB8::9\r
"""


def described(*lines: str) -> bytes:
    return "\r\n".join(["v=0", "o=- 1 2 IN IP4 192.0.2.5", "s=-", "c=IN IP4 192.0.2.5", "t=0 0", *lines, ""]).encode()


def test_a_phones_offer_is_read() -> None:
    session = parse_sdp(PHONE)
    audio, video = session.media
    assert (session.session_id, session.version, session.name, session.address) == (
        53655765,
        2353687637,
        "-",
        "192.0.2.5",
    )
    assert session.attribute("group") == "BUNDLE 0"
    assert (audio.kind, audio.port, audio.protocol, audio.formats) == (
        "audio",
        6000,
        "RTP/AVP",
        ("0", "111", "101", "96"),
    )
    assert audio.codecs == (PCMU, OPUS, DIGITS), "a format that nobody explained is none"
    assert (audio.ptime_ms, audio.direction, audio.attribute("mid"), audio.attribute("setup")) == (
        20,
        "sendonly",
        "0",
        None,
    )
    assert (session.address_of(audio), session.address_of(video)) == ("192.0.2.5", "2001:db8::9")
    assert (session.first("audio"), session.first("video"), session.first("text")) == (audio, None, None)


def test_static_payload_types_need_no_map() -> None:
    session = parse_sdp(described("m=audio 6000 RTP/AVP 8 0 9 18 13 77 200 x"))
    assert [(codec.name, codec.clock_rate_hz) for codec in session.media[0].codecs] == [
        ("PCMA", 8_000),
        ("PCMU", 8_000),
        ("G722", 8_000),
        ("G729", 8_000),
        ("CN", 8_000),
    ]


def test_what_was_written_reads_back() -> None:
    session = parse_sdp(PHONE)
    assert parse_sdp(write_sdp(session)) == session


@given(
    codecs=st.lists(
        st.builds(
            Codec,
            payload_type=st.integers(96, 127),
            name=st.sampled_from(["opus", "PCMU", "telephone-event", "X-1"]),
            clock_rate_hz=st.sampled_from([8_000, 48_000]),
            channels=st.integers(1, 2),
            parameters=st.sampled_from(["", "0-16", "a=1;b=2"]),
        ),
        max_size=5,
        unique_by=lambda codec: codec.payload_type,
    ),
    port=st.integers(0, 65_535),
    address=st.none() | st.ip_addresses().map(str),
    version=st.integers(0, 2**63),
)
def test_any_description_reads_back(codecs: list[Codec], port: int, address: str | None, version: int) -> None:
    media = Media(
        kind="audio",
        port=port,
        protocol="RTP/SAVPF",
        formats=tuple(str(codec.payload_type) for codec in codecs) or ("0",),
        address=address,
        attributes=(*codec_attributes(tuple(codecs)), ("rtcp-mux", None), ("mid", "0")),
    )
    session = Session(address="198.51.100.1", session_id=7, version=version, media=(media,))
    again = parse_sdp(write_sdp(session))
    assert again == session
    assert again.media[0].codecs == (tuple(codecs) or (PCMU,))


@given(st.binary(max_size=400))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes) -> None:
    with pytest.raises(InvalidSdpError):
        parse_sdp(noise)


@given(st.integers(0, 350), st.binary(max_size=5))
def test_a_damaged_description_is_read_or_refused(place: int, damage: bytes) -> None:
    try:
        session = parse_sdp(PHONE[:place] + damage + PHONE[place + len(damage) :])
    except InvalidSdpError:
        return
    for media in session.media:
        _ = media.codecs, media.ptime_ms, session.direction_of(media)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"v=1\r\n", 1),
        (described("v=0"), 6),
        (described("no line"), 6),
        (described("a=:x"), 6),
        (described("m=audio RTP/AVP 0"), 6),
        (described("m=audio 65536 RTP/AVP 0"), 6),
        (described("m=audio 6000 RTP/AVP"), 6),
        (described("m=audio 6000 RTP/AVP 0", "c=IN IP4 999.0.2.5"), 7),
        (described("m=audio 6000 RTP/AVP 0", "c=IN IP6 192.0.2.5 x"), 7),
        (described("c=TN RFC2543 +1202"), 6),
        (described(*["m=audio 6000 RTP/AVP 0"] * (MAX_MEDIA + 1)), 6 + MAX_MEDIA),
        (b"v=0\r\no=- x 2 IN IP4 192.0.2.5\r\n", 2),
        (b"v=0\r\no=- 1 2 IN IP4 192.0.2.5\r\no=- 1 2 IN IP4 192.0.2.5\r\n", 3),
        (b"v=0\r\ns=-\r\nc=IN IP4 192.0.2.5\r\n", 0),
        (b"v=0\r\no=- 1 2 IN IP4 192.0.2.5\r\ns=-\r\nm=audio 6000 RTP/AVP 0\r\n", 0),
        (b"v=0\r\ns=\xff\r\n", 0),
        (b"v=0\r\n" + b"a=x\r\n" * MAX_BYTES, 0),
    ],
)
def test_a_crooked_description_is_refused_by_line(data: bytes, line: int) -> None:
    with pytest.raises(InvalidSdpError) as caught:
        parse_sdp(data)
    assert caught.value.line == line
    assert "192.0.2" not in str(caught.value)


def test_bare_line_ends_unknown_lines_and_a_host_name_pass() -> None:
    session = parse_sdp(
        b"v=0\no=- 1 2 IN IP4 a.example\nx=what\nb=AS:64\nm=audio 6000 RTP/AVP 0\nc=IN IP4 PBX.example\n"
    )
    assert (session.name, session.address_of(session.media[0])) == ("-", "pbx.example")


def test_a_streams_first_connection_holds_and_multicast_loses_its_ttl() -> None:
    session = parse_sdp(described("m=audio 6000 RTP/AVP 0", "c=IN IP4 224.2.1.1/127/3", "c=IN IP4 192.0.2.9"))
    assert session.address_of(session.media[0]) == "224.2.1.1"


@pytest.mark.parametrize(
    ("lines", "direction"),
    [
        (["m=audio 6000 RTP/AVP 0"], "sendrecv"),
        (["a=recvonly", "m=audio 6000 RTP/AVP 0"], "recvonly"),
        (["a=recvonly", "m=audio 6000 RTP/AVP 0", "a=inactive"], "inactive"),
        (["m=audio 6000 RTP/AVP 0", "c=IN IP4 0.0.0.0"], "sendonly"),
        (["m=audio 6000 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=recvonly"], "inactive"),
        (["m=audio 6000 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=sendonly"], "sendonly"),
        (["m=audio 9 UDP/TLS/RTP/SAVPF 0", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd"], "sendrecv"),
    ],
)
def test_a_direction_is_the_streams_or_the_sessions_and_old_phones_hold_by_address(
    lines: list[str], direction: str
) -> None:
    session = parse_sdp(described(*lines))
    assert session.direction_of(session.media[0]) == direction


@pytest.mark.parametrize(
    ("offered", "ours", "answer"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "recvonly", "inactive"),
        ("sendonly", "recvonly", "recvonly"),
    ],
)
def test_an_answer_takes_what_the_offer_leaves_open(offered, ours, answer) -> None:
    assert answered_direction(offered, ours) == answer


def test_an_answer_never_flows_where_the_offer_does_not() -> None:
    flows = {"sendrecv": {"in", "out"}, "sendonly": {"out"}, "recvonly": {"in"}, "inactive": set()}
    turned = {"in": "out", "out": "in"}
    for offered in DIRECTIONS:
        for ours in DIRECTIONS:
            assert {turned[way] for way in flows[answered_direction(offered, ours)]} <= flows[offered]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20", 20),
        ("1000", 1_000),
        ("1001", None),
        ("0", None),
        ("x", None),
        ("", None),
        ("²", None),
        ("1" * 5_000, None),
    ],
)
def test_a_packet_time_that_makes_no_sense_is_none(text: str, expected: int | None) -> None:
    attributes = ("ptime", text), ("maxptime", text)
    media = Media(kind="audio", port=1, protocol="RTP/AVP", formats=("0",), attributes=attributes)
    assert (media.ptime_ms, media.maxptime_ms) == (expected, expected)


def test_common_codecs_keep_the_offers_order_and_payload_types() -> None:
    ours = (PCMU, msgspec.structs.replace(OPUS, payload_type=96, name="OPUS"))
    other = Codec(payload_type=98, name="PCMU", clock_rate_hz=16_000)
    assert common_codecs((OPUS, other, DIGITS, PCMU), ours) == (OPUS, PCMU)


def test_a_refused_stream_keeps_its_formats_and_its_name() -> None:
    media = parse_sdp(PHONE).media[0]
    assert refused(media) == Media(
        kind="audio", port=0, protocol="RTP/AVP", formats=media.formats, attributes=(("mid", "0"),)
    )
    assert refused(parse_sdp(PHONE).media[1]).attributes == ()


def test_a_line_break_cannot_be_written() -> None:
    with pytest.raises(InvalidSdpError):
        write_sdp(Session(address="192.0.2.5", name="a\r\nm=audio 1 RTP/AVP 0"))
