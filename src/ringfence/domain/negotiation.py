"""Offers and answers for one audio stream: from what we have and speak to what was agreed with the other end.

Source: RFC 3264 (offer and answer), RFC 3551 and 4733 (formats), RFC 4568 (SDES), RFC 5761 (rtcp-mux), RFC 5763 and
8842 (DTLS), RFC 8839 (ICE), RFC 9143 (bundles).
"""

import ipaddress
import secrets
from collections.abc import Sequence

import msgspec

from ringfence.domain.media_ends import IceEnd, LocalEnd, RemoteEnd, Transport
from ringfence.domain.packet_time import USUAL_MS, packet_time_ms
from ringfence.domain.sdes import Crypto, InvalidCryptoError, answered_crypto, choose_crypto, write_crypto
from ringfence.domain.sdp import (
    Attributes,
    Codec,
    Direction,
    InvalidSdpError,
    Media,
    Session,
    answered_direction,
    codec_attributes,
    parse_sdp,
    refused,
    write_sdp,
)

PLAIN = ("PCMU", "PCMA")
NOT_ACCEPTABLE = 488

_SPOKEN = {
    "PCMU": Codec(payload_type=0, name="PCMU", clock_rate_hz=8_000),
    "PCMA": Codec(payload_type=8, name="PCMA", clock_rate_hz=8_000),
    "G722": Codec(payload_type=9, name="G722", clock_rate_hz=8_000),
    "OPUS": Codec(
        payload_type=111, name="opus", clock_rate_hz=48_000, channels=2, parameters="minptime=20;useinbandfec=1"
    ),
}
_EVENTS = {
    8_000: Codec(payload_type=101, name="telephone-event", clock_rate_hz=8_000, parameters="0-16"),
    48_000: Codec(payload_type=110, name="telephone-event", clock_rate_hz=48_000, parameters="0-16"),
}
# What a leg's own key is made for: 30 bytes of key and salt.
_OFFERED_SUITE = "AES_CM_128_HMAC_SHA1_80"
_ANSWERED_SUITES = (_OFFERED_SUITE, "AES_CM_128_HMAC_SHA1_32")
_PROTOCOLS: dict[Transport, str] = {"rtp": "RTP/AVP", "srtp": "RTP/SAVP", "webrtc": "UDP/TLS/RTP/SAVPF"}
_TRANSPORTS: dict[str, Transport] = {
    "RTP/AVP": "rtp",
    "RTP/AVPF": "rtp",
    "RTP/SAVP": "srtp",
    "RTP/SAVPF": "srtp",
    "UDP/TLS/RTP/SAVP": "webrtc",
    "UDP/TLS/RTP/SAVPF": "webrtc",
}


class NoCommonMediaError(Exception):
    """The two ends have nothing in common, or the description is none. The cause holds no part of it.

    `sip_status` is what a call with such a description is refused with.
    """

    sip_status = NOT_ACCEPTABLE


class Agreement(msgspec.Struct, frozen=True):
    """Our answer, and what it agrees to."""

    description: bytes
    remote: RemoteEnd

    def __repr__(self) -> str:
        return f"Agreement({self.remote!r})"


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """One end of one call: where its media is received, and what it speaks, the preferred first.

    `session_id` names its description for the whole of the call; `version` grows with every one that it sends. `theirs`
    is the other end's ICE as it was agreed on last.
    """

    local: LocalEnd
    transport: Transport
    session_id: int
    encodings: tuple[str, ...] = PLAIN
    theirs: IceEnd | None = None

    def __repr__(self) -> str:
        return f"Speaker({self.transport})"


def transport_of(offer: bytes) -> Transport:
    """How the first audio stream of an offer is to be carried. NoCommonMediaError where there is none."""
    _, _, transport = _audio(_parsed(offer))
    return transport


