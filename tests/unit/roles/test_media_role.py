"""The media worker as a process of its own: it serves, is killed, comes back, and takes calls again."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from ringfence.media.pool import MediaPool
from ringfence.ports.media import LegFailed, MediaEvent, RecordingEnded, RecordingPlan, SoundEnded, Tone
from ringfence.roles.settings import Settings
from ringfence.roles.supervisor import Supervisor
from unit.media.peer import Peer

PLAN = RecordingPlan(account="AC" + "0" * 32, sid="RE" + "1" * 32, key=bytes(32))


class Heard(list[MediaEvent]):
    def happened(self, event: MediaEvent) -> None:
        self.append(event)


async def until(condition: Callable[[], object], limit_s: float = 30.0) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.02)


def test_calls_of_a_killed_worker_fail_once_and_the_next_ones_are_carried(tmp_path: Path) -> None:
    async def scenario() -> None:
        settings = Settings(data_dir=tmp_path)
        supervisor = Supervisor(settings)
        heard = Heard()
        media = MediaPool(settings.media_sockets(), heard)
        running = asyncio.create_task(media.run())
        phone = Peer()
        try:
            await supervisor.start("media")
            await media.ready(30)
            phone.knows(await media.open("CA1", "rtp"))
            await media.connect("CA1", phone.remote())
            await media.record("CA1", PLAN)
            await media.play("CA1", 1, [Tone("ringback")], loop=0)
            await until(phone.hear)
            killed = supervisor.pids()["media"]
            os.kill(killed, signal.SIGKILL)
            await until(lambda: LegFailed("CA1", "its media worker is gone") in heard)
            await until(lambda: supervisor.pids().get("media") not in (None, killed))
            await media.ready(30)
            await until(lambda: any(isinstance(event, RecordingEnded) for event in heard))
            ended = RecordingEnded(leg="CA1", sid=PLAN.sid, duration_ms=0, cause="failed")
            assert sorted(map(repr, heard)) == sorted(map(repr, [LegFailed("CA1", "its media worker is gone"), ended]))
            phone.knows(await media.open("CA2", "rtp"))
            await media.connect("CA2", phone.remote())
            await media.play("CA2", 2, [Tone("beep")])
            await until(lambda: SoundEnded("CA2", 2) in heard)
        finally:
            phone.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await supervisor.stop()

    asyncio.run(scenario())
