"""A leg that is recorded: sound goes out of one leg, over the network, into another, and into its sealed file."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ringfence.media.codecs import installed_codecs
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.recorder import Recorder
from ringfence.media.recording_reader import RecordingReader
from ringfence.media.srtp import SrtpSession
from ringfence.ports.media import Clip, LocalEnd, MediaEvent, RecordingEnded, RemoteEnd, SoundEnded
from unit.media.codecs.tones import strength_db, tone
from unit.media.recordings import ACCOUNT, key, plan, sid

PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9, "opus": 111}
SUITE = "AES_CM_128_HMAC_SHA1_80"
SPOKEN = [name for name in PAYLOAD_TYPES if name.upper() in {"PCMU", "PCMA", *installed_codecs()}]


class Worker:
    """An engine with all that is plugged in, ticked by the test."""

    def __init__(self, folder: Path) -> None:
        self.events: list[MediaEvent] = []
        self.recorders: list[Recorder] = []
        self.engine = Engine(
            PortPairs("127.0.0.1", PortRange(20_000, 29_999)),
            self.events.append,
            recordings_dir=folder,
            recorder=self._recorder,
            codecs=installed_codecs(),
            srtp=SrtpSession,
            max_legs=8,
        )

    def _recorder(self, ended: Any) -> Recorder:
        self.recorders.append(Recorder(ended, asyncio.get_running_loop()))
        return self.recorders[0]

    def join(self, encoding: str, transport: Any) -> None:
        """Legs CA1 and CA2, each the other's other end."""
        ends = {name: self.engine.open(name, transport) for name in ("CA1", "CA2")}
        for name, other in (("CA1", ends["CA2"]), ("CA2", ends["CA1"])):
            self.engine.connect(name, self._remote(other, encoding, transport))

    def _remote(self, end: LocalEnd, encoding: str, transport: str) -> RemoteEnd:
        secure = {"srtp_suite": SUITE, "srtp_key": end.srtp_key} if transport == "srtp" else {}
        return RemoteEnd(
            address=end.address,
            port=end.port,
            rtcp_port=end.rtcp_port,
            encoding=encoding,
            payload_type=PAYLOAD_TYPES[encoding],
            event_payload_type=101,
            **secure,  # type: ignore[arg-type]
        )

    async def until(self, kind: type[MediaEvent]) -> None:
        """Tick until an event of that kind has come."""
        async with asyncio.timeout(60):
            while not any(isinstance(event, kind) for event in self.events):
                self.engine.tick()
                await asyncio.sleep(0.001)

    async def close(self) -> None:
        self.engine.close_all()
        for recorder in self.recorders:
            await recorder.close()


def heard(folder: Path, number: int = 1) -> np.ndarray:
    with RecordingReader(folder / ACCOUNT / sid(number), key(number)) as reader:
        assert reader.damage == ""
        return reader.read(0, reader.samples)


@pytest.mark.parametrize("transport", ["rtp", "srtp"])
@pytest.mark.parametrize(
    "encoding", [name for name in PAYLOAD_TYPES if name.upper() in {"PCMU", "PCMA", *installed_codecs()}]
)
def test_what_one_leg_plays_is_what_the_other_recorded(tmp_path: Path, encoding: str, transport: str) -> None:
    async def scene() -> None:
        worker = Worker(tmp_path)
        worker.join(encoding, transport)
        worker.engine.keep("tone", tone(1_000, 2).astype("<i2").tobytes())
        worker.engine.record("CA2", plan(1, channels=2))
        worker.engine.record("CA1", plan(2, tracks="outbound", trim=True))
        worker.engine.play("CA1", 1, [Clip("tone")], loop=1)
        await worker.until(SoundEnded)
        for _ in range(20):
            worker.engine.tick()
        worker.engine.stop_recording("CA2", sid(1))
        await worker.until(RecordingEnded)
        await worker.close()
        ends = {event.sid: event for event in worker.events if isinstance(event, RecordingEnded)}
        assert (ends[sid(1)].leg, ends[sid(1)].cause) == ("CA2", "stopped")
        assert (ends[sid(2)].leg, ends[sid(2)].cause) == ("CA1", "closed")
        assert abs(ends[sid(2)].duration_ms - 2_000) < 350

    asyncio.run(scene())
    inbound, outbound = heard(tmp_path, 1).T
    assert not outbound.any()
    loud = np.flatnonzero(np.abs(inbound.astype(int)) > 1_000)
    assert 15_000 < loud[-1] - loud[0] < 17_000
    assert strength_db(inbound[loud[0] + 800 : loud[-1] - 800], 1_000) > -1
    assert strength_db(heard(tmp_path, 2)[:, 0], 1_000) > -1
