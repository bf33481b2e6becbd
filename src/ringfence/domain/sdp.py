"""Session descriptions: what two ends can speak and where, offered and answered.

A description is kept as its lines say it, with typed views on the attributes that a call needs; attributes that are not
known are carried, never acted on.

Source: RFC 8866 (SDP), RFC 3264 (offer and answer), RFC 4733 (telephone-event), RFC 5761 (rtcp-mux).
"""

import ipaddress
import re
from typing import Literal

import msgspec

MAX_BYTES = 64 * 1024
MAX_MEDIA = 16

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Attributes = tuple[tuple[str, str | None], ...]

DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")
# What an answer may say to an offer's direction, at most (RFC 3264, section 6.1).
_MIRRORED: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
# Static payload types that need no rtpmap (RFC 3551, table 4).
STATIC = {0: ("PCMU", 8_000), 8: ("PCMA", 8_000), 9: ("G722", 8_000), 13: ("CN", 8_000), 18: ("G729", 8_000)}

_LINE = re.compile(r"([a-z])=(.*)")
_MEDIA = re.compile(r"([A-Za-z0-9\-.]+) ([0-9]{1,5})(?:/([0-9]{1,5}))? ([A-Za-z0-9/]+)((?: \S+)+)")
_CONNECTION = re.compile(r"IN (IP4|IP6) (\S+)")
_ORIGIN = re.compile(r"\S+ ([0-9]+) ([0-9]+) IN IP[46] \S+")
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9\-._]+)/([0-9]{1,9})(?:/([0-9]{1,2}))?")
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,252}[A-Za-z0-9])?")


class InvalidSdpError(ValueError):
    """Not a session description. The reason holds no part of it; `line` is where, from 1, or 0 for the whole."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line


class Codec(msgspec.Struct, frozen=True, kw_only=True):
    """One format of a stream: payload type, encoding name as written, clock rate in Hz, channels, format parameters."""

    payload_type: int
    name: str
    clock_rate_hz: int
    channels: int = 1
    parameters: str = ""

    def same_encoding(self, other: "Codec") -> bool:
        """Whether both mean the same encoding, whatever payload type each gives it."""
        return (self.name.upper(), self.clock_rate_hz, self.channels) == (
            other.name.upper(),
            other.clock_rate_hz,
            other.channels,
        )


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """One stream. `port` 0 is a refused one; `address` is its own connection, or None where the session's holds.

    `formats` are the payload types as written, in order of preference; `attributes` all its `a=` lines in order.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    address: str | None = None
    attributes: Attributes = ()

    def attribute(self, name: str) -> str | None:
        """The first value of an attribute, "" for a flag, None where it is absent."""
        return _attribute(self.attributes, name)

    def all(self, name: str) -> list[str]:
        """Every value of an attribute, in order."""
        return [value or "" for key, value in self.attributes if key == name]

    @property
    def direction(self) -> Direction | None:
        """Its own direction, or None where the session's holds."""
        return next((word for word in DIRECTIONS if self.attribute(word) is not None), None)

    @property
    def ptime_ms(self) -> int | None:
        """The packet time that its writer wants to receive, or None."""
        return _milliseconds(self.attribute("ptime"))

    @property
    def maxptime_ms(self) -> int | None:
        """The longest packet that its writer can receive, or None."""
        return _milliseconds(self.attribute("maxptime"))

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """Its formats as codecs, in order; one without an rtpmap counts where its payload type is a static one."""
        mapped = {int(match[1]): match for text in self.all("rtpmap") if (match := _RTPMAP.fullmatch(text.strip()))}
        parameters = dict(text.strip().partition(" ")[::2] for text in self.all("fmtp"))
        codecs = []
        for text in self.formats:
            if not (text.isascii() and text.isdigit() and int(text) < 128):
                continue
            payload_type = int(text)
            match = mapped.get(payload_type)
            if match is not None:
                name, rate, channels = match[2], int(match[3]), int(match[4] or 1)
            elif payload_type in STATIC:
                (name, rate), channels = STATIC[payload_type], 1
            else:
                continue
            codecs.append(
                Codec(
                    payload_type=payload_type,
                    name=name,
                    clock_rate_hz=rate,
                    channels=channels,
                    parameters=parameters.get(text, "").strip(),
                )
            )
        return tuple(codecs)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A description. `session_id` and `version` are the origin's: a version grows by one with each change."""

    address: str
    session_id: int = 0
    version: int = 0
    name: str = "-"
    attributes: Attributes = ()
    media: tuple[Media, ...] = ()

    def __repr__(self) -> str:
        return f"Session({len(self.media)} media)"

    def attribute(self, name: str) -> str | None:
        """The first value of a session attribute, "" for a flag, None where it is absent."""
        return _attribute(self.attributes, name)

    def direction_of(self, media: Media) -> Direction:
        """Which way a stream flows, as its writer sees it; 0.0.0.0 as address is the hold of RFC 2543.

        Not with ICE, which writes it while candidates are still to come (RFC 8840, section 4.1.1).
        """
        own = next((word for word in DIRECTIONS if self.attribute(word) is not None), None)
        direction = media.direction or own or "sendrecv"
        ice = media.attribute("ice-ufrag") or self.attribute("ice-ufrag")
        if self.address_of(media) == "0.0.0.0" and not ice:  # noqa: S104 - an address that is read, not bound
            return {"sendrecv": "sendonly", "recvonly": "inactive"}.get(direction, direction)  # type: ignore[return-value]
        return direction

    def address_of(self, media: Media) -> str:
        """Where a stream's packets go: its own address or the session's."""
        return self.address if media.address is None else media.address

    def first(self, kind: str) -> Media | None:
        """The first stream of a kind that is not refused, or None."""
        return next((media for media in self.media if media.kind == kind and media.port), None)


