"""A browser leg's other end for tests: sends a tone as PCMU over SRTP, and measures the tone that comes back."""

import asyncio
import collections
import math
import socket
from typing import Any

import numpy as np

from ringfence.media.rtp import InvalidPacketError, RtpPacket, is_rtcp, parse_rtp
from ringfence.media.srtp import SrtpError, SrtpSession
from ringfence.media.telephone_event import KeyReceiver, TelephoneEvent, key_payloads
from ringfence.media.webrtc import BrowserLegs
from ringfence.ports.media import LocalEnd, RemoteEnd

RATE_HZ, PTIME_MS, SAMPLES = 8_000, 20, 160
HEARD_MS = 1_000
KEY_MS, BETWEEN_KEYS_TICKS = 100, 5
SSRC = 4711

LEGS = BrowserLegs(SrtpSession)


class ToneLeg(asyncio.DatagramProtocol):
    """The leg: `heard` is the last second of what came, `keys` what was pressed, `causes` why it failed."""

    name = "CA1"

    def __init__(self, hz: float) -> None:
        self.address = "127.0.0.1"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, 0))
        self.port = self._socket.getsockname()[1]
        self.control = LEGS(self)
        self.heard = np.zeros(RATE_HZ * HEARD_MS // 1_000, np.int16)
        self.keys = ""
        self.causes: list[str] = []
        self.packets = 0
        # How often it was told of a path.
        self.paths = 0
        self.sending = True
        self.deaf = False
        self._keys = KeyReceiver()
        # What is said tick by tick instead of the tone: a key's event and whether it begins it, or None for the tone.
        self._presses: collections.deque[tuple[TelephoneEvent, bool] | None] = collections.deque()
        self._hz = hz
        self._remote: tuple[Any, ...] | None = None
        self._session: SrtpSession | None = None
        self._event_type: int | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._wire, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._socket)
        self._talking = loop.create_task(self._talk())

    def close(self) -> None:
        self._talking.cancel()
        self.control.close()
        self._wire.close()

    def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self._presses += key_payloads(key, duration_ms=KEY_MS, ptime_ms=PTIME_MS)
            self._presses += [None] * BETWEEN_KEYS_TICKS

    @property
    def local(self) -> LocalEnd:
        return LocalEnd(address=self.address, port=self.port, rtcp_port=self.port, ssrc=SSRC, ice=self.control.local())

    def connect(self, remote: RemoteEnd) -> None:
        self.sending = remote.send
        self._event_type = remote.event_payload_type
        assert remote.ice is not None
        self.control.connect(remote.ice, remote.own_ice)

    @property
    def heard_hz(self) -> float:
        """The loudest frequency of the last second, 0 while there is next to none."""
        if np.abs(self.heard).max() < 500:
            return 0.0
        spectrum = np.abs(np.fft.rfft(self.heard * np.hanning(len(self.heard))))
        return float(spectrum[20:].argmax() + 20) * 1_000 / HEARD_MS

    def send_raw(self, data: bytes, address: tuple[Any, ...]) -> None:
        self._wire.sendto(data, address)

    def set_remote(self, address: tuple[Any, ...] | None) -> None:
        self._remote = address
        self.paths += 1

    def set_srtp(self, session: SrtpSession) -> None:
        self._session = session

    def fail(self, cause: str) -> None:
        self.causes.append(cause)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if self.deaf:
            return
        if not 128 <= data[0] <= 191:
            self.control.datagram(data, addr)
        elif self._session is not None and not is_rtcp(data):
            try:
                self._take(parse_rtp(self._session.unprotect(data)))
            except (SrtpError, InvalidPacketError) as error:
                self.causes.append(str(error))

    def _take(self, packet: RtpPacket) -> None:
        if packet.payload_type == self._event_type:
            self.keys += self._keys.receive(packet) or ""
            return
        self.packets += 1
        sound = TO_LINEAR[np.frombuffer(packet.payload, np.uint8)]
        self.heard = np.concatenate([self.heard, sound])[-len(self.heard) :]

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        due, number, began = loop.time(), 0, 0
        while True:
            due += PTIME_MS / 1_000
            await asyncio.sleep(max(0, due - loop.time()))
            number += 1
            if self._session is None or self._remote is None or not self.sending:
                continue
            pressed = self._presses.popleft() if self._presses else None
            if pressed is not None and self._event_type is not None:
                event, first = pressed
                began = number if first else began
                packet = RtpPacket(
                    payload_type=self._event_type,
                    sequence=number & 0xFFFF,
                    timestamp=began * SAMPLES,
                    ssrc=SSRC,
                    payload=bytes(event),
                    marker=first,
                )
                self._wire.sendto(self._session.protect(bytes(packet)), self._remote)
                continue
            times = np.arange(number * SAMPLES, (number + 1) * SAMPLES) / RATE_HZ
            payload = to_mulaw(np.sin(2 * math.pi * self._hz * times) * 8_000 * swell(times))
            packet = RtpPacket(
                payload_type=0, sequence=number & 0xFFFF, timestamp=number * SAMPLES, ssrc=SSRC, payload=payload
            )
            self._wire.sendto(self._session.protect(bytes(packet)), self._remote)


def swell(times: np.ndarray) -> np.ndarray:
    """How loud a voice is that speaks: never silent, so that its tone can be measured at any time."""
    return 0.3 + 0.7 * np.abs(np.sin(2 * np.pi * 0.83 * times) * np.sin(2 * np.pi * 2.3 * times))


def to_mulaw(samples: np.ndarray) -> bytes:
    """G.711 µ-law, written out: what the product does by a table is measured against this."""
    sign = np.where(samples < 0, 0x80, 0)
    loud = np.minimum(np.abs(samples).astype(int), 32_635) + 132
    exponent = np.floor(np.log2(loud)).astype(int) - 7
    return (~(sign | exponent << 4 | (loud >> (exponent + 3)) & 15) & 0xFF).astype(np.uint8).tobytes()


def _linear() -> np.ndarray:
    code = ~np.arange(256) & 0xFF
    loud = ((code & 15) * 8 + 132 << (code >> 4 & 7)) - 132
    return np.where(code & 0x80, -loud, loud).astype(np.int16)


TO_LINEAR = _linear()
