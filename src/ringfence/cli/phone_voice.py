"""The sound of a telephone in the command line: silence and keys go out, loud sound is counted, none is played."""

import asyncio
import contextlib
import secrets
import socket
import struct

from ringfence.domain.media_ends import LocalEnd
from ringfence.domain.negotiation import Speaker
from ringfence.media.rtp import InvalidPacketError, RtpPacket, parse_rtp
from ringfence.media.telephone_event import key_payloads

HOST = "127.0.0.1"
PTIME_S = 0.02
FRAME = 160
SILENCE = b"\xff" * FRAME
# The seven bits of a µ-law octet, turned over, grow with the sound; beyond this it is no noise of a line.
LOUD = 0x30


class PhoneVoice:
    """RTP of one call: `keys` are pressed in order, `to` and `event_type` are what the other end described."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.loud_frames = 0
        self.to: tuple[str, int] | None = None
        self.event_type: int | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((HOST, 0))
        self._ssrc = struct.unpack("!I", secrets.token_bytes(4))[0]
        self._sequence = secrets.randbelow(1 << 15)
        self._timestamp = secrets.randbelow(1 << 31)

    @property
    def speaker(self) -> Speaker:
        port = int(self._socket.getsockname()[1])
        local = LocalEnd(address=HOST, port=port, rtcp_port=port, ssrc=self._ssrc)
        return Speaker(local=local, transport="rtp", session_id=secrets.randbelow(1 << 31))

    async def run(self) -> None:
        """A packet every 20 ms, until cancelled."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        try:
            while True:
                self._listen()
                if self.keys and self.event_type is not None:
                    await self._press(self.keys.pop(0), self.event_type)
                    due_s = loop.time()
                else:
                    self._send(SILENCE, 0)
                self._timestamp += FRAME
                due_s += PTIME_S
                await asyncio.sleep(max(0.0, due_s - loop.time()))
        finally:
            self._socket.close()

    async def _press(self, key: str, event_type: int) -> None:
        payloads = list(key_payloads(key, duration_ms=100, ptime_ms=20))
        for event, marker in payloads:
            self._send(bytes(event), event_type, marker=marker)
            await asyncio.sleep(PTIME_S)
        self._timestamp += FRAME * len(payloads)

    def _send(self, payload: bytes, kind: int, *, marker: bool = False) -> None:
        self._sequence = self._sequence + 1 & 0xFFFF
        packet = RtpPacket(
            payload_type=kind,
            sequence=self._sequence,
            timestamp=self._timestamp & 0xFFFFFFFF,
            ssrc=self._ssrc,
            payload=payload,
            marker=marker,
        )
        if self.to is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(bytes(packet), self.to)

    def _listen(self) -> None:
        while True:
            try:
                packet = parse_rtp(self._socket.recv(2_048))
            except BlockingIOError:
                return
            except (OSError, InvalidPacketError):
                continue
            if packet.payload_type == 0 and any(~octet & 0x7F > LOUD for octet in packet.payload):
                self.loud_frames += 1
