"""Media workers over their sockets: what `ports.media.Media` promises, and what happens when one of the ends dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from ringfence.media import worker as worker_module
from ringfence.media.engine import Engine
from ringfence.media.pool import MediaPool
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.worker import Worker
from ringfence.ports.media import (
    Clip,
    KeyPressed,
    LegFailed,
    MediaEvent,
    MediaFullError,
    RecordingEnded,
    RecordingPlan,
    SoundEnded,
    Tone,
    UnknownSoundError,
)
from unit.media.peer import Peer, level_of, tone

PLAN = RecordingPlan(account="AC" + "0" * 32, sid="RE" + "1" * 32, key=bytes(32))


class Heard(list[MediaEvent]):
    """A listener that keeps what happens."""

    def happened(self, event: MediaEvent) -> None:
        self.append(event)


async def until(condition: Callable[[], object], limit_s: float = 10.0) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def working(path: Path, max_legs: int = 4) -> AsyncIterator[Worker]:
    """A worker in this process."""
    ports = PortPairs("127.0.0.1", PortRange(20_000, 29_999))
    worker = Worker(lambda emit: Engine(ports, emit, max_legs=max_legs), registry=CollectorRegistry())
    server = await worker.serve(path)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.close()


@contextlib.asynccontextmanager
async def using(*paths: Path) -> AsyncIterator[tuple[MediaPool, Heard]]:
    heard = Heard()
    pool = MediaPool(paths, heard)
    running = asyncio.create_task(pool.run())
    try:
        await pool.ready(10)
        yield pool, heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@contextlib.contextmanager
def peer() -> "contextlib.closing[Peer]":  # type: ignore[misc]
    made = Peer()
    try:
        yield made  # type: ignore[misc]
    finally:
        made.close()


def test_a_call_from_its_first_sound_to_its_last(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with working(tmp_path / "s" / "m.sock"), using(tmp_path / "s" / "m.sock") as (media, heard):
            with peer() as phone:
                phone.knows(await media.open("CA1", "rtp"))
                await media.connect("CA1", phone.remote())
                await media.keep("hello", tone(440, 100_000).tobytes())
                await media.keep("short", tone(440, 300).tobytes())
                await media.play("CA1", 3, [Clip("short")])
                await until(lambda: phone.hear() or SoundEnded("CA1", 3) in heard)
                await until(lambda: SoundEnded("CA1", 3) in heard)
                phone.hear()
                assert max(level_of(phone.sound()[at : at + 800], 440) for at in range(0, 2_400, 160)) > 6_500
                for packet in phone.key_packets("4"):
                    phone.send(packet)
                await until(lambda: KeyPressed("CA1", "4") in heard)
                stats = await media.close("CA1")
                assert stats is not None
                assert stats.packets_received > 0
                assert await media.close("CA1") is None

    asyncio.run(scenario())


def test_errors_arrive_as_themselves(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with working(tmp_path / "s" / "m.sock", 1), using(tmp_path / "s" / "m.sock") as (media, _):
            await media.open("CA1", "rtp")
            with pytest.raises(MediaFullError):
                await media.open("CA2", "rtp")
            with pytest.raises(UnknownSoundError):
                await media.play("CA1", 1, [Clip("none")])

    asyncio.run(scenario())


def test_legs_are_spread_and_those_that_are_to_be_joined_lie_together(tmp_path: Path) -> None:
    async def scenario() -> None:
        one, two = tmp_path / "s" / "1.sock", tmp_path / "s" / "2.sock"
        async with working(one), working(two), using(one, two) as (media, _):
            await until(lambda: all(link.up for link in media._links))
            for number in range(4):
                await media.open(f"CA{number}", "rtp")
            assert [link.legs for link in media._links] == [2, 2]
            with pytest.raises(ValueError):
                await media.bridge("CA0", "CA1")
            await media.open("CA9", "rtp", beside="CA1")
            await media.bridge("CA1", "CA9")

    asyncio.run(scenario())


def test_a_dead_worker_takes_its_own_legs_alone_and_is_used_again_when_it_is_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        one, two = tmp_path / "s" / "1.sock", tmp_path / "s" / "2.sock"
        async with working(two), using(one, two) as (media, heard):
            async with working(one):
                await until(lambda: all(link.up for link in media._links))
                await media.open("CA1", "rtp")
                await media.open("CA2", "rtp")
                dead = next(leg for leg in ("CA1", "CA2") if media._links[0].has(leg))
                await media.record(dead, PLAN)
                await until(lambda: any(isinstance(event, RecordingEnded) for event in heard))
            await until(lambda: any(isinstance(event, LegFailed) for event in heard))
            assert [event.leg for event in heard if isinstance(event, LegFailed)] == [dead]
            other = "CA2" if dead == "CA1" else "CA1"
            assert await media.stats(other) is not None
            assert await media.stats(dead) is None
            async with working(one):
                await until(lambda: media._links[0].up)
                await media.open("CA3", "rtp")
                assert media._links[0].has("CA3")

    asyncio.run(scenario())


def test_a_new_user_finds_no_legs_of_the_one_before(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "s" / "m.sock"
        async with working(path):
            async with using(path) as (media, _):
                await media.open("CA1", "rtp")
            async with using(path) as (media, _):
                await media.open("CA1", "rtp")

    asyncio.run(scenario())


def test_a_worker_rests_without_legs_and_carries_the_next_call(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "s" / "m.sock"
        async with working(path) as worker, using(path) as (media, heard):
            for number in range(2):
                with peer() as phone:
                    phone.knows(await media.open("CA1", "rtp"))
                    await media.connect("CA1", phone.remote())
                    await media.play("CA1", number, [Tone("beep")])
                    await until(lambda number=number: SoundEnded("CA1", number) in heard)
                    await media.close("CA1")
                await until(lambda: not worker._busy.is_set())

    asyncio.run(scenario())


def test_legs_of_a_user_who_asks_no_more_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "PATIENCE_S", 0.2)

    async def scenario() -> None:
        path = tmp_path / "s" / "m.sock"
        with peer() as phone:
            async with working(path):
                async with using(path) as (media, _):
                    phone.knows(await media.open("CA1", "rtp"))
                    await media.connect("CA1", phone.remote())
                    await media.play("CA1", 1, [Tone("ringback")], loop=0)
                    await until(phone.hear)
                quiet = 0
                async with asyncio.timeout(10):
                    while quiet < 10:
                        quiet = 0 if phone.hear() else quiet + 1
                        await asyncio.sleep(0.02)

    asyncio.run(scenario())