def make_offer(speaker: Speaker, *, version: int = 0, direction: Direction = "sendrecv") -> bytes:
    """A description that offers one audio stream."""
    codecs = _codecs(speaker.encodings)
    attributes: list[tuple[str, str | None]] = [*_lines(codecs, USUAL_MS), (direction, None)]
    if speaker.local.ice is not None:
        attributes += [("mid", "0"), *_secured_by_dtls(speaker.local.ice, "actpass")]
    if speaker.transport == "srtp":
        attributes += _crypto_line(_offered_crypto(speaker), speaker.local.srtp_key)
    attributes += _control(speaker.local, mux=True)
    bundle: Attributes = (("group", "BUNDLE 0"),) if speaker.local.ice is not None else ()
    return _written(speaker, version, (_stream(speaker, codecs, tuple(attributes)),), bundle)


def make_answer(offer: bytes, speaker: Speaker, *, version: int = 0, wanted: Direction = "sendrecv") -> Agreement:
    """The answer to an offer: its first audio stream that is ours is taken, every other one refused.

    NoCommonMediaError where no stream or no codec is common, or the offer is no description.
    """
    session = _parsed(offer)
    place, media, transport = _audio(session)
    if transport != speaker.transport:
        raise NoCommonMediaError("its media is carried in another way")
    codec, event = _common(media, speaker.encodings)
    direction = answered_direction(session.direction_of(media), wanted)
    crypto = _their_offer(media, transport)
    ice = _their_ice(session, media, transport)
    mux = media.attribute("rtcp-mux") is not None
    # The length that they want is what we want too: some trunks send no other than they receive.
    lines = _lines((codec, *([event] if event else [])), _packet_time_ms(media, codec))
    attributes: list[tuple[str, str | None]] = [*lines, (direction, None)]
    if (mid := media.attribute("mid")) is not None:
        attributes.append(("mid", mid))
    if speaker.local.ice is not None and ice is not None:
        attributes += _secured_by_dtls(speaker.local.ice, _role(speaker.local.ice, ice))
    attributes += _crypto_line(crypto, speaker.local.srtp_key)
    attributes += _control(speaker.local, mux=mux)
    ours = _stream(speaker, (codec, *([event] if event else [])), tuple(attributes), protocol=media.protocol)
    streams = tuple(ours if at == place else refused(other) for at, other in enumerate(session.media))
    grouped = session.attribute("group") is not None and mid is not None
    bundle: Attributes = (("group", f"BUNDLE {mid}"),) if grouped else ()
    remote = _remote(speaker, session, media, codec, event, _ways(direction), crypto, ice)
    return Agreement(_written(speaker, version, streams, bundle), remote)


def read_answer(answer: bytes, speaker: Speaker) -> RemoteEnd:
    """What an answer to our offer agrees to. NoCommonMediaError where it takes nothing that we offered."""
    session = _parsed(answer)
    _, media, transport = _audio(session)
    if transport != speaker.transport:
        raise NoCommonMediaError("the answer's media is carried in another way")
    codec, event = _common(media, speaker.encodings)
    theirs = session.direction_of(media)
    ways = theirs in {"sendrecv", "recvonly"}, theirs in {"sendrecv", "sendonly"}
    crypto, ice = _their_answer(media, speaker), _their_ice(session, media, transport)
    return _remote(speaker, session, media, codec, event, ways, crypto, ice)


def in_role(speaker: Speaker, remote: RemoteEnd) -> Speaker:
    """The same end, once this was agreed: who began DTLS's handshake stays who it is (RFC 8842, section 5.2)."""
    ice = speaker.local.ice
    if ice is None or remote.ice is None:
        return speaker
    settled = msgspec.structs.replace(ice, setup=_role(ice, remote.ice))
    local = msgspec.structs.replace(speaker.local, ice=settled)
    return msgspec.structs.replace(speaker, local=local, theirs=remote.ice)


