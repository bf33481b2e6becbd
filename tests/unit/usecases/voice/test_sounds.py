"""Sounds are fetched once while they are good, asked about when they are old, and bounded in memory."""

import asyncio
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.twiml.parser import parse
from ringfence.domain.twiml.voice_verbs import Say
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.ports.sound import UnreadableSoundError
from ringfence.ports.speech import SpeechFailedError, Utterance
from ringfence.usecases.voice.sounds import ENTRY_BYTES, SoundFailedError, Sounds

URL = "http://shop.example/a.wav"


class Web:
    def __init__(self, *answers: HttpResponse | HttpFailedError) -> None:
        self.answers = list(answers)
        self.asked: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, HttpFailedError):
            raise answer
        return answer


class Reader:
    async def read(self, data: bytes) -> bytes:
        if data == b"bad":
            raise UnreadableSoundError("no sound")
        return data * 2


class Voice:
    def __init__(self) -> None:
        self.said: list[Utterance] = []
        self.broken = False

    async def say(self, utterance: Utterance) -> bytes:
        self.said.append(utterance)
        if self.broken:
            raise SpeechFailedError("no voice")
        return b"words"


def answer(body: bytes = b"tone", status: int = 200, **headers: str) -> HttpResponse:
    shown = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=shown, body=body, phases=Phases())


def sounds(web: Web, clock: ManualClock | None = None, voice: Any = None, **more: Any) -> Sounds:
    return Sounds(web, Reader(), voice or Voice(), clock or ManualClock(), **more)


def test_a_sound_is_fetched_once_while_it_is_fresh_and_asked_about_after() -> None:
    async def story() -> None:
        clock = ManualClock()
        web = Web(answer(etag='"1"', cache_control="max-age=10"), answer(b"", 304, cache_control="max-age=5"))
        kept = sounds(web, clock)
        first = await kept.fetched("AC1", URL)
        assert (first.data, (await kept.fetched("AC1", URL)).name) == (b"tonetone", first.name)
        assert len(web.asked) == 1
        clock.advance(10_001)
        assert await kept.fetched("AC1", URL) == first
        assert ("If-None-Match", '"1"') in web.asked[1].headers
        clock.advance(4_000)
        await kept.fetched("AC1", URL)
        assert len(web.asked) == 2

    asyncio.run(story())


def test_what_one_account_fetched_is_not_shown_to_another() -> None:
    async def story() -> None:
        web = Web(answer())
        kept = sounds(web)
        await kept.fetched("AC1", URL)
        await kept.fetched("AC2", URL)
        assert [request.owner for request in web.asked] == ["AC1", "AC2"]

    asyncio.run(story())


def test_the_same_sound_is_fetched_once_for_all_who_want_it_at_once() -> None:
    async def story() -> None:
        web = Web(answer())
        kept = sounds(web)
        await asyncio.gather(*(kept.fetched("AC1", URL) for _ in range(20)))
        assert len(web.asked) == 1

    asyncio.run(story())


def test_what_must_not_be_kept_is_fetched_again() -> None:
    async def story() -> None:
        web = Web(answer(cache_control="no-store"))
        kept = sounds(web)
        for _ in range(2):
            await kept.fetched("AC1", URL)
        assert len(web.asked) == 2

    asyncio.run(story())


def test_memory_is_bounded_and_the_least_used_goes() -> None:
    async def story() -> None:
        web = Web(answer(b"x" * 10))
        kept = sounds(web, kept_bytes=2 * (ENTRY_BYTES + len(URL) + 30))
        for name in "aba":
            await kept.fetched("AC1", f"http://shop.example/{name}")
        await kept.fetched("AC1", "http://shop.example/c")
        await kept.fetched("AC1", "http://shop.example/a")
        assert [request.url[-1] for request in web.asked] == ["a", "b", "c"]
        await kept.fetched("AC1", "http://shop.example/b")
        assert len(web.asked) == 4

    asyncio.run(story())


def test_no_number_of_tiny_sounds_fills_the_memory() -> None:
    async def story() -> None:
        kept = sounds(Web(answer(b"x")), kept_bytes=20 * ENTRY_BYTES)
        for number in range(100):
            await kept.fetched("AC1", f"http://shop.example/{number}")
        assert len(kept._kept) < 20

    asyncio.run(story())


def test_spoken_words_do_not_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.usecases.voice.sounds.SPOKEN_KEPT_S", 0.01)

    async def story() -> None:
        kept = sounds(Web(answer()))
        await kept.spoken("AC1", Say(content=parse("<Response>secret</Response>")))
        while kept._kept:
            await asyncio.sleep(0.005)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("web", "url", "code"),
    [
        (Web(answer(status=404)), URL, 11200),
        (Web(HttpFailedError(11205, "nobody")), URL, 11205),
        (Web(answer(b"bad")), URL, 12400),
        (Web(answer()), "nowhere", 11100),
        (Web(answer(status=302, location="/again")), URL, 11215),
    ],
)
def test_what_cannot_be_played_has_twilios_code(web: Web, url: str, code: int) -> None:
    async def story() -> None:
        with pytest.raises(SoundFailedError) as failed:
            await sounds(web).fetched("AC1", url)
        assert failed.value.code == code
        assert URL not in str(failed.value)

    asyncio.run(story())


def test_a_redirect_is_followed() -> None:
    async def story() -> None:
        web = Web(answer(status=302, location="/b.wav"), answer())
        await sounds(web).fetched("AC1", URL)
        assert web.asked[1].url == "http://shop.example/b.wav"
        # Each is bounded: a server may go on for ever, fast or slowly.
        assert [(request.total_ms, request.max_body_bytes) for request in web.asked] == [(30_000, 40 << 20)] * 2

    asyncio.run(story())


def test_words_are_spoken_with_voice_and_language() -> None:
    async def story() -> None:
        voice = Voice()
        spoken = sounds(Web(answer()), voice=voice)
        say = Say(content=parse("<Response>Hi</Response>"), voice="alice", language="en-GB")
        assert (await spoken.spoken("AC1", say)).data == b"wordswords"
        assert (voice.said[0].voice, voice.said[0].language) == ("alice", "en-GB")
        voice.broken = True
        with pytest.raises(SoundFailedError):
            await spoken.spoken("AC1", say)

    asyncio.run(story())
