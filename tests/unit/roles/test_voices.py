"""Which voices speak: the service that a setting names, or those of the machine."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from ringfence.domain.ssml import Phrase
from ringfence.http.egress_guard import AddressRefusedError
from ringfence.ports.speech import SpeechFailedError
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.voices import voices_of
from ringfence.speech.installed import installed_engines
from ringfence.speech.socket_voice import SocketVoice
from ringfence.speech.web_voice import WebVoice


@dataclass
class NoClient:
    """Nobody is asked here."""

    async def send(self, request: Any) -> Any:
        raise AssertionError


class NoGuard:
    async def addresses(self, url: Any, owner: str = "") -> list[str]:
        raise AddressRefusedError("not there")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:9/say", WebVoice),
        ("https://voice.example/say?to=ws://other", WebVoice),
        ("ws://127.0.0.1:9/say", SocketVoice),
        ("WSS://voice.example/say", SocketVoice),
    ],
)
def test_a_service_that_is_named_speaks_everything(url: str, kind: type) -> None:
    (voice,) = voices_of(Settings(speech_url=url), NoClient(), NoGuard())
    assert isinstance(voice, kind)
    assert voice.speaks("fi-FI")


def test_a_service_that_may_not_be_reached_does_not_speak() -> None:
    (voice,) = voices_of(Settings(speech_url="ws://10.0.0.1/say"), NoClient(), NoGuard())
    phrase = Phrase(text="Hello", rate=1.0, volume_db=0.0)
    with pytest.raises(SpeechFailedError, match="the voice's service fails"):
        asyncio.run(voice.render(phrase, voice="", language=""))


def test_without_one_the_machine_s_own_voices_do() -> None:
    assert [type(each) for each in voices_of(Settings(), NoClient(), NoGuard())] == [
        type(each) for each in installed_engines()
    ]


@pytest.mark.parametrize("url", ["voice.example", "ftp://voice.example/say", "http://", "ws://", "wss:///say"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(RefusalError, match="speech_url"):
        voices_of(Settings(speech_url=url), NoClient(), NoGuard())
