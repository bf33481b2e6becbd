"""One leg of a call as its worker holds it: sockets, the other end's address, keys, and what it plays and records."""

import contextlib
import ctypes
import functools
import ipaddress
import secrets
import socket
from collections.abc import Callable
from typing import Any

from ringfence.media.concealment import FADED_AFTER
from ringfence.media.latch import Address, Latch
from ringfence.media.playing import Playing
from ringfence.media.pressing import Pressing
from ringfence.media.rtp import is_rtcp
from ringfence.media.seams import Codec, Control, Srtp
from ringfence.media.telephone_event import KeyReceiver
from ringfence.ports.media import RemoteEnd, Transport

# After its address is settled a socket may still hold strangers' packets: for so many more each source is looked at,
# before the kernel, told who the peer is, keeps all others away. No more fit in.
GUARDED_PACKETS = 256
# What a description on hold, of old, says: nothing is sent there.
_NO_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104


class Leg:
    """State of one leg. `row` is its place in all arrays of the engine."""

    def __init__(
        self,
        name: str,
        row: int,
        transport: Transport,
        sockets: tuple[socket.socket, socket.socket],
        buffer: memoryview,
        fail: Callable[["Leg", str], None],
    ) -> None:
        self.name = name
        self.row = row
        self.transport = transport
        self.rtp, self.rtcp = sockets
        self.address, self.port = self.rtp.getsockname()[:2]
        self.ssrc = secrets.randbits(32)
        self.cname = secrets.token_urlsafe(12)
        self.srtp_key = secrets.token_bytes(30) if transport == "srtp" else b""
        self.remote: RemoteEnd | None = None
        self.latch: Latch | None = None
        self.srtp: Srtp | None = None
        self.control: Control | None = None
        self.codec: Codec | None = None
        self.payloads: dict[int, bytes] = {}
        # Frames in a row that the codec made up; none is asked of it before it has decoded one.
        self.missing = FADED_AFTER
        # For a bridged leg of the same codec: this tick's packet as it came, b"" for one that is missing, None where
        # there is none to pass on.
        self.passing: bytes | None = None
        self.passes = False
        self.keys = KeyReceiver()
        self.pressing = Pressing()
        self.clock_rate_hz = 8_000
        self.event_timestamp = 0
        self.playing: Playing | None = None
        self.bridged: Leg | None = None
        self.recordings: dict[str, int] = {}
        self.newcomer: tuple[int, int] | None = None
        self.connected = False
        self.failed = False
        # Something of it raised: nothing is done for it any more but to end it.
        self.broken = False
        self.refused = 0
        self.round_trip_ms: float | None = None
        # Where the last packet came from, for a leg whose address is not settled by the kernel.
        self.source: Address = ("", 0)
        self.take_report: Callable[[bytes], None] = _nothing
        # Told when it can send to where it could not before.
        self.changed: Callable[[], None] = _nothing
        self._buffer = buffer
        self._guarded = GUARDED_PACKETS
        self._narrowed = False
        self._destination: Address | None = None
        self._fail = fail

    def __repr__(self) -> str:
        return f"Leg({self.name})"

    @property
    def shares_port(self) -> bool:
        """Whether RTP and RTCP go to one port of the other end."""
        return self.transport == "webrtc" or (self.remote is not None and self.remote.rtcp_port == self.remote.port)

    def agree(self, remote: RemoteEnd) -> bool:
        """Take what was agreed. True where its media is another stream than before. ValueError for no address."""
        browser = self.transport == "webrtc"
        # A browser's address is found by its checks, whatever its description says.
        host = "" if browser else str(ipaddress.ip_address(remote.address))
        before, self.remote = self.remote, remote
        moved = before is None or (not browser and (before.address, before.port) != (remote.address, remote.port))
        if not browser and moved and host not in _NO_ADDRESS:
            self._widen()
            self.latch = Latch((host, remote.port), symmetric=remote.symmetric, signalled=remote.signalled)
            self._destination = (host, remote.port)
            if not remote.symmetric:
                self.settle()
        return moved or before is None or before.encoding.upper() != remote.encoding.upper()

    @property
    def sends(self) -> bool:
        """Whether packets go out now."""
        if self.remote is None or not self.remote.send or self._destination is None:
            return False
        if self.transport == "rtp":
            return self.remote.address not in _NO_ADDRESS
        return self.srtp is not None

    def settle(self) -> None:
        """Its address is settled: send there, and let the kernel keep strangers away."""
        if self.transport != "webrtc" and self.latch is not None and self.latch.settled is not None:
            self._destination = self.latch.settled
            if self.latch.sure:
                self._narrow(self.latch.settled)

    def ripen(self, tick: int) -> None:
        """Leave a stranger the address that it has had for long enough."""
        if self.latch is not None and self.latch.ripen(tick):
            self.settle()
            self.changed()

    def sender(self) -> Callable[[Any], object]:
        """What sends one RTP packet as things stand now; OSError, or ValueError for one that cannot be protected."""
        if self.srtp is not None:
            return self._protected_sender(self.srtp.protect)
        return self.rtp.send if self._narrowed else self._send_to

    def receiver(self) -> Callable[[], int]:
        """What reads one packet into the leg's buffer: its size, 0 for one that is not to be looked at; OSError."""
        if self.transport == "rtp":
            return functools.partial(self.rtp.recv_into, self._buffer) if self.quiet else self._receive_checked
        return self._receive_protected if self.transport == "srtp" else self._receive_browsers

    @property
    def quiet(self) -> bool:
        """Whether only the peer's packets reach the socket, and none from before are left in it."""
        return self._narrowed and self._guarded <= 0

    def send_report(self, data: bytes) -> None:
        """Send RTCP; what the kernel refuses is dropped."""
        if self.remote is None or (self.srtp is None and self.transport != "rtp") or self._destination is None:
            return
        with contextlib.suppress(OSError, ValueError):
            if self.srtp is not None:
                data = self.srtp.protect_rtcp(data)
            if self.shares_port:
                self.rtp.send(data) if self._narrowed else self.rtp.sendto(data, self._destination)
            else:
                self.rtcp.sendto(data, (self._destination[0], self.remote.rtcp_port))

    def receive_report(self) -> int:
        """Read the RTCP socket; what is not the peer's host's is left. Always 0; OSError."""
        data, source = self.rtcp.recvfrom(1_500)
        if self._destination is None or source[0] != self._destination[0]:
            self.refused += 1
        else:
            self._report(data)
        return 0

    # What a browser leg's control may do: seams.LegWire.

    def send_raw(self, data: bytes, address: Address) -> None:
        with contextlib.suppress(OSError):
            self.rtp.sendto(data, address)

    def set_remote(self, address: Address | None) -> None:
        self._destination = address
        self.latch = Latch(address, symmetric=False) if address is not None else None
        self.changed()

    def set_srtp(self, session: Srtp) -> None:
        self.srtp = session
        self.changed()

    def fail(self, cause: str) -> None:
        self._fail(self, cause)

    def close(self) -> None:
        """Close its sockets, and leave nothing that leads back here, so that it is freed at once. Idempotent."""
        if self.control is not None:
            self.control.close()
            self.control = None
        self.take_report = self.changed = _nothing
        self.rtp.close()
        self.rtcp.close()

    def _widen(self) -> None:
        self._guarded = GUARDED_PACKETS
        if self._narrowed:
            # An address family of "nobody" dissolves the association (connect(2)).
            self._narrowed = not _dissolved(self.rtp)

    def _narrow(self, address: Address) -> None:
        try:
            self.rtp.connect(address)
        except OSError:
            # No way there now: packets are still looked at one by one.
            return
        self._narrowed = True

    def _send_to(self, data: Any) -> None:
        if self._destination is not None:
            self.rtp.sendto(data, self._destination)

    def _protected_sender(self, protect: Callable[[bytes], bytes]) -> Callable[[Any], object]:
        """One call a packet: a thousand legs make it fifty times a second."""
        destination = self._destination
        if self._narrowed:
            send = self.rtp.send
            return lambda data: send(protect(bytes(data)))
        send_to = self.rtp.sendto
        return lambda data: send_to(protect(bytes(data)), destination) if destination is not None else None

    def _receive_checked(self) -> int:
        size, source = self.rtp.recvfrom_into(self._buffer)
        latch = self.latch
        if latch is None or not latch.hears(source):
            self.refused += 1
            return 0
        self.source = source
        if latch.sure:
            self._guarded -= 1
        return size

    def _receive_protected(self) -> int:
        size = self.rtp.recv_into(self._buffer) if self.quiet else self._receive_checked()
        return self._opened(size) if size else 0

    def _receive_browsers(self) -> int:
        size, source = self.rtp.recvfrom_into(self._buffer)
        self.source = source
        if self.control is not None and not (size and 128 <= self._buffer[0] <= 191):
            # A check or a handshake (RFC 7983), from wherever: it is authenticated there.
            self.control.datagram(bytes(self._buffer[:size]), source)
            return 0
        latch = self.latch
        if latch is None or latch.settled is None or source[:2] != latch.settled[:2]:
            self.refused += 1
            return 0
        return self._opened(size)

    def _opened(self, size: int) -> int:
        """Put the plain form of the SRTP packet in the buffer there: its size, 0 where there is nothing to look at."""
        data = bytes(self._buffer[:size])
        if self.srtp is None:
            self.refused += 1
            return 0
        if is_rtcp(data):
            self._report(data)
            return 0
        try:
            plain = self.srtp.unprotect(data)
        except ValueError:
            self.refused += 1
            return 0
        size = len(plain)
        self._buffer[:size] = plain
        return size

    def _report(self, data: bytes) -> None:
        if self.srtp is not None:
            try:
                data = self.srtp.unprotect_rtcp(data)
            except ValueError:
                self.refused += 1
                return
        elif self.transport != "rtp":
            self.refused += 1
            return
        self.take_report(data)


def _nothing(*_: object) -> None:
    return


def _dissolved(bound: socket.socket) -> bool:
    """Whether a connected datagram socket takes packets from everybody again; it keeps its port."""
    nobody = (ctypes.c_char * 16)()
    return bool(ctypes.CDLL(None, use_errno=True).connect(bound.fileno(), nobody, 16) == 0)
