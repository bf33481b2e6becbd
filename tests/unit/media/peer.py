"""The other end of a leg, for tests: a telephone of one socket that sends what it is told and keeps what it hears."""

import socket

import numpy as np
from numpy.typing import NDArray

from ringfence.media import g711
from ringfence.media.engine import Engine
from ringfence.media.rtcp import Report, parse_rtcp
from ringfence.media.rtp import RtpPacket, is_rtcp, parse_rtp
from ringfence.media.telephone_event import key_payloads
from ringfence.ports.media import LocalEnd, MediaEvent, RemoteEnd

Samples = NDArray[np.int16]

FRAME = 160
EVENT_TYPE = 101


class Peer:
    """Begins somewhere in its sequence and time, as RTP asks; packets are 20 ms unless said otherwise."""

    def __init__(self, *, encoding: str = "PCMU", ssrc: int = 0x1234ABCD) -> None:
        self.encoding = encoding
        self.ssrc = ssrc
        self.sequence = 65_500
        self.timestamp = 2**32 - 800
        self.heard: list[RtpPacket] = []
        self.reports: list[Report] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self._to: tuple[str, int] | None = None

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def remote(self, **changes: object) -> RemoteEnd:
        """This telephone, as its description has it. RTCP comes to the same port."""
        agreed: dict[str, object] = {
            "address": "127.0.0.1",
            "port": self.port,
            "rtcp_port": self.port,
            "encoding": self.encoding,
            "payload_type": {"PCMU": 0, "PCMA": 8, "G722": 9}.get(self.encoding, 96),
            "event_payload_type": EVENT_TYPE,
        }
        return RemoteEnd(**agreed | changes)  # type: ignore[arg-type]

    def knows(self, local: LocalEnd) -> None:
        self._to = local.address, local.port

    def say(self, sound: Samples, *, marker: bool = False) -> None:
        """One packet of sound, of whatever length."""
        self.send(self.packet(g711.encode(sound, self.encoding).tobytes(), marker=marker))
        self.timestamp += len(sound)

    def packet(self, payload: bytes, *, payload_type: int | None = None, marker: bool = False) -> RtpPacket:
        self.sequence += 1
        kind = self.remote().payload_type if payload_type is None else payload_type
        return RtpPacket(
            payload_type=kind,
            sequence=self.sequence & 0xFFFF,
            timestamp=self.timestamp & 0xFFFFFFFF,
            ssrc=self.ssrc,
            payload=payload,
            marker=marker,
        )

    def key_packets(self, key: str) -> list[RtpPacket]:
        """A key's events, and its time gone by."""
        made = [
            self.packet(bytes(event), payload_type=EVENT_TYPE, marker=marker)
            for event, marker in key_payloads(key, duration_ms=100, ptime_ms=20)
        ]
        self.timestamp += FRAME * len(made)
        return made

    def send(self, data: RtpPacket | bytes) -> None:
        assert self._to is not None
        self._socket.sendto(bytes(data), self._to)

    def hear(self) -> list[RtpPacket]:
        """What has come since the last time."""
        fresh = []
        while True:
            try:
                data = self._socket.recv(2_000)
            except (BlockingIOError, ConnectionRefusedError):
                break
            if is_rtcp(data):
                self.reports += parse_rtcp(data)
            else:
                fresh.append(parse_rtp(data))
        self.heard += fresh
        return fresh

    def sound(self) -> Samples:
        """All that was heard, as one."""
        own = self.remote().payload_type
        octets = b"".join(packet.payload for packet in self.heard if packet.payload_type == own)
        return g711.decode(np.frombuffer(octets, np.uint8), self.encoding)

    def close(self) -> None:
        self._socket.close()


def tone(frequency_hz: float, length_ms: int, level: int = 8_000) -> Samples:
    """A sine."""
    made: Samples = (level * np.sin(2 * np.pi * frequency_hz * np.arange(length_ms * 8) / 8_000)).astype(np.int16)
    return made


def level_of(sound: Samples, frequency_hz: float) -> float:
    """The amplitude of a frequency in a sound."""
    wave = np.exp(-2j * np.pi * frequency_hz * np.arange(len(sound)) / 8_000)
    return float(abs((sound * wave).sum()) * 2 / max(len(sound), 1))


def talk(engine: Engine, *peers: Peer, ticks: int, sounds: list[Samples] | None = None) -> None:
    """Ticks in which each peer says 20 ms (of its own sound, or of silence) and hears what comes."""
    for number in range(ticks):
        for place, peer in enumerate(peers):
            sound = sounds[place] if sounds else np.zeros(FRAME * ticks, np.int16)
            peer.say(sound[number * FRAME : (number + 1) * FRAME])
        engine.tick()
        for peer in peers:
            peer.hear()


class Events(list[MediaEvent]):
    """What an engine told."""

    def of(self, kind: type) -> list[MediaEvent]:
        return [event for event in self if isinstance(event, kind)]