def renewed(speaker: Speaker, offer: bytes) -> Speaker:
    """The same end for the answer to a later offer: under fresh credentials where that wants ICE to begin anew.

    RFC 8839, section 4.4.1.1.1: either of theirs is another. NoCommonMediaError where the offer's certificate is
    another too: that would be another handshake, and perhaps another peer.
    """
    ours, before = speaker.local.ice, speaker.theirs
    if ours is None or before is None:
        return speaker
    session = _parsed(offer)
    _, media, transport = _audio(session)
    now = _their_ice(session, media, transport)
    if now is None or (now.ufrag, now.password) == (before.ufrag, before.password):
        return speaker
    if now.fingerprint.lower() != before.fingerprint.lower():
        raise NoCommonMediaError("another certificate than before")
    fresh = msgspec.structs.replace(ours, ufrag=secrets.token_hex(4), password=secrets.token_hex(16))
    return msgspec.structs.replace(speaker, local=msgspec.structs.replace(speaker.local, ice=fresh))


def _role(ours: IceEnd, theirs: IceEnd) -> str:
    """Our part in the handshake: the one that we have, or the one that theirs leaves; the active one is quicker."""
    if ours.setup != "actpass":
        return ours.setup
    return "passive" if theirs.setup == "active" else "active"


def _parsed(data: bytes) -> Session:
    try:
        return parse_sdp(data)
    except InvalidSdpError:
        raise NoCommonMediaError("no valid description") from None


def _audio(session: Session) -> tuple[int, Media, Transport]:
    for place, media in enumerate(session.media):
        transport = _TRANSPORTS.get(media.protocol.upper())
        if media.kind == "audio" and media.port and transport is not None:
            return place, media, transport
    raise NoCommonMediaError("no audio stream")


def _codecs(encodings: Sequence[str]) -> tuple[Codec, ...]:
    spoken = [_SPOKEN[name.upper()] for name in encodings]
    rates = dict.fromkeys(codec.clock_rate_hz for codec in spoken)
    return (*spoken, *(_EVENTS[rate] for rate in rates))


def _common(media: Media, encodings: Sequence[str]) -> tuple[Codec, Codec | None]:
    """The codec of a description that we speak, and its events' format.

    G.711 goes before all others where it is the first of ours: we record nothing else, and others cost us more. Else
    the first of ours that is there.
    """
    ours = [_SPOKEN[name.upper()] for name in encodings]
    offered = media.codecs
    common = [codec for codec in offered if any(codec.same_encoding(own) for own in ours)]
    if not common:
        raise NoCommonMediaError("no common codec")
    preferred = [name.upper() for name in encodings]
    if preferred[0] in PLAIN:
        codec = next((codec for codec in common if codec.name.upper() in PLAIN), common[0])
    else:
        codec = min(common, key=lambda one: preferred.index(one.name.upper()))
    events = [other for other in offered if other.name.lower() == "telephone-event"]
    same_clock = [event for event in events if event.clock_rate_hz == codec.clock_rate_hz]
    return codec, next(iter(same_clock), None)


def _lines(codecs: Sequence[Codec], ptime_ms: int) -> list[tuple[str, str | None]]:
    return [*codec_attributes(tuple(codecs)), ("ptime", str(ptime_ms))]


def _packet_time_ms(media: Media, codec: Codec) -> int:
    """What they want a packet of ours to hold; Opus is made in the usual length alone."""
    if codec.clock_rate_hz != _SPOKEN["PCMU"].clock_rate_hz:
        return USUAL_MS
    return packet_time_ms(media.ptime_ms, media.maxptime_ms)


def _control(local: LocalEnd, *, mux: bool) -> list[tuple[str, str | None]]:
    """Where we want RTCP: beside the media where both ends can, else at its own port (RFC 5761, section 5.1.1)."""
    own: list[tuple[str, str | None]] = [("rtcp", str(local.rtcp_port))] if local.rtcp_port != local.port else []
    return [*own, ("rtcp-mux", None)] if mux else own


def _secured_by_dtls(ice: IceEnd, setup: str) -> list[tuple[str, str | None]]:
    return [
        ("ice-ufrag", ice.ufrag),
        ("ice-pwd", ice.password),
        ("fingerprint", ice.fingerprint),
        ("setup", setup),
        *(("candidate", candidate) for candidate in ice.candidates),
        ("end-of-candidates", None),
    ]


