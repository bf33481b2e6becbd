"""What the tests of recordings share: plans, sounds, and a recorder that is ticked by hand."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.domain.sealing.recording import Cause, recording_key
from ringfence.media import g711
from ringfence.media.g711 import Samples
from ringfence.media.recorder import Recorder
from ringfence.media.recording_reader import RecordingReader
from ringfence.ports.media import RecordingPlan

ACCOUNT = "AC" + "a" * 32
RECORD_KEY = bytes(range(32))
FRAME = 160
QUIET: Samples = np.zeros(FRAME, np.int16)


def sid(number: int = 1) -> str:
    return f"RE{number:032x}"


def key(number: int = 1) -> bytes:
    return recording_key(RECORD_KEY, sid(number))


def plan(number: int = 1, **other: Any) -> RecordingPlan:
    return RecordingPlan(account=ACCOUNT, sid=sid(number), key=RECORD_KEY, **other)


def companded(samples: Samples) -> Samples:
    """What G.711 leaves of samples."""
    return g711.decode(g711.encode(samples, "PCMU"), "PCMU")


def noise(frames: int, seed: int = 1, size: int = 8_000) -> NDArray[np.int16]:
    """Loud frames, such as G.711 carries them: shaped (frames, 160)."""
    return companded(np.random.default_rng(seed).integers(-size, size, (frames, FRAME), dtype=np.int16))


class Deck:
    """A recorder and the ends it told. Used inside a running loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ends: list[tuple[str, int, Cause]] = []
        self.recorder = Recorder(lambda *end: self.ends.append(end), asyncio.get_running_loop())

    def path(self, number: int = 1) -> Path:
        return self.folder / ACCOUNT / sid(number)

    def begin(self, number: int = 1, **other: Any) -> int:
        return self.recorder.begin(plan(number, **other), self.path(number))

    def feed(self, slot: int, inbound: Samples, outbound: Samples | None = None) -> None:
        """Tick one slot through frames, shaped (frames, 160)."""
        silent = np.zeros_like(inbound)
        for heard, said in zip(inbound, silent if outbound is None else outbound, strict=True):
            self.recorder.tick(np.array([slot]), heard[None], said[None])

    async def until_ended(self, count: int = 1) -> None:
        async with asyncio.timeout(30):
            while len(self.ends) < count:
                await asyncio.sleep(0.002)

    def sound(self, number: int = 1) -> Samples:
        """What is to be heard of a recording, shaped (samples, channels)."""
        with RecordingReader(self.path(number), key(number)) as reader:
            return reader.read(0, reader.samples)
