"""Piper's process: one that stays, answers in turn, and is started again when it fails."""

import asyncio
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ringfence.domain.ssml import Phrase
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.piper import Model, PiperEngine, installed_model
from ringfence.speech.wav import Sound

SILENT = (sys.executable, str(Path(__file__).with_name("silent_piper.py")))
LIMIT_S = 30


def run(story: Callable[[PiperEngine], Awaitable[None]], command: tuple[str, ...] = SILENT) -> None:
    async def told() -> None:
        engine = PiperEngine(Model(Path("voice.onnx"), Path("voice.json"), frozenset({"en"})), command=command)
        try:
            await asyncio.wait_for(story(engine), LIMIT_S)
        finally:
            await engine.close()

    asyncio.run(told())


async def say(engine: PiperEngine, text: str, **manner: float) -> Sound:
    return await engine.render(Phrase(text=text, **manner), voice="", language="en-US")


def samples(sound: Sound) -> tuple[int, ...]:
    return struct.unpack(f"<{len(sound.samples) // 2}h", sound.samples)


def test_a_phrase_is_spoken_at_its_rate_and_volume() -> None:
    async def story(engine: PiperEngine) -> None:
        sound = await say(engine, "abc", rate=2.0, volume_db=6.0)
        assert sound.rate_hz == 22_050
        assert samples(sound) == (475, 1_995, 7, 7, 7)
        assert samples(await say(engine, "a"))[:2] == (950, 1_000)

    run(story)


def test_phrases_at_once_are_answered_each_with_its_own() -> None:
    async def story(engine: PiperEngine) -> None:
        sounds = await asyncio.gather(*(say(engine, "x" * n) for n in range(1, 20)))
        assert [len(samples(sound)) - 2 for sound in sounds] == list(range(1, 20))

    run(story)


def test_words_it_cannot_speak_are_an_error_without_the_words_and_it_goes_on() -> None:
    async def story(engine: PiperEngine) -> None:
        with pytest.raises(SpeechFailedError) as failure:
            await say(engine, "mute")
        assert "mute" not in str(failure.value)
        assert samples(await say(engine, "a"))

    run(story)


def test_a_process_that_dies_is_started_again() -> None:
    async def story(engine: PiperEngine) -> None:
        with pytest.raises(SpeechFailedError):
            await say(engine, "die")
        assert len(samples(await say(engine, "ab"))) == 4

    run(story)


def test_who_gives_up_leaves_no_answer_for_the_next() -> None:
    async def story(engine: PiperEngine) -> None:
        await engine.warm()
        waiting = asyncio.create_task(say(engine, "hang"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(samples(await say(engine, "abcd"))) == 6

    run(story)


@pytest.mark.parametrize("command", [("/no/such/program",), (sys.executable, "-c", "raise SystemExit(1)")])
def test_a_voice_that_does_not_load_says_so(command: tuple[str, ...]) -> None:
    async def story(engine: PiperEngine) -> None:
        with pytest.raises(SpeechFailedError):
            await engine.warm()

    run(story, command)


def test_closing_ends_the_process() -> None:
    async def story(engine: PiperEngine) -> None:
        await engine.warm()
        process = engine._process
        assert process is not None
        await engine.close()
        await engine.close()
        assert process.returncode == 0

    run(story)


@pytest.mark.parametrize(("language", "spoken"), [("", True), ("en", True), ("en-GB", True), ("fr-FR", False)])
def test_it_speaks_the_languages_of_its_voice(language: str, spoken: bool) -> None:
    assert PiperEngine(Model(Path(), Path(), frozenset({"en"}))).speaks(language) is spoken


def test_the_installed_voice_speaks() -> None:
    model = installed_model()
    if model is None:
        pytest.skip("the speech extra is not installed")

    async def story() -> None:
        engine = PiperEngine(model)
        try:
            short = await asyncio.wait_for(say(engine, "Yes."), LIMIT_S)
            long = await asyncio.wait_for(say(engine, "Your appointment is on Tuesday at three."), LIMIT_S)
            slow = await asyncio.wait_for(say(engine, "Your appointment is on Tuesday at three.", rate=0.5), LIMIT_S)
        finally:
            await engine.close()
        assert short.rate_hz == 22_050
        assert len(short.samples) < len(long.samples) < len(slow.samples)
        assert max(samples(long)) > 5_000

    asyncio.run(story())