def parse_sdp(data: bytes) -> Session:
    """Read a description, or raise InvalidSdpError.

    Liberal where phones are: line ends may be bare, an unknown line type is passed over, times and name may be absent.
    Strict where two ends could disagree: version, connection and media lines.
    """
    if len(data) > MAX_BYTES:
        raise InvalidSdpError(f"over {MAX_BYTES} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InvalidSdpError("not UTF-8") from None
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if lines[0] != "v=0":
        raise InvalidSdpError("a description begins with v=0", 1)
    reader = _Reader()
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise InvalidSdpError("not of the form x=…", number)
        try:
            reader.take(match[1], match[2])
        except InvalidSdpError as error:
            raise InvalidSdpError(str(error), number) from None
    return reader.session()


def write_sdp(session: Session) -> bytes:
    """A description's bytes, which read back as it."""
    family = "IP6" if ":" in session.address else "IP4"
    lines = [
        "v=0",
        f"o=- {session.session_id} {session.version} IN {family} {session.address}",
        f"s={session.name}",
        f"c=IN {family} {session.address}",
        "t=0 0",
        *_attribute_lines(session.attributes),
    ]
    for media in session.media:
        lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
        if media.address is not None:
            lines.append(f"c=IN {'IP6' if ':' in media.address else 'IP4'} {media.address}")
        lines += _attribute_lines(media.attributes)
    for line in lines:
        if "\r" in line or "\n" in line:
            raise InvalidSdpError("a line break inside a line")
    return ("\r\n".join(lines) + "\r\n").encode()


def codec_attributes(codecs: tuple[Codec, ...]) -> Attributes:
    """The rtpmap and fmtp lines that name these codecs."""
    lines: list[tuple[str, str | None]] = []
    for codec in codecs:
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        lines.append(("rtpmap", f"{codec.payload_type} {codec.name}/{codec.clock_rate_hz}{channels}"))
        if codec.parameters:
            lines.append(("fmtp", f"{codec.payload_type} {codec.parameters}"))
    return tuple(lines)


def common_codecs(offered: tuple[Codec, ...], ours: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """The offered codecs that we speak too, in the offer's order, with its payload types (RFC 3264, section 6.1)."""
    return tuple(codec for codec in offered if any(codec.same_encoding(own) for own in ours))


def answered_direction(offered: Direction, ours: Direction = "sendrecv") -> Direction:
    """The direction of an answer: what the offer leaves open and we want (RFC 3264, section 6.1)."""
    open_, wanted = _ways(_MIRRORED[offered]), _ways(ours)
    return _direction(send=open_[0] and wanted[0], receive=open_[1] and wanted[1])


def refused(media: Media) -> Media:
    """The answer to a stream that is not taken: port 0, its formats as offered (RFC 3264, section 6)."""
    mid = media.attribute("mid")
    kept: Attributes = (("mid", mid),) if mid else ()
    return Media(kind=media.kind, port=0, protocol=media.protocol, formats=media.formats, attributes=kept)


class _Reader:
    """Lines in, a Session out."""

    def __init__(self) -> None:
        self._origin: tuple[int, int] | None = None
        self._name = "-"
        self._address: str | None = None
        self._attributes: list[tuple[str, str | None]] = []
        self._media: list[Media] = []

    def take(self, kind: str, value: str) -> None:
        if kind == "m":
            self._media.append(_parse_media(value))
            if len(self._media) > MAX_MEDIA:
                raise InvalidSdpError(f"more than {MAX_MEDIA} streams")
        elif kind == "c":
            self._connection(_parse_connection(value))
        elif kind == "a":
            self._attribute(value)
        elif kind == "o" and not self._media:
            match = _ORIGIN.fullmatch(value.strip())
            if match is None or self._origin is not None:
                raise InvalidSdpError("no valid origin, or a second one")
            self._origin = int(match[1]), int(match[2])
        elif kind == "s" and not self._media:
            self._name = value or "-"
        elif kind == "v":
            raise InvalidSdpError("a second version")

    def session(self) -> Session:
        if self._origin is None:
            raise InvalidSdpError("no origin")
        if self._address is None and any(media.address is None and media.port for media in self._media):
            raise InvalidSdpError("a stream without an address")
        return Session(
            address=self._address or "0.0.0.0",  # noqa: S104 - says that nothing is reached there
            session_id=self._origin[0],
            version=self._origin[1],
            name=self._name,
            attributes=tuple(self._attributes),
            media=tuple(self._media),
        )

    def _connection(self, address: str) -> None:
        if not self._media:
            self._address = address
        elif self._media[-1].address is None:
            self._media[-1] = msgspec.structs.replace(self._media[-1], address=address)

    def _attribute(self, value: str) -> None:
        name, colon, rest = value.partition(":")
        if not name:
            raise InvalidSdpError("an attribute without a name")
        pair = (name, rest if colon else None)
        if self._media:
            media = self._media[-1]
            self._media[-1] = msgspec.structs.replace(media, attributes=(*media.attributes, pair))
        else:
            self._attributes.append(pair)


def _parse_media(value: str) -> Media:
    match = _MEDIA.fullmatch(value.rstrip())
    if match is None or int(match[2]) > 65_535:
        raise InvalidSdpError("no valid media line")
    return Media(kind=match[1], port=int(match[2]), protocol=match[4], formats=tuple(match[5].split()))


def _parse_connection(value: str) -> str:
    match = _CONNECTION.fullmatch(value.strip())
    if match is None:
        raise InvalidSdpError("no valid connection line")
    # A multicast address may carry its time to live and number; a call has no use for either.
    address = match[2].partition("/")[0]
    try:
        return str((ipaddress.IPv4Address if match[1] == "IP4" else ipaddress.IPv6Address)(address))
    except ValueError:
        if not _HOST_NAME.fullmatch(address) or address.replace(".", "").isdigit():
            raise InvalidSdpError("no valid address in a connection line") from None
    return address.lower()


def _milliseconds(text: str | None) -> int | None:
    digits = (text or "").strip()
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 4 else 0
    return number if 0 < number <= 1_000 else None


def _attribute(attributes: Attributes, name: str) -> str | None:
    for key, value in attributes:
        if key == name:
            return value or ""
    return None


def _attribute_lines(attributes: Attributes) -> list[str]:
    return [f"a={name}" if value is None else f"a={name}:{value}" for name, value in attributes]


def _ways(direction: Direction) -> tuple[bool, bool]:
    return direction in {"sendrecv", "sendonly"}, direction in {"sendrecv", "recvonly"}


def _direction(*, send: bool, receive: bool) -> Direction:
    if send and receive:
        return "sendrecv"
    return "sendonly" if send else "recvonly" if receive else "inactive"
