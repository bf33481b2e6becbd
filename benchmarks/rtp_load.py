"""Telephones for a benchmark: thousands of RTP streams on a few sockets, by sendmmsg and recvmmsg.

What arrives bears the kernel's own time (SO_TIMESTAMPNS), so that pacing is measured without the load generator's, and
what the generator's own sockets had no room for is counted apart (SO_RXQ_OVFL). Linux only.
"""

import contextlib
import ctypes
import socket
import time
from collections.abc import Callable

import numpy as np

SOCKETS = 16
PACKET = 172
BATCH = 2_048
SLICES = 4
SO_RCVBUFFORCE, SO_TIMESTAMPNS, SO_RXQ_OVFL = 33, 35, 40
_HEADER, _STAMP = 16, 16

Protect = Callable[[bytes], bytes]


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class _Message(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iov_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("_padding", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
    ]


_libc = ctypes.CDLL(None, use_errno=True)


class _Batch:
    """Messages over arrays: `data` a row a packet, `names` its address."""

    def __init__(self, rows: int, width: int, control: int = 0) -> None:
        self.data = np.zeros((rows, width), np.uint8)
        self.names = np.zeros((rows, 16), np.uint8)
        self.controls = np.zeros((rows, max(control, 1)), np.uint8)
        self._control = control
        self._iovecs = (_Iovec * rows)()
        self.messages = (_Message * rows)()
        for row in range(rows):
            self._iovecs[row] = _Iovec(self.data[row].ctypes.data, width)
            message = self.messages[row]
            message.name, message.name_length = self.names[row].ctypes.data, 16
            message.iov, message.iov_count = ctypes.addressof(self._iovecs[row]), 1
            if control:
                message.control, message.control_length = self.controls[row].ctypes.data, control
        self._array = np.frombuffer(self.messages, np.uint8).reshape(rows, ctypes.sizeof(_Message))

    def cut(self, row: int, width: int) -> None:
        """Let a row's packet be so long from now on."""
        self._iovecs[row].length = width

    def lengths(self, count: int) -> np.ndarray:
        at = _Message.length.offset
        return self._array[:count, at : at + 4].copy().view(np.uint32)[:, 0]

    def rearm(self, count: int) -> None:
        """The kernel wrote how much control it gave; give it all the room again."""
        at = _Message.control_length.offset
        self._array[:count, at : at + 8] = np.frombuffer(np.uint64(self._control).tobytes(), np.uint8)


class Phones:
    """`ports[i]` is where phone i sends to. Each says the same sound, in one of four phases of a tick."""

    def __init__(self, count: int, payload: np.ndarray) -> None:
        self._sockets = [self._made() for _ in range(SOCKETS)]
        self._count = count
        self._payload = payload
        self._send = _Batch(count, PACKET)
        self._receive = _Batch(BATCH, 256, control=64)
        self._sequence = 0
        self.protect: list[Protect] = []
        self.times: list[np.ndarray] = []
        # Whose a packet is, by its SSRC: ports are taken again by other calls.
        self.sources: list[np.ndarray] = []
        self.numbers: list[np.ndarray] = []
        self.sent = self.drops = self._first = 0

    @staticmethod
    def _made() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        made.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        with contextlib.suppress(PermissionError):
            made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        made.setblocking(False)
        made.bind(("127.0.0.1", 0))
        return made

    def port(self, phone: int) -> int:
        port: int = self._sockets[phone % SOCKETS].getsockname()[1]
        return port

    def dial(self, ports: list[int]) -> None:
        """Say where each phone sends to."""
        data, names = self._send.data, self._send.names
        names[:, 0:2] = np.frombuffer(np.uint16(socket.AF_INET).tobytes(), np.uint8)
        names[:, 2:4] = np.array(ports, ">u2").view(np.uint8).reshape(-1, 2)
        names[:, 4:8] = (127, 0, 0, 1)
        data[:, 0] = 0x80
        data[:, 8:12] = np.arange(1, self._count + 1, dtype=">u4").view(np.uint8).reshape(-1, 4)

    def begin(self) -> None:
        """Figures count from what arrives from now on."""
        self._first = len(self.times)

    def run(self, seconds: float) -> None:
        """Send and receive for so long."""
        order = np.arange(self._count)
        spans = np.array_split(order, SLICES)
        due = time.monotonic()
        until = due + seconds
        step = 0.02 / SLICES
        number = 0
        while time.monotonic() < until:
            if number % SLICES == 0:
                self._next_packets()
            self._send_rows(int(spans[number % SLICES][0]), len(spans[number % SLICES]))
            self._drain()
            number += 1
            due += step
            delay = due - time.monotonic()
            if delay > 0:
                time.sleep(delay)
        self._drain()

    def _next_packets(self) -> None:
        data = self._send.data
        self._sequence += 1
        at = self._sequence
        data[:, 2:4] = np.frombuffer(np.array([at & 0xFFFF], ">u2").tobytes(), np.uint8)
        data[:, 4:8] = np.frombuffer(np.array([at * 160 & 0xFFFFFFFF], ">u4").tobytes(), np.uint8)
        start = at * 160 % (len(self._payload) - 160)
        data[:, 12:] = self._payload[start : start + 160]

    def _send_rows(self, first: int, count: int) -> None:
        if self.protect:
            self._send_protected(first, count)
            return
        sent = _libc.sendmmsg(self._sockets[0].fileno(), ctypes.byref(self._send.messages[first]), count, 0)
        self.sent += max(sent, 0)

    def _send_protected(self, first: int, count: int) -> None:
        for row in range(first, first + count):
            packet = self.protect[row](self._send.data[row].tobytes())
            port = int.from_bytes(self._send.names[row, 2:4].tobytes(), "big")
            self._sockets[0].sendto(packet, ("127.0.0.1", port))
            self.sent += 1

    def _drain(self) -> None:
        batch = self._receive
        for source in self._sockets:
            while True:
                got = _libc.recvmmsg(source.fileno(), batch.messages, BATCH, socket.MSG_DONTWAIT, None)
                if got <= 0:
                    break
                rtp = (batch.data[:got, 1] & 0x7F) < 64
                stamps = batch.controls[:got, _HEADER : _HEADER + _STAMP].copy().view(np.int64)
                self.times.append((stamps[:, 0] * 1_000_000_000 + stamps[:, 1])[rtp])
                self.sources.append(batch.data[:got, 8:12].copy().view(">u4")[:, 0][rtp])
                self.numbers.append(batch.data[:got, 2:4].copy().view(">u2")[:, 0][rtp])
                later = batch.controls[:got, 32 : 32 + 20].copy()
                kinds = later[:, 12:16].copy().view(np.int32)[:, 0]
                if (kinds == SO_RXQ_OVFL).any():
                    self.drops = max(
                        self.drops, int(later[kinds == SO_RXQ_OVFL][:, 16:20].copy().view(np.uint32).max())
                    )
                batch.controls[:got] = 0
                batch.rearm(got)
                if got < BATCH:
                    break

    def figures(self) -> dict[str, float]:
        """Pacing in ms, and what was lost on the way to here, without what this side dropped."""
        kept = self.times[self._first :], self.sources[self._first :], self.numbers[self._first :]
        return self.figures_of(*map(np.concatenate, kept))

    def figures_of(self, times: np.ndarray, sources: np.ndarray, numbers: np.ndarray) -> dict[str, float]:
        """The same of some packets: when each came (ns), whose it is (SSRC) and its number."""
        numbers = numbers.astype(np.int64)
        order = np.lexsort((times, sources))
        times, sources, numbers = times[order], sources[order], numbers[order]
        same = sources[1:] == sources[:-1]
        gaps = np.diff(times)[same] / 1e6
        steps = ((np.diff(numbers)[same] + 0x8000) & 0xFFFF) - 0x8000
        lost = int((steps[steps > 1] - 1).sum())
        near = np.abs(gaps[steps == 1] - 20)
        return {
            "received": len(times),
            "lost": max(0, lost - self.drops),
            "dropped_here": self.drops,
            "pacing_p50_ms": float(np.percentile(near, 50)),
            "pacing_p99_ms": float(np.percentile(near, 99)),
            "pacing_max_ms": float(near.max()),
        }
