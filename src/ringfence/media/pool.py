"""Several media workers behind one face: legs are spread over those that are up; one that dies takes only its own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ringfence.domain.media_ends import LocalEnd, RemoteEnd, Transport
from ringfence.media.link import MediaLink
from ringfence.ports.media import LegStats, MediaFullError, MediaListener, Piece, RecordingEnded, RecordingPlan


class MediaPool:
    """A `ports.media.Media` over the workers at these sockets. `run` must be running."""

    def __init__(self, paths: Sequence[Path], listener: MediaListener) -> None:
        self._listener = listener
        self._links = [MediaLink(path, listener) for path in paths]

    async def run(self) -> None:
        """Keep a session with each worker, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for link in self._links:
                tasks.create_task(link.run(), name="media link")

    async def ready(self, within_s: float) -> None:
        """Return once a worker takes legs; ConnectionError when that takes longer."""
        waiting = [asyncio.create_task(link.ready(within_s)) for link in self._links]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def open(self, leg: str, transport: Transport, *, beside: str = "") -> LocalEnd:
        """In the worker of `beside` where that is given, else in the one with the fewest legs that has room."""
        near = self._of(beside) if beside else None
        if near is not None:
            return await near.open(leg, transport)
        up = sorted((link for link in self._links if link.up), key=lambda link: link.legs)
        if not up:
            raise ConnectionError("no media worker is up")
        for link in up:
            try:
                return await link.open(leg, transport)
            except (MediaFullError, ConnectionError) as error:
                if link is up[-1]:
                    raise error
        raise MediaFullError("no media worker has room")

    async def connect(self, leg: str, remote: RemoteEnd) -> None:
        if (link := self._of(leg)) is not None:
            await link.connect(leg, remote)

    async def close(self, leg: str) -> LegStats | None:
        link = self._of(leg)
        return await link.close(leg) if link is not None else None

    async def keep(self, name: str, sound: bytes) -> None:
        """In every worker that is up: a leg may be in any."""
        up = [link for link in self._links if link.up]
        if not up:
            raise ConnectionError("no media worker is up")
        ends = await asyncio.gather(*(link.keep(name, sound) for link in up), return_exceptions=True)
        failed = [end for end in ends if isinstance(end, BaseException)]
        if len(failed) == len(up) or any(not isinstance(error, ConnectionError) for error in failed):
            raise failed[0]

    async def play(self, leg: str, token: int, pieces: Sequence[Piece], *, loop: int = 1) -> None:
        if (link := self._of(leg)) is not None:
            await link.play(leg, token, pieces, loop=loop)

    async def stop_playing(self, leg: str) -> None:
        if (link := self._of(leg)) is not None:
            await link.stop_playing(leg)

    async def press(self, leg: str, digits: str) -> None:
        if (link := self._of(leg)) is not None:
            await link.press(leg, digits)

    async def bridge(self, leg: str, other: str) -> None:
        """ValueError where the two are in different workers: the second is to be opened `beside` the first."""
        link = self._of(leg)
        if link is None or self._of(other) is None:
            return
        if self._of(other) is not link:
            raise ValueError("the two legs are in different workers")
        await link.bridge(leg, other)

    async def unbridge(self, leg: str) -> None:
        if (link := self._of(leg)) is not None:
            await link.unbridge(leg)

    async def record(self, leg: str, plan: RecordingPlan) -> None:
        if (link := self._of(leg)) is not None:
            await link.record(leg, plan)
        else:
            self._listener.happened(RecordingEnded(leg=leg, sid=plan.sid, duration_ms=0, cause="closed"))

    async def pause_recording(self, leg: str, sid: str, *, silence: bool) -> None:
        if (link := self._of(leg)) is not None:
            await link.pause_recording(leg, sid, silence=silence)

    async def resume_recording(self, leg: str, sid: str) -> None:
        if (link := self._of(leg)) is not None:
            await link.resume_recording(leg, sid)

    async def stop_recording(self, leg: str, sid: str) -> None:
        if (link := self._of(leg)) is not None:
            await link.stop_recording(leg, sid)

    async def stats(self, leg: str) -> LegStats | None:
        link = self._of(leg)
        return await link.stats(leg) if link is not None else None

    def _of(self, leg: str) -> MediaLink | None:
        return next((link for link in self._links if link.has(leg)), None)
