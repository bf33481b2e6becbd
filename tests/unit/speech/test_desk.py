"""The desk: a voice for each phrase, sounds joined, and the same words rendered once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ringfence.domain.ssml import Break, Phrase, Spoken
from ringfence.ports.speech import SpeechFailedError, Utterance
from ringfence.speech.desk import MAX_CHARACTERS, MAX_OWN_WAITING, MAX_WAITING, SpeechDesk
from ringfence.speech.wav import Sound, read_wav


class Parrot:
    """An engine that gives the words' bytes for sound, one sample a character."""

    def __init__(self, *languages: str, rate_hz: int = 1_000, held: asyncio.Event | None = None) -> None:
        self.languages = languages
        self.rate_hz = rate_hz
        self.rendered: list[tuple[str, str, str]] = []
        self.closed = False
        self._held = held

    def speaks(self, language: str) -> bool:
        return language.split("-")[0] in self.languages

    async def render(self, phrase: Phrase, *, voice: str, language: str) -> Sound:
        if self._held is not None:
            await self._held.wait()
        if phrase.text == "fail":
            raise SpeechFailedError("it fails")
        self.rendered.append((phrase.text, voice, language))
        return Sound(self.rate_hz, b"".join(bytes((byte, 1)) for byte in phrase.text.encode()))

    async def close(self) -> None:
        self.closed = True


def words(*spoken: Phrase | Break, language: str = "en-US", voice: str = "alice", owner: str = "") -> Utterance:
    return Utterance(spoken=spoken, voice=voice, language=language, owner=owner)


def text(value: str) -> Spoken:
    return (Phrase(text=value),)


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def test_phrases_and_pauses_are_joined_into_one_file() -> None:
    async def story() -> None:
        parrot = Parrot("en")
        file = await SpeechDesk([parrot]).say(words(Phrase(text="ab"), Break(3), Phrase(text="c")))
        assert read_wav(file) == Sound(1_000, b"a\1b\1" + bytes(6) + b"c\1")
        assert parrot.rendered == [("ab", "alice", "en-US"), ("c", "alice", "en-US")]

    run(story)


def test_each_phrase_goes_to_the_first_engine_that_speaks_its_language() -> None:
    async def story() -> None:
        english, other = Parrot("en"), Parrot("en", "fr")
        await SpeechDesk([english, other]).say(words(Phrase(text="Hello"), Phrase(text="Salut", language="fr-FR")))
        assert english.rendered == [("Hello", "alice", "en-US")]
        assert other.rendered == [("Salut", "alice", "fr-FR")]

    run(story)


def test_a_language_that_nobody_speaks_is_an_error() -> None:
    async def story() -> None:
        with pytest.raises(SpeechFailedError, match="language"):
            await SpeechDesk([Parrot("en")]).say(words(Phrase(text="Hei"), language="fi-FI"))

    run(story)


def test_only_silence_needs_no_voice() -> None:
    async def story() -> None:
        assert read_wav(await SpeechDesk([]).say(words(Break(250)))) == Sound(8_000, bytes(4_000))

    run(story)


def test_the_same_words_are_rendered_once_now_and_later() -> None:
    async def story() -> None:
        parrot = Parrot("en")
        desk = SpeechDesk([parrot])
        asked = words(*text("same"))
        first, second = await asyncio.gather(desk.say(asked), desk.say(words(*text("same"))))
        assert first == second == await desk.say(asked)
        assert len(parrot.rendered) == 1
        await desk.say(words(*text("same"), voice="man"))
        assert len(parrot.rendered) == 2

    run(story)


def test_a_failure_is_not_remembered() -> None:
    async def story() -> None:
        desk = SpeechDesk([Parrot("en")])
        for _ in range(2):
            with pytest.raises(SpeechFailedError, match="it fails"):
                await desk.say(words(*text("fail")))

    run(story)


