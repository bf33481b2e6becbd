"""A voice at an HTTP service."""

import asyncio
import json

import pytest

from ringfence.domain.ssml import Phrase
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.wav import Sound, write_wav
from ringfence.speech.web_voice import WebVoice

SOUND = Sound(24_000, b"\1\2")


class Service:
    """An HTTP client that answers with one answer."""

    def __init__(self, status: int = 200, body: bytes = b"", failure: HttpFailedError | None = None) -> None:
        self.status, self.body, self.failure = status, body, failure
        self.asked: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        if self.failure is not None:
            raise self.failure
        return HttpResponse(status=self.status, headers=(), body=self.body, phases=Phases())


def say(service: Service, authorization: str = "") -> Sound:
    voice = WebVoice(service, "http://voice.example/say", authorization=authorization)
    phrase = Phrase(text="Hello", rate=1.5, volume_db=-6.0)
    return asyncio.run(voice.render(phrase, voice="Polly.Amy", language="en-GB"))


def test_it_is_told_what_to_say_and_how() -> None:
    service = Service(body=write_wav(SOUND))
    assert say(service, "Bearer secret") == SOUND
    (request,) = service.asked
    assert (request.method, request.url) == ("POST", "http://voice.example/say")
    assert ("authorization", "Bearer secret") in request.headers
    assert json.loads(request.body) == {
        "text": "Hello",
        "language": "en-GB",
        "voice": "Polly.Amy",
        "rate": 1.5,
        "volume_db": -6.0,
    }


def test_without_authorization_none_is_sent() -> None:
    service = Service(body=write_wav(SOUND))
    say(service)
    assert "authorization" not in dict(service.asked[0].headers)


@pytest.mark.parametrize(
    ("service", "cause"),
    [
        (Service(status=500, body=b"Hello"), "answered 500"),
        (Service(body=b"Hello"), "no WAV"),
        (Service(failure=HttpFailedError(11205, "connection refused")), "connection refused"),
    ],
)
def test_a_service_that_fails_is_an_error_without_the_words(service: Service, cause: str) -> None:
    with pytest.raises(SpeechFailedError, match=cause) as failure:
        say(service)
    assert "Hello" not in str(failure.value)
