"""A call that brings a code: what is heard, when the code is told, and where it never stands."""

import asyncio
from collections.abc import Sequence
from typing import Any

from tests.unit.usecases.voice.stage import ACCOUNT, CALLER, FakeLine, Stage, play, until

from ringfence.domain.call import Status
from ringfence.domain.spoken_code import SpokenCode, Wording
from ringfence.domain.ssml import Phrase
from ringfence.ports.speech import SpeechFailedError, Utterance
from ringfence.ports.verification_codes import CodeOf

VERIFICATION = "VE" + "5" * 32
SERVICE = "VA" + "6" * 32
WORDS = (Wording("is", "Kóðinn er {{code}}"), Wording("en", "Your code is {{code}}"))


class Teller:
    """Tells one code, and counts how often it was asked."""

    def __init__(self, code: str | None = "8305", *, away: bool = False) -> None:
        self.code = code
        self.away = away
        self.asked: list[CodeOf] = []

    async def reveal_codes(self, codes: Sequence[CodeOf]) -> list[str | None]:
        if self.away:
            raise ConnectionError
        self.asked += codes
        return [self.code for _ in codes]


class Reads:
    """A voice of some languages."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages
        self.said: list[str] = []

    async def say(self, utterance: Utterance) -> bytes:
        if utterance.language not in self.languages:
            raise SpeechFailedError("no voice")
        words = " ".join(part.text for part in utterance.spoken if isinstance(part, Phrase))
        self.said.append(words)
        return words.encode()


def stage_with(teller: Teller | None, speech: Reads) -> Stage:
    stage = Stage()
    stage.codes = teller
    stage.speech = speech  # type: ignore[assignment]
    return stage


def code(**changed: Any) -> SpokenCode:
    return SpokenCode(**({"verification": VERIFICATION, "service": SERVICE, "wordings": WORDS} | changed))


def answers(line: FakeLine) -> None:
    line.rings()
    line.answers()


async def place(stage: Stage, spoken: SpokenCode) -> str:
    return await stage.queue(of={"parent_sid": VERIFICATION}, code=spoken)


def test_a_code_is_said_once_a_key_was_pressed() -> None:
    teller, speech = Teller(), Reads("en")

    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.media.hold = True
        sid = await place(stage, code())
        await until(lambda: "To hear your verification code, press any key." in speech.said)
        assert teller.asked == []
        stage.media.hold = False
        stage.media.presses(sid, "47")
        row = await stage.over(sid)
        assert row.status is Status.COMPLETED
        assert teller.asked == [CodeOf(account=ACCOUNT, sid=VERIFICATION, service=SERVICE, to=CALLER)]
        said = [words for words in speech.said if words != "1"]
        assert said[1:] == ["Your code is", "8", "3", "0", "5"] * 2

    play(scene, on=stage_with(teller, speech))


def test_who_presses_no_key_hears_no_code() -> None:
    teller = Teller()

    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await place(stage, code())
        assert (await stage.over(sid, turns=5_000)).status is Status.COMPLETED
        assert teller.asked == []

    play(scene, on=stage_with(teller, Reads("en")))


def test_a_service_may_want_no_key() -> None:
    teller, speech = Teller(), Reads("is", "en")

    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await place(stage, code(key_first=False))
        await stage.over(sid, turns=5_000)
        assert speech.said[1:] == ["Kóðinn er", "8", "3", "0", "5"] * 2

    play(scene, on=stage_with(teller, speech))


def test_a_call_ends_with_a_reason_where_there_is_no_code() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await place(stage, code(key_first=False))
        assert (await stage.over(sid)).status is Status.COMPLETED
        kinds: list[str] = []
        while "error" not in kinds:
            await asyncio.sleep(0.1)
            kinds = [step.kind for step in await stage.store.steps(ACCOUNT, sid)]

    for teller in (Teller(None), Teller(away=True), None):
        play(scene, on=stage_with(teller, Reads("en")))
