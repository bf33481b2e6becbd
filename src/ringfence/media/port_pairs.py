"""UDP sockets for legs: an even port for RTP and the next one for RTCP, from the operator's range.

Source: RFC 3550, section 11.
"""

import errno
import ipaddress
import random
import re
import socket

import msgspec

# What a socket holds while its worker is busy with a tick: some hundred milliseconds of packets, so that a flood ends
# in the kernel.
RECEIVE_BUFFER_BYTES = 64 << 10
RTCP_BUFFER_BYTES = 8 << 10
_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_TAKEN = {errno.EADDRINUSE, errno.EACCES}


class NoPortError(Exception):
    """Every port of the range is taken."""


class PortRange(msgspec.Struct, frozen=True):
    """Ports from `first` to `last`, both inclusive."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> "PortRange":
        """`20000-29999`. ValueError."""
        match = _RANGE.fullmatch(text.strip())
        if match is None:
            raise ValueError("not FIRST-LAST")
        first, last = int(match[1]), int(match[2])
        if not 1024 <= first < last <= 65_535:
            raise ValueError("not within 1024 to 65535")
        if first // 2 * 2 < first:
            first += 1
        if last - first < 1:
            raise ValueError("no room for a pair")
        return cls(first, last)

    @property
    def pairs(self) -> int:
        return (self.last - self.first + 1) // 2


class PortPairs:
    """Opens pairs, each at a place of its own choice: a stranger cannot know where the next call will be."""

    def __init__(self, address: str, ports: PortRange, public: str = "") -> None:
        """`public` is what the other ends reach `address` by, where a NAT with the same ports stands between.

        ValueError where either is no address, or the two are of different families.
        """
        self._address = address
        self.public = str(ipaddress.ip_address(public)) if public else ""
        if self.public and ipaddress.ip_address(public).version != ipaddress.ip_address(address).version:
            raise ValueError("the public address is of another family")
        self._family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        self._ports = ports
        self._random = random.SystemRandom()

    def open(self) -> tuple[socket.socket, socket.socket]:
        """Two bound, non-blocking sockets, RTP's first. NoPortError; OSError where the address is not ours."""
        count = self._ports.pairs
        start = self._random.randrange(count)
        for number in range(count):
            port = self._ports.first + (start + number) % count * 2
            rtp = self._bound(port, RECEIVE_BUFFER_BYTES)
            if rtp is None:
                continue
            rtcp = self._bound(port + 1, RTCP_BUFFER_BYTES)
            if rtcp is not None:
                return rtp, rtcp
            rtp.close()
        raise NoPortError("every media port is taken")

    def _bound(self, port: int, buffer_bytes: int) -> socket.socket | None:
        made = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            made.bind((self._address, port))
        except OSError as error:
            made.close()
            if error.errno in _TAKEN:
                return None
            raise
        return made
