"""Whoever watches is told of each document that a call asks for: its outcome, and nothing of what it holds."""

from typing import Any

import pytest

from ringfence.domain.attempt import Attempt
from ringfence.domain.clock import ManualClock
from ringfence.domain.web_url import parse_url
from ringfence.ports.onlookers import Happening, WebhookCall
from ringfence.ports.program import ProgramAnswer, ProgramFailedError, Question
from ringfence.usecases.webhooks.watched_program import WatchedProgram

QUESTION = Question(
    account="AC1", url="https://shop.example/voice", form=(("From", "+1"), ("CallSid", "CA1")), token="T"
)


class Onlookers:
    present = True

    def __init__(self) -> None:
        self.told: list[Happening] = []

    def tell(self, happening: Happening) -> None:
        self.told.append(happening)


class SlowProgram:
    """Answers after 70 ms, or fails so late."""

    def __init__(self, clock: ManualClock, failure: ProgramFailedError | None = None) -> None:
        self._clock = clock
        self._failure = failure

    async def ask(self, question: Question, *, max_body_bytes: int) -> ProgramAnswer:
        self._clock.advance(70)
        if self._failure is not None:
            raise self._failure
        url = parse_url(question.url)
        return ProgramAnswer(url=url, status=201, content_type="text/xml", body=b"x" * max_body_bytes)


def test_an_answer_is_given_on_and_told(run: Any, clock: ManualClock) -> None:
    onlookers, began_ms = Onlookers(), clock.now_ms()
    answer = run(WatchedProgram(SlowProgram(clock), onlookers, clock).ask(QUESTION, max_body_bytes=3))
    assert (answer.status, answer.body) == (201, b"xxx")
    assert onlookers.told == [
        WebhookCall(
            at_ms=began_ms,
            account="AC1",
            message_sid="CA1",
            event_id=0,
            kind="call.document",
            attempt=1,
            state="done",
            http_status=201,
            duration_ms=70,
        )
    ]


def test_a_failure_is_told_with_its_code_and_raised(run: Any, clock: ManualClock) -> None:
    onlookers, failure = Onlookers(), ProgramFailedError(11200, "the program answered with an error", Attempt(), 503)
    with pytest.raises(ProgramFailedError):
        run(WatchedProgram(SlowProgram(clock, failure), onlookers, clock).ask(QUESTION, max_body_bytes=3))
    (told,) = onlookers.told
    assert isinstance(told, WebhookCall)
    assert (told.state, told.http_status, told.code, told.duration_ms) == ("dead", 503, 11200, 70)
