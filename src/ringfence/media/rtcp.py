"""RTCP: reports of what was sent and heard, and good-byes, as compound packets.

Source: RFC 3550, section 6; RFC 5761 (shared ports).
"""

import struct
from collections.abc import Iterable

import msgspec

from ringfence.media.rtp import MAX_PACKET_BYTES, VERSION, InvalidPacketError

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE = 200, 201, 202, 203
# Seconds from 1900 to 1970: NTP time begins earlier.
_NTP_EPOCH_S = 2_208_988_800
_CNAME = 1

_HEAD = struct.Struct("!BBH")
_SENDER = struct.Struct("!IIIIII")
_BLOCK = struct.Struct("!IIIIII")


class ReportBlock(msgspec.Struct, frozen=True, kw_only=True):
    """What one end heard of a source: `fraction_lost` in 1/256 since the last report, `lost` since the beginning.

    `jitter` is in samples, `last_report` the middle 32 bits of the NTP time of the source's last sender report (0 for
    none), `delay` since it in 1/65,536 s.
    """

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter: int
    last_report: int = 0
    delay: int = 0


class SenderReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender sent: wall clock and RTP clock at one instant, packets and payload bytes so far."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


class ReceiverReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an end heard that sends nothing."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


class SourceDescription(msgspec.Struct, frozen=True, kw_only=True):
    """A source's canonical name: random, never a person's or a host's (RFC 7022)."""

    ssrc: int
    cname: str


class Goodbye(msgspec.Struct, frozen=True, kw_only=True):
    """Sources that fall silent."""

    ssrcs: tuple[int, ...]


Report = SenderReport | ReceiverReport | SourceDescription | Goodbye


def ntp_time(now_ms: float) -> int:
    """A wall-clock time as 64 bits of NTP: seconds since 1900 and their fraction."""
    return int((now_ms / 1_000 + _NTP_EPOCH_S) * 2**32)


def middle_bits(ntp: int) -> int:
    """The part of an NTP time that report blocks quote."""
    return ntp >> 16 & 0xFFFFFFFF


def round_trip_ms(block: ReportBlock, now_ms: float) -> float | None:
    """The round trip that a report block about us tells, or None where it quotes no report of ours (section 6.4.1)."""
    if not block.last_report:
        return None
    trip = (middle_bits(ntp_time(now_ms)) - block.last_report - block.delay) & 0xFFFFFFFF
    # A clock that moved, or a peer that lies, gives nonsense beyond any call's patience.
    return trip * 1_000 / 65_536 if trip < 60 * 65_536 else None


def write_rtcp(reports: Iterable[Report]) -> bytes:
    """A compound packet; the first report must be a sender's or a receiver's (section 6.1)."""
    return b"".join(_written(report) for report in reports)


def parse_rtcp(data: bytes) -> list[Report]:
    """The reports of a compound packet, in order; kinds that are not known are passed over. InvalidPacketError."""
    if not _HEAD.size <= len(data) <= MAX_PACKET_BYTES:
        raise InvalidPacketError("no packet's size")
    reports: list[Report] = []
    start = 0
    while start < len(data):
        if len(data) - start < _HEAD.size:
            raise InvalidPacketError("a report that is cut off")
        first, kind, words = _HEAD.unpack_from(data, start)
        end = start + 4 * (words + 1)
        if first >> 6 != VERSION or end > len(data):
            raise InvalidPacketError("a report of another version, or longer than its packet")
        if start == 0 and kind not in {SENDER_REPORT, RECEIVER_REPORT}:
            raise InvalidPacketError("a compound packet begins with a report")
        body = data[start + _HEAD.size : end]
        if first & 0x20:
            if end != len(data) or not body or not 0 < body[-1] <= len(body):
                raise InvalidPacketError("padding that cannot be")
            body = body[: -body[-1]]
        reports += _read(kind, first & 0x1F, body)
        start = end
    return reports


def _read(kind: int, count: int, body: bytes) -> list[Report]:
    try:
        if kind == SENDER_REPORT:
            ssrc, high, low, timestamp, packets, octets = _SENDER.unpack_from(body)
            blocks = _read_blocks(body[_SENDER.size :], count)
            return [
                SenderReport(
                    ssrc=ssrc,
                    ntp=high << 32 | low,
                    rtp_timestamp=timestamp,
                    packets=packets,
                    octets=octets,
                    blocks=blocks,
                )
            ]
        if kind == RECEIVER_REPORT:
            (ssrc,) = struct.unpack_from("!I", body)
            return [ReceiverReport(ssrc=ssrc, blocks=_read_blocks(body[4:], count))]
        if kind == GOODBYE:
            return [Goodbye(ssrcs=struct.unpack_from(f"!{count}I", body))]
    except struct.error:
        raise InvalidPacketError("a report shorter than it says") from None
    return _read_descriptions(body, count) if kind == DESCRIPTION else []


def _read_blocks(body: bytes, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for number in range(count):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, number * _BLOCK.size)
        lost = (loss & 0xFFFFFF) - (loss & 0x800000) * 2
        blocks.append(
            ReportBlock(
                ssrc=ssrc,
                fraction_lost=loss >> 24,
                lost=lost,
                highest_sequence=highest,
                jitter=jitter,
                last_report=last,
                delay=delay,
            )
        )
    return tuple(blocks)


def _read_descriptions(body: bytes, count: int) -> list[Report]:
    """The CNAME of each chunk; other items are passed over unread."""
    found: list[Report] = []
    place = 0
    for _ in range(count):
        if place + 4 > len(body):
            raise InvalidPacketError("a description that is cut off")
        (ssrc,) = struct.unpack_from("!I", body, place)
        place += 4
        while place < len(body) and body[place] != 0:
            if place + 2 > len(body) or place + 2 + body[place + 1] > len(body):
                raise InvalidPacketError("a description that is cut off")
            text = body[place + 2 : place + 2 + body[place + 1]]
            if body[place] == _CNAME:
                found.append(SourceDescription(ssrc=ssrc, cname=text.decode("utf-8", "replace")))
            place += 2 + body[place + 1]
        # A chunk ends with at least one zero byte, up to the next 32-bit border.
        place += 4 - place % 4
    return found


def _written(report: Report) -> bytes:
    match report:
        case SenderReport():
            body = _SENDER.pack(
                report.ssrc,
                report.ntp >> 32,
                report.ntp & 0xFFFFFFFF,
                report.rtp_timestamp,
                report.packets & 0xFFFFFFFF,
                report.octets & 0xFFFFFFFF,
            )
            return _framed(SENDER_REPORT, len(report.blocks), body + _written_blocks(report.blocks))
        case ReceiverReport():
            body = struct.pack("!I", report.ssrc)
            return _framed(RECEIVER_REPORT, len(report.blocks), body + _written_blocks(report.blocks))
        case SourceDescription():
            name = report.cname.encode()[:255]
            item = struct.pack("!IBB", report.ssrc, _CNAME, len(name)) + name
            return _framed(DESCRIPTION, 1, item + bytes(4 - len(item) % 4))
        case Goodbye():
            return _framed(GOODBYE, len(report.ssrcs), struct.pack(f"!{len(report.ssrcs)}I", *report.ssrcs))


def _written_blocks(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            block.ssrc,
            block.fraction_lost << 24 | max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF,
            block.highest_sequence,
            block.jitter,
            block.last_report,
            block.delay,
        )
        for block in blocks
    )


def _framed(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(VERSION << 6 | count, kind, len(body) // 4) + body
