"""A call that is over is freed at once, without a collector that would have to look for it among the living."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tests.unit.usecases.voice.stage import BASE, CALLER, FakeLine, Stage, play, until

from ringfence.domain.call import Status

Watched = list["weakref.ref[Any]"]


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def answers(line: FakeLine) -> None:
    line.rings()
    line.answers()


def watch(stage: Stage) -> Watched:
    """Every call from now on, and its leg."""
    watched: Watched = []
    begin = stage.calls.live.begin

    def begun(*arguments: Any) -> Any:
        call = begin(*arguments)
        watched.extend((weakref.ref(call), weakref.ref(call.leg)))
        return call

    stage.calls.live.begin = begun  # type: ignore[method-assign]
    return watched


def story(scene: Callable[[Stage], Awaitable[None]], calls: int) -> None:
    async def watched_scene(stage: Stage) -> None:
        watched = watch(stage)
        await scene(stage)
        assert len(watched) == 2 * calls
        stage.lines.placed.clear()
        await asyncio.sleep(0)  # the tasks' own last turn
        left = [ref for ref in watched if ref() is not None]
        assert not left

    play(watched_scene)


def test_one_that_ran_its_document() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/voice"] = "<Response><Say>Hello</Say><Play>/tone.wav</Play></Response>"
        sid = await stage.queue(url=f"{BASE}/voice", record=True)
        assert (await stage.over(sid)).status is Status.COMPLETED

    story(scene, 1)


def test_one_that_nobody_answered() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = lambda line: line.ends(486)
        sid = await stage.queue(url=f"{BASE}/voice")
        assert (await stage.over(sid)).status is Status.BUSY

    story(scene, 1)


def test_two_that_were_joined() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/voice"] = f"<Response><Dial record='true'>{CALLER}</Dial></Response>"
        sid = await stage.queue(url=f"{BASE}/voice")
        await until(lambda: len(stage.lines.placed) == 2 and stage.lines.placed[1].state == "answered")
        stage.lines.placed[1].ends()
        stage.lines.placed[0].ends()
        assert (await stage.over(sid)).status is Status.COMPLETED

    story(scene, 2)