def _offered_crypto(speaker: Speaker) -> Crypto:
    return Crypto(tag=1, suite=_OFFERED_SUITE, key=speaker.local.srtp_key)


def _crypto_line(crypto: Crypto | None, key: bytes) -> list[tuple[str, str | None]]:
    """The line that says under which key we send, in the way that `crypto` names."""
    if crypto is None:
        return []
    return [("crypto", write_crypto(Crypto(tag=crypto.tag, suite=crypto.suite, key=key)))]


def _their_offer(media: Media, transport: Transport) -> Crypto | None:
    """What of their ways to protect the stream we take."""
    if transport != "srtp":
        return None
    crypto = choose_crypto(media.all("crypto"), _ANSWERED_SUITES)
    if crypto is None:
        raise NoCommonMediaError("no common way to encrypt")
    return crypto


def _their_answer(media: Media, speaker: Speaker) -> Crypto | None:
    """What they chose of our ways to protect the stream."""
    if speaker.transport != "srtp":
        return None
    try:
        return answered_crypto([_offered_crypto(speaker)], media.attribute("crypto") or "")
    except InvalidCryptoError:
        raise NoCommonMediaError("an answer that does not encrypt as was offered") from None


def _their_ice(session: Session, media: Media, transport: Transport) -> IceEnd | None:
    """The other end's ICE and DTLS; what stands for the session holds for the stream too."""
    if transport != "webrtc":
        return None

    def value(name: str) -> str:
        return (media.attribute(name) or session.attribute(name) or "").strip()

    ufrag, password, fingerprint = value("ice-ufrag"), value("ice-pwd"), value("fingerprint")
    if not (ufrag and password and fingerprint):
        raise NoCommonMediaError("a stream over DTLS without ICE or fingerprint")
    return IceEnd(
        ufrag=ufrag,
        password=password,
        fingerprint=fingerprint,
        setup=value("setup") or "actpass",
        candidates=tuple(media.all("candidate")),
    )


def _remote(
    speaker: Speaker,
    session: Session,
    media: Media,
    codec: Codec,
    event: Codec | None,
    ways: tuple[bool, bool],
    crypto: Crypto | None,
    ice: IceEnd | None,
) -> RemoteEnd:
    address = session.address_of(media)
    if ice is None and not _is_address(address):
        raise NoCommonMediaError("a name where an address should be")
    return RemoteEnd(
        address=address,
        port=media.port,
        rtcp_port=_rtcp_port(media),
        encoding=codec.name,
        payload_type=codec.payload_type,
        event_payload_type=None if event is None else event.payload_type,
        ptime_ms=_packet_time_ms(media, codec),
        send=ways[0],
        receive=ways[1],
        srtp_suite="" if crypto is None else crypto.suite,
        srtp_key=b"" if crypto is None else crypto.key,
        ice=ice,
        own_ice=speaker.local.ice if ice is not None else None,
    )


def _rtcp_port(media: Media) -> int:
    if media.attribute("rtcp-mux") is not None:
        return media.port
    named = (media.attribute("rtcp") or "").partition(" ")[0]
    if named.isascii() and named.isdigit() and 0 < int(named[:6]) < 65_536:
        return int(named)
    return min(media.port + 1, 65_535)


def _ways(direction: Direction) -> tuple[bool, bool]:
    """Whether we send, and receive."""
    return direction in {"sendrecv", "sendonly"}, direction in {"sendrecv", "recvonly"}


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _stream(speaker: Speaker, codecs: Sequence[Codec], attributes: Attributes, *, protocol: str = "") -> Media:
    return Media(
        kind="audio",
        port=speaker.local.port,
        protocol=protocol or _PROTOCOLS[speaker.transport],
        formats=tuple(str(codec.payload_type) for codec in codecs),
        attributes=attributes,
    )


def _written(speaker: Speaker, version: int, streams: tuple[Media, ...], attributes: Attributes) -> bytes:
    return write_sdp(
        Session(
            address=speaker.local.address,
            session_id=speaker.session_id,
            version=version,
            attributes=attributes,
            media=streams,
        )
    )
