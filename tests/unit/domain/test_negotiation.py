"""Two ends that offer and answer agree on the same thing, seen from each side; what cannot be agreed on is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.media_ends import IceEnd, LocalEnd, Transport
from ringfence.domain.negotiation import (
    PLAIN,
    NoCommonMediaError,
    Speaker,
    in_role,
    make_answer,
    make_offer,
    read_answer,
    renewed,
    transport_of,
)
from ringfence.domain.sdp import DIRECTIONS, Direction, parse_sdp

ICE = IceEnd(
    ufrag="abcd",
    password="p" * 22,
    fingerprint="sha-256 " + ":".join(["AB"] * 32),
    setup="actpass",
    candidates=("1 1 udp 2130706431 127.0.0.1 6000 typ host",),
)
ENCODINGS = ("PCMU", "PCMA", "G722", "opus")


def speaker(
    port: int = 6000, transport: Transport = "rtp", encodings: tuple[str, ...] = ("PCMU", "PCMA"), **changed: object
) -> Speaker:
    local = LocalEnd(
        address="127.0.0.1",
        port=port,
        rtcp_port=port,
        ssrc=1,
        srtp_key=bytes([port % 251]) * 30 if transport == "srtp" else b"",
        ice=ICE if transport == "webrtc" else None,
    )
    return Speaker(
        local=msgspec.structs.replace(local, **changed), transport=transport, session_id=port, encodings=encodings
    )


def phone(*lines: str, protocol: str = "RTP/AVP", formats: str = "0", address: str = "192.0.2.5") -> bytes:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.5", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    return "\r\n".join([*head, f"m=audio 7000 {protocol} {formats}", *lines, ""]).encode()


TRANSPORTS: list[Transport] = ["rtp", "srtp", "webrtc"]


@given(
    st.lists(st.sampled_from(ENCODINGS), min_size=1, unique=True),
    st.lists(st.sampled_from(ENCODINGS), min_size=1, unique=True),
    st.sampled_from(DIRECTIONS),
    st.sampled_from(DIRECTIONS),
    st.sampled_from(TRANSPORTS),
)
def test_both_ends_of_an_exchange_agree(
    caller_speaks: list[str], callee_speaks: list[str], offered: Direction, wanted: Direction, transport: Transport
) -> None:
    caller = speaker(6000, transport, tuple(caller_speaks))
    callee = speaker(7000, transport, tuple(callee_speaks))
    offer = make_offer(caller, direction=offered)
    common = [name for name in caller_speaks if name in callee_speaks]
    if not common:
        with pytest.raises(NoCommonMediaError):
            make_answer(offer, callee)
        return
    agreement = make_answer(offer, callee, wanted=wanted)
    by_callee, by_caller = agreement.remote, read_answer(agreement.description, caller)
    cheap = [name for name in common if name in PLAIN]
    liked = [*cheap, *common] if callee_speaks[0] in PLAIN else [name for name in callee_speaks if name in common]
    assert by_callee.encoding == by_caller.encoding == liked[0]
    assert by_callee.payload_type == by_caller.payload_type
    assert by_callee.event_payload_type == by_caller.event_payload_type is not None
    assert (by_callee.port, by_caller.port) == (6000, 7000)
    assert (by_callee.rtcp_port, by_caller.rtcp_port) == (6000, 7000)
    assert by_callee.send == by_caller.receive
    assert by_callee.receive == by_caller.send
    if transport == "srtp":
        assert (by_callee.srtp_key, by_caller.srtp_key) == (caller.local.srtp_key, callee.local.srtp_key)
        assert by_callee.srtp_suite == by_caller.srtp_suite == "AES_CM_128_HMAC_SHA1_80"
    if transport == "webrtc":
        assert by_callee.ice is not None
        assert by_caller.ice is not None
        assert by_callee.ice.setup == "actpass"
        assert by_caller.ice.setup == "active"
        assert by_caller.ice.candidates == ICE.candidates


def test_the_payload_types_of_the_offer_are_answered_with() -> None:
    offer = phone("a=rtpmap:97 PCMA/8000", "a=rtpmap:102 telephone-event/8000", formats="97 102")
    agreement = make_answer(offer, speaker())
    assert (agreement.remote.payload_type, agreement.remote.event_payload_type) == (97, 102)
    (stream,) = parse_sdp(agreement.description).media
    assert stream.formats == ("97", "102")


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [("111 9 8 0", "PCMA"), ("111 9", "opus"), ("9 111", "G722"), ("0 8", "PCMU"), ("111 0", "PCMU")],
)
def test_g711_goes_before_what_costs_more_and_else_the_offer_s_order_holds(formats: str, chosen: str) -> None:
    """A browser puts Opus first, and takes G.711 all the same."""
    offer = phone("a=rtpmap:111 opus/48000/2", formats=formats)
    assert make_answer(offer, speaker(encodings=ENCODINGS)).remote.encoding == chosen


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [("0 8 9 111", "G722"), ("111 0", "opus"), ("8 0", "PCMU"), ("8", "PCMA"), ("111 9", "G722")],
)
def test_who_would_rather_speak_another_takes_the_first_of_its_own(formats: str, chosen: str) -> None:
    wide = speaker(encodings=("G722", "OPUS", "PCMU", "PCMA"))
    description = phone("a=rtpmap:111 opus/48000/2", formats=formats)
    assert make_answer(description, wide).remote.encoding == chosen
    assert read_answer(description, wide).encoding == chosen
    assert parse_sdp(make_offer(wide)).media[0].formats[0] == "9"


def test_events_count_only_at_the_codecs_own_clock() -> None:
    offer = phone(
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:101 telephone-event/8000",
        "a=rtpmap:110 telephone-event/48000",
        formats="111 101 110",
    )
    assert make_answer(offer, speaker(encodings=ENCODINGS)).remote.event_payload_type == 110
    assert make_answer(phone(), speaker()).remote.event_payload_type is None


@pytest.mark.parametrize(
    ("theirs", "send", "receive"),
    [
        ("sendrecv", True, True),
        ("sendonly", False, True),
        ("recvonly", True, False),
        ("inactive", False, False),
    ],
)
def test_a_hold_stops_what_the_other_end_does_not_want(theirs: str, send: bool, receive: bool) -> None:
    remote = make_answer(phone(f"a={theirs}"), speaker()).remote
    assert (remote.send, remote.receive) == (send, receive)


def test_the_old_hold_by_address_stops_sending() -> None:
    assert make_answer(phone(address="0.0.0.0"), speaker()).remote.send is False


def test_every_stream_but_the_first_audio_is_refused_in_its_place() -> None:
    offer = phone("m=video 7002 RTP/AVP 96", "m=audio 7004 RTP/AVP 0")
    ports = [media.port for media in parse_sdp(make_answer(offer, speaker()).description).media]
    assert ports == [6000, 0, 0]


def test_rtcp_goes_where_the_other_end_says_it_listens() -> None:
    assert make_answer(phone(), speaker()).remote.rtcp_port == 7001
    assert make_answer(phone("a=rtcp:7009"), speaker()).remote.rtcp_port == 7009
    assert make_answer(phone("a=rtcp-mux"), speaker()).remote.rtcp_port == 7000
    assert b"rtcp-mux" not in make_answer(phone(), speaker()).description
    assert b"a=rtcp:6001" in make_answer(phone(), speaker(rtcp_port=6001)).description


def test_a_browsers_bundle_is_answered_as_one() -> None:
    lines = ["a=mid:audio1", "a=ice-ufrag:u", "a=ice-pwd:p", "a=fingerprint:sha-256 AA", "a=setup:active"]
    offer = phone(*lines, protocol="UDP/TLS/RTP/SAVPF").replace(b"t=0 0\r\n", b"t=0 0\r\na=group:BUNDLE audio1\r\n")
    answer = parse_sdp(make_answer(offer, speaker(transport="webrtc")).description)
    assert answer.attribute("group") == "BUNDLE audio1"
    assert answer.media[0].attribute("mid") == "audio1"
    assert answer.media[0].attribute("setup") == "passive"


@pytest.mark.parametrize(
    ("lines", "ptime_ms"),
    [
        ([], 20),
        (["a=ptime:30"], 30),
        (["a=ptime:40", "a=maxptime:150"], 40),
        (["a=maxptime:10"], 10),
        (["a=ptime:200"], 60),
        (["a=ptime:x"], 20),
    ],
)
def test_packets_hold_what_the_other_end_asks_for_and_it_is_asked_for_the_same(lines: list[str], ptime_ms: int) -> None:
    agreement = make_answer(phone(*lines), speaker())
    assert agreement.remote.ptime_ms == ptime_ms
    assert parse_sdp(agreement.description).media[0].ptime_ms == ptime_ms
    assert read_answer(phone(*lines), speaker()).ptime_ms == ptime_ms


def test_opus_is_sent_in_packets_of_the_usual_length() -> None:
    offer = phone("a=rtpmap:96 opus/48000/2", "a=ptime:60", formats="96")
    assert make_answer(offer, speaker(encodings=("opus",))).remote.ptime_ms == 20


def test_a_description_of_a_session_names_its_version() -> None:
    assert parse_sdp(make_offer(speaker(), version=3)).version == 3
    assert parse_sdp(make_answer(phone(), speaker(), version=4).description).version == 4


@pytest.mark.parametrize(
    "offer",
    [
        b"",
        b"hello",
        phone(formats="18"),
        phone(protocol="TCP/MSRP"),
        phone(protocol="UDP/TLS/RTP/SAVPF"),
        phone(address="phone.example"),
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n",
    ],
)
def test_what_cannot_be_a_call_is_refused_with_488(offer: bytes) -> None:
    with pytest.raises(NoCommonMediaError) as refusal:
        make_answer(offer, speaker())
    assert refusal.value.sip_status == 488


@pytest.mark.parametrize("lines", [[], ["a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:AAAA"], ["a=crypto:1 garbage"]])
def test_a_stream_over_srtp_needs_a_key_that_we_can_use(lines: list[str]) -> None:
    with pytest.raises(NoCommonMediaError):
        make_answer(phone(*lines, protocol="RTP/SAVP"), speaker(transport="srtp"))


def test_an_answer_that_drops_the_encryption_is_refused() -> None:
    caller = speaker(transport="srtp")
    answer = make_answer(make_offer(caller), speaker(7000, "srtp")).description
    stripped = b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"a=crypto"))
    with pytest.raises(NoCommonMediaError):
        read_answer(stripped, caller)


def test_who_began_the_handshake_stays_who_it_is() -> None:
    """A browser that answered our offer is the active end; its own offers leave that open, and turn nothing."""
    browser, ours = speaker(transport="webrtc"), speaker(transport="webrtc")
    answer = make_answer(make_offer(ours), browser)
    ours = in_role(ours, read_answer(answer.description, ours))
    browser = in_role(browser, answer.remote)
    for offerer, answerer, setup in ((browser, ours, "passive"), (ours, browser, "active"), (browser, ours, "passive")):
        again = make_answer(make_offer(offerer), answerer)
        assert parse_sdp(again.description).media[0].attribute("setup") == setup
        assert in_role(answerer, again.remote).local == answerer.local
    plain = speaker(transport="rtp")
    assert in_role(plain, make_answer(make_offer(plain), plain).remote) == plain


@pytest.mark.parametrize("changed", [{"ufrag": "anew"}, {"password": "q" * 22}])
def test_an_offer_with_other_credentials_is_answered_with_fresh_ones(changed: dict[str, str]) -> None:
    browser, ours = speaker(transport="webrtc"), speaker(transport="webrtc")
    first = make_answer(make_offer(browser), ours)
    ours = in_role(ours, first.remote)
    again = msgspec.structs.replace(browser, local=with_ice(browser, **changed))
    fresh = renewed(ours, make_offer(again))
    agreed = make_answer(make_offer(again), fresh)
    before, now = (parse_sdp(one.description).media[0] for one in (first, agreed))
    for name in ("ice-ufrag", "ice-pwd"):
        assert now.attribute(name) != before.attribute(name)
    for name in ("fingerprint", "setup"):
        assert now.attribute(name) == before.attribute(name)
    assert agreed.remote.own_ice is not None
    assert agreed.remote.own_ice.ufrag == now.attribute("ice-ufrag")
    assert agreed.remote.own_ice.password == now.attribute("ice-pwd")
    assert 22 <= len(agreed.remote.own_ice.password) <= 256, "RFC 8839, section 5.4"


def test_an_offer_with_the_same_credentials_is_answered_under_the_same() -> None:
    browser, ours = speaker(transport="webrtc"), speaker(transport="webrtc")
    assert renewed(ours, make_offer(browser)) is ours, "the first one begins nothing anew"
    ours = in_role(ours, make_answer(make_offer(browser), ours).remote)
    assert renewed(ours, make_offer(browser, direction="sendonly")) is ours
    plain = speaker(transport="rtp")
    assert renewed(plain, phone()) is plain


def test_credentials_are_fresh_once_and_hold_from_then_on() -> None:
    browser, ours = speaker(transport="webrtc"), speaker(transport="webrtc")
    ours = in_role(ours, make_answer(make_offer(browser), ours).remote)
    again = msgspec.structs.replace(browser, local=with_ice(browser, ufrag="anew"))
    fresh = renewed(ours, make_offer(again))
    fresh = in_role(fresh, make_answer(make_offer(again), fresh).remote)
    assert renewed(fresh, make_offer(again)) is fresh


def test_another_certificate_in_the_midst_of_a_call_is_refused() -> None:
    browser, ours = speaker(transport="webrtc"), speaker(transport="webrtc")
    ours = in_role(ours, make_answer(make_offer(browser), ours).remote)
    other = with_ice(browser, ufrag="anew", fingerprint="sha-256 " + ":".join(["CD"] * 32))
    with pytest.raises(NoCommonMediaError):
        renewed(ours, make_offer(msgspec.structs.replace(browser, local=other)))


def with_ice(speaker: Speaker, **changed: str) -> LocalEnd:
    assert speaker.local.ice is not None
    return msgspec.structs.replace(speaker.local, ice=msgspec.structs.replace(speaker.local.ice, **changed))


def test_a_stream_over_dtls_needs_ice_and_a_fingerprint() -> None:
    with pytest.raises(NoCommonMediaError):
        make_answer(phone(protocol="UDP/TLS/RTP/SAVPF"), speaker(transport="webrtc"))


def test_the_transport_is_that_of_the_first_audio_stream() -> None:
    assert transport_of(phone()) == "rtp"
    assert transport_of(phone(protocol="RTP/SAVP")) == "srtp"
    assert transport_of(make_offer(speaker(transport="webrtc"))) == "webrtc"


@given(st.binary(max_size=400))
def test_garbage_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    for begun in (data, phone() + data):
        try:
            make_answer(begun, speaker())
        except NoCommonMediaError:
            continue
