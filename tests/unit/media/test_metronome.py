"""The beat: kept up after a delay, not made up for after a long stop."""

import asyncio

import pytest

from ringfence.media.metronome import MAX_BEHIND, PERIOD_S, Metronome


class Scene:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.beats = self.overruns = self.skipped = 0
        self.metronome = Metronome(self.beat, overrun=self.overrun, skipped=self.skip, now_s=lambda: self.now_s)
        self.metronome._due_s = self.now_s

    def beat(self) -> None:
        self.beats += 1

    def overrun(self) -> None:
        self.overruns += 1

    def skip(self, beats: int) -> None:
        self.skipped += beats

    @property
    def behind(self) -> int:
        return round((self.now_s - self.metronome._due_s) / PERIOD_S)


def test_a_beat_in_time_is_nothing_to_tell() -> None:
    scene = Scene()
    for _ in range(10):
        scene.metronome.advance()
        scene.now_s += PERIOD_S
    assert (scene.beats, scene.overruns, scene.skipped) == (10, 0, 0)


def test_after_a_short_delay_every_beat_is_made_up_for() -> None:
    scene = Scene()
    scene.now_s += 4.5 * PERIOD_S
    while scene.metronome._due_s <= scene.now_s:
        scene.metronome.advance()
    assert (scene.beats, scene.overruns, scene.skipped) == (5, 4, 0)


def test_after_a_long_stop_it_goes_on_from_now() -> None:
    scene = Scene()
    scene.now_s += 500.5 * PERIOD_S
    scene.metronome.advance()
    assert (scene.beats, scene.skipped) == (1, 500)
    assert scene.behind <= 1
    assert MAX_BEHIND < 500


def test_it_can_be_stopped_and_run_again() -> None:
    async def scenario() -> None:
        beats = 0

        def beat() -> None:
            nonlocal beats
            beats += 1
            if beats % 2 == 0:
                metronome.stop()

        metronome = Metronome(beat)
        metronome.stop()
        async with asyncio.timeout(10):
            await metronome.run()
            assert beats == 2
            await metronome.run()
        assert beats == 4

    asyncio.run(scenario())


def test_it_beats_in_a_loop_and_what_a_beat_raises_ends_it() -> None:
    async def scenario() -> None:
        beats = 0

        def beat() -> None:
            nonlocal beats
            beats += 1
            if beats == 3:
                raise ZeroDivisionError

        async with asyncio.timeout(10):
            with pytest.raises(ZeroDivisionError):
                await Metronome(beat).run()
        assert beats == 3

    asyncio.run(scenario())
