"""Who speaks what a Say says: the operator's own service where one is named, else the voices of this machine."""

from collections.abc import Sequence

from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ports.http import HttpClient
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.speech.engine import Engine
from ringfence.speech.installed import installed_engines
from ringfence.speech.web_voice import WebVoice


def voices_of(settings: Settings, http: HttpClient) -> Sequence[Engine]:
    """Engines in the order in which they are asked. RefusalError for a `speech_url` that is none."""
    if not settings.speech_url:
        return installed_engines()
    try:
        parse_url(settings.speech_url)
    except InvalidUrlError:
        raise RefusalError("speech_url is no http or https URL", "write https://voice.example/say") from None
    return [WebVoice(http, settings.speech_url)]
