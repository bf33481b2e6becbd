"""A leg that is closed is freed at once: the collector of a worker looks for cycles once in a long while."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.media.codecs.g722 import G722Codec
from ringfence.media.engine import Engine
from ringfence.media.leg import Leg
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.recorder import Recorder
from ringfence.media.srtp import SrtpSession
from ringfence.media.webrtc import BrowserLegs
from ringfence.ports.media import Clip, RecordingPlan
from unit.media.peer import Events, Peer, talk, tone

SUITE = "AES_CM_128_HMAC_SHA1_80"


@pytest.fixture
def alive() -> Iterator[Callable[[], int]]:
    """How many legs of those made in a test there still are, with no collector at work."""
    made: list[weakref.ref[Leg]] = []
    begin = Leg.__init__

    def noted(leg: Leg, *arguments: Any) -> None:
        made.append(weakref.ref(leg))
        begin(leg, *arguments)

    gc.collect()
    gc.disable()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Leg, "__init__", noted)
        yield lambda: sum(leg() is not None for leg in made)
    gc.enable()


def ports() -> PortPairs:
    return PortPairs("127.0.0.1", PortRange(20_000, 29_999))


@pytest.mark.parametrize("changes", [{}, {"encoding": "G722", "payload_type": 9}, {"ptime_ms": 40}], ids=str)
def test_legs_that_talked_played_pressed_and_were_recorded(
    alive: Callable[[], int], tmp_path: Path, changes: dict[str, object]
) -> None:
    async def story() -> None:
        recorders: list[Recorder] = []

        def recorder(ended: Any) -> Recorder:
            recorders.append(Recorder(ended, asyncio.get_running_loop()))
            return recorders[-1]

        engine = Engine(
            ports(),
            Events().append,
            recordings_dir=tmp_path,
            recorder=recorder,
            codecs={"G722": G722Codec},
            max_legs=2,
        )
        engine.keep("words", tone(500, 100).tobytes())
        peers = [Peer(), Peer(ssrc=9)]
        for number, peer in enumerate(peers):
            name = f"CA{number}"
            peer.knows(engine.open(name, "rtp"))
            engine.connect(name, peer.remote(**changes))
            plan = RecordingPlan(account="AC" + "0" * 32, sid=f"RE{number:032x}", key=bytes(32))
            engine.record(name, plan)
        talk(engine, *peers, ticks=5)
        engine.bridge("CA0", "CA1")
        engine.play("CA0", 1, [Clip("words")], loop=0)
        engine.press("CA1", "12")
        talk(engine, *peers, ticks=5)
        engine.connect("CA1", peers[1].remote(**changes, send=False))
        talk(engine, *peers, ticks=2)
        assert alive() == 2
        engine.close("CA0")
        assert alive() == 1
        engine.close("CA1")
        assert alive() == 0
        await recorders[0].close()
        for peer in peers:
            peer.close()

    asyncio.run(story())


def test_a_leg_with_srtp(alive: Callable[[], int]) -> None:
    engine, peer = Engine(ports(), Events().append, srtp=SrtpSession, max_legs=1), Peer()
    peer.knows(engine.open("CA1", "srtp"))
    for key in (bytes(30), bytes([1]) * 30):
        engine.connect("CA1", peer.remote(srtp_suite=SUITE, srtp_key=key))
        talk(engine, peer, ticks=3)
    engine.close("CA1")
    assert alive() == 0
    peer.close()


@pytest.mark.parametrize("connected", [True, False])
def test_a_browsers_leg(alive: Callable[[], int], connected: bool) -> None:
    async def story() -> None:
        engine = Engine(ports(), Events().append, srtp=SrtpSession, webrtc=BrowserLegs(SrtpSession), max_legs=2)
        ends = [engine.open(name, "webrtc") for name in ("CA1", "CA2")]
        if connected:
            # Each is the other's browser.
            for name, end in zip(("CA1", "CA2"), reversed(ends), strict=True):
                peer = Peer()
                remote = peer.remote(address=end.address, port=end.port, rtcp_port=end.port, ice=end.ice)
                engine.connect(name, remote)
                peer.close()
            for _ in range(20):
                engine.tick()
                await asyncio.sleep(0.001)
        for name in ("CA1", "CA2"):
            engine.close(name)
        await asyncio.sleep(0)
        assert alive() == 0

    asyncio.run(story())
