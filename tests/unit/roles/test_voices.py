"""Which voices speak: the service that a setting names, or those of the machine."""

from dataclasses import dataclass
from typing import Any

import pytest

from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.voices import voices_of
from ringfence.speech.installed import installed_engines
from ringfence.speech.web_voice import WebVoice


@dataclass
class NoClient:
    """Nobody is asked here."""

    async def send(self, request: Any) -> Any:
        raise AssertionError


def test_a_service_that_is_named_speaks_everything() -> None:
    (voice,) = voices_of(Settings(speech_url="http://127.0.0.1:9/say"), NoClient())
    assert isinstance(voice, WebVoice)
    assert voice.speaks("fi-FI")


def test_without_one_the_machine_s_own_voices_do() -> None:
    assert [type(each) for each in voices_of(Settings(), NoClient())] == [type(each) for each in installed_engines()]


@pytest.mark.parametrize("url", ["voice.example", "ftp://voice.example/say", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(RefusalError, match="speech_url"):
        voices_of(Settings(speech_url=url), NoClient())
