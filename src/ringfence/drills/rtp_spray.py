"""Calls in a media engine, and an attacker who is on no path of any of them.

He knows the range of ports, as it is documented, and even a stream's SSRC. He sends RTP, with a tone in it, and RTCP to
each port from an address of his own. The engine's clock is turned by the drill, so it plays faster than calls do.
"""

import asyncio
import importlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from ringfence.domain.sealing.recording import recording_key
from ringfence.drills.design import Design
from ringfence.media import g711
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.recorder import Ended, Recorder
from ringfence.media.recording_reader import RecordingReader
from ringfence.media.rtcp import Goodbye, ReceiverReport, write_rtcp
from ringfence.media.rtp import RtpPacket
from ringfence.ports.media import RecordingPlan, RemoteEnd

OURS, PEERS, ATTACKER = "127.0.0.1", "127.0.4.1", "127.0.3.1"
TICKS = 250
SPRAYED_EVERY = 5
CALLER_SSRC = 7
CALLER_HZ, ATTACKER_HZ = 440, 1_700
# How loud a tone is that counts as there: 16-bit samples, of a tone that was sent at 8,000.
AUDIBLE = 200


class Sprayed(msgspec.Struct, frozen=True):
    """Which calls sent to the attacker, which recorded him, and how many packets went either way."""

    bled: set[int]
    injected: set[int]
    packets: int
    heard: int


async def spray(design: Design, calls: int) -> Sprayed:
    """Play it: so many calls of five seconds, all recorded."""
    sockets = [_bound(ATTACKER), *(_bound(PEERS) for _ in range(calls))]
    try:
        with tempfile.TemporaryDirectory(prefix="ringfence-") as folder:
            return await _play(design, Path(folder), sockets[0], sockets[1:])
    finally:
        for one in sockets:
            one.close()


async def _play(design: Design, folder: Path, attacker: socket.socket, peers: list[socket.socket]) -> Sprayed:
    recorders: list[Recorder] = []

    def recorder(told: Ended) -> Recorder:
        recorders.append(Recorder(told, asyncio.get_running_loop()))
        return recorders[-1]

    engine = Engine(
        PortPairs(OURS, PortRange(20_000, 29_999)),
        lambda event: None,
        recordings_dir=folder,
        recorder=recorder,
        leg_type=importlib.import_module(design.media_leg).Leg,
        max_legs=len(peers),
    )
    ports = [_call(engine, number, peer) for number, peer in enumerate(peers)]
    packets = 0
    said, injected = _tone(CALLER_HZ), _tone(ATTACKER_HZ)
    for tick in range(1, TICKS + 1):
        for peer, port in zip(peers, ports, strict=True):
            peer.sendto(_packet(tick, CALLER_SSRC, said), (OURS, port))
        if tick % SPRAYED_EVERY == 0:
            packets += sum(_spray(attacker, port, tick, injected) for port in ports)
        engine.tick()
    engine.close_all()
    await recorders[0].close()
    heard = [source for source in _received(attacker) if source in ports]
    return Sprayed(
        bled={ports.index(source) for source in heard},
        injected={number for number in range(len(peers)) if _is_in(folder, number)},
        packets=packets,
        heard=len(heard),
    )


def _call(engine: Engine, number: int, peer: socket.socket) -> int:
    """Begin a call, recorded: the port it is carried on."""
    local = engine.open(str(number), "rtp")
    host, port = peer.getsockname()
    engine.connect(str(number), RemoteEnd(address=host, port=port, rtcp_port=port, encoding="PCMU", payload_type=0))
    engine.record(str(number), _plan(number))
    return local.port


def _plan(number: int) -> RecordingPlan:
    return RecordingPlan(account="AC" + "0" * 32, sid=f"RE{number:032x}", key=bytes(32), channels=2)


def _spray(attacker: socket.socket, port: int, tick: int, sound: bytes) -> int:
    """RTP under the caller's SSRC, two packets in a row under another, and RTCP: how many."""
    report = write_rtcp([ReceiverReport(ssrc=CALLER_SSRC), Goodbye(ssrcs=(CALLER_SSRC,))])
    media = [_packet(tick, CALLER_SSRC, sound), _packet(2 * tick, 8, sound), _packet(2 * tick + 1, 8, sound)]
    for data in media:
        attacker.sendto(data, (OURS, port))
    attacker.sendto(report, (OURS, port + 1))
    return len(media) + 1


def _is_in(folder: Path, number: int) -> bool:
    """Whether the attacker's tone is in a call's recording, in either channel."""
    plan = _plan(number)
    with RecordingReader(folder / plan.account / plan.sid, recording_key(plan.key, plan.sid)) as reading:
        sound = reading.read(0, reading.samples)
    turns = np.exp(-2j * np.pi * ATTACKER_HZ * np.arange(len(sound)) / reading.header.rate_hz)
    levels = np.abs(turns @ sound) * 2 / max(len(sound), 1)
    return bool(levels.max() > AUDIBLE)


def _tone(frequency_hz: float) -> bytes:
    """20 ms of it; both frequencies are whole periods long in that."""
    wave = 8_000 * np.sin(2 * np.pi * frequency_hz * np.arange(160) / 8_000)
    return g711.encode(wave.astype(np.int16), "PCMU").tobytes()


def _packet(number: int, ssrc: int, sound: bytes) -> bytes:
    return bytes(RtpPacket(payload_type=0, sequence=number & 0xFFFF, timestamp=number * 160, ssrc=ssrc, payload=sound))


def _bound(host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((host, 0))
    return made


def _received(attacker: socket.socket) -> Iterator[int]:
    """The ports that packets came from, of those that were not too many for the attacker's socket."""
    while True:
        try:
            _, source = attacker.recvfrom(2_000)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            continue
        yield source[1]
