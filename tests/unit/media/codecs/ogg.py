"""Opus packets in and out of Ogg, for peers that know no RTP. Source: RFC 3533, RFC 7845."""

import struct

_PAGE = struct.Struct("<4sBBqIIIB")


def _crc(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def _page(packet: bytes, number: int, flags: int, position: int) -> bytes:
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = _PAGE.pack(b"OggS", 0, flags, position, 1, number, 0, len(lacing)) + lacing
    crc = _crc(head + packet)
    return _PAGE.pack(b"OggS", 0, flags, position, 1, number, crc, len(lacing)) + lacing + packet


def ogg_of(packets: list[bytes]) -> bytes:
    """A file of packets of 20 ms each, one a page."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 8_000, 0, 0)
    pages = [_page(head, 0, 2, 0), _page(b"OpusTags" + struct.pack("<II", 0, 0), 1, 0, 0)]
    for number, packet in enumerate(packets, start=1):
        pages.append(_page(packet, number + 1, 4 if number == len(packets) else 0, number * 960))
    return b"".join(pages)


def packets_of(data: bytes) -> list[bytes]:
    """The packets of sound of a file with one stream."""
    packets: list[bytes] = []
    at, packet = 0, b""
    while at < len(data):
        segments = data[at + 26]
        lacing = data[at + 27 : at + 27 + segments]
        at += 27 + segments
        for length in lacing:
            packet += data[at : at + length]
            at += length
            if length < 255:
                packets.append(packet)
                packet = b""
    return packets[2:]