def test_the_least_used_words_are_forgotten_where_room_is_short() -> None:
    async def story() -> None:
        parrot = Parrot("en")
        desk = SpeechDesk([parrot], max_kept_bytes=3 * (44 + 20))
        for one in ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", "aaaaaaaaaa", "dddddddddd", "aaaaaaaaaa", "bbbbbbbbbb"]:
            await desk.say(words(*text(one)))
        assert [said[0][0] for said in parrot.rendered] == ["a", "b", "c", "d", "b"]

    run(story)


def test_one_who_gives_up_does_not_take_the_sound_from_another() -> None:
    async def story() -> None:
        held = asyncio.Event()
        desk = SpeechDesk([Parrot("en", held=held)])
        one = asyncio.create_task(desk.say(words(*text("a"))))
        other = asyncio.create_task(desk.say(words(*text("a"))))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.sleep(0)
        held.set()
        assert read_wav(await other).samples == b"a\1"

    run(story)


def test_too_many_words_and_too_much_waiting_are_refused() -> None:
    async def story() -> None:
        desk = SpeechDesk([Parrot("en", held=asyncio.Event())])
        with pytest.raises(SpeechFailedError, match="characters"):
            await desk.say(words(*text("a" * (MAX_CHARACTERS + 1))))
        waiting = [asyncio.create_task(desk.say(words(*text(f"{n}"), owner=f"AC{n % 2}"))) for n in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(SpeechFailedError, match="waiting"):
            await desk.say(words(*text("one more")))
        for task in waiting:
            task.cancel()
        await desk.close()

    run(story)


def test_one_account_leaves_others_room_to_speak() -> None:
    async def story() -> None:
        held = asyncio.Event()
        desk = SpeechDesk([Parrot("en", held=held)])
        waiting = [asyncio.create_task(desk.say(words(*text(f"{n}"), owner="AC1"))) for n in range(MAX_OWN_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(SpeechFailedError, match="this account"):
            await desk.say(words(*text("one more"), owner="AC1"))
        other = asyncio.create_task(desk.say(words(*text("a"), owner="AC2")))
        held.set()
        assert read_wav(await other).samples == b"a\1"
        await asyncio.gather(*waiting)
        await desk.close()

    run(story)


def test_hours_of_pauses_take_no_memory() -> None:
    async def story() -> None:
        desk = SpeechDesk([Parrot("en")])
        hours = [part for _ in range(1_000) for part in (Phrase(text="a"), Break(10_000))]
        with pytest.raises(SpeechFailedError, match="pauses"):
            await desk.say(words(*hours))

    run(story)


def test_nobody_can_time_what_another_account_has_had_said() -> None:
    async def story() -> None:
        parrot = Parrot("en")
        desk = SpeechDesk([parrot])
        for owner in ("AC1", "AC2", "AC1"):
            await desk.say(words(*text("Your code is 493817"), owner=owner))
        assert len(parrot.rendered) == 2
        await desk.close()

    run(story)


def test_words_do_not_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.speech.desk.KEPT_S", 0.01)

    async def story() -> None:
        parrot = Parrot("en")
        desk = SpeechDesk([parrot])
        await desk.say(words(*text("secret")))
        while desk._kept:
            await asyncio.sleep(0.005)
        await desk.say(words(*text("secret")))
        assert len(parrot.rendered) == 2
        await desk.close()

    run(story)


def test_voices_of_different_rates_do_not_mix() -> None:
    async def story() -> None:
        desk = SpeechDesk([Parrot("en"), Parrot("fr", rate_hz=2_000)])
        with pytest.raises(SpeechFailedError, match="rates"):
            await desk.say(words(Phrase(text="a"), Phrase(text="b", language="fr")))

    run(story)


def test_closing_ends_the_engines() -> None:
    async def story() -> None:
        parrot = Parrot("en")
        desk = SpeechDesk([parrot])
        await desk.close()
        assert parrot.closed

    run(story)
