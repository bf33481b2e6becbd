"""Who speaks what a Say says: the operator's own service where one is named, else the voices of this machine."""

import re
from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.web_url import InvalidUrlError, WebUrl, parse_url
from ringfence.http.egress_guard import AddressRefusedError
from ringfence.ports.http import HttpClient
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.speech.engine import Engine
from ringfence.speech.installed import installed_engines
from ringfence.speech.web_voice import WebVoice

_SOCKET = re.compile(r"^ws(s?)://", re.IGNORECASE)


class Guard(Protocol):
    """Says where a URL may be connected to (`http.egress_guard.EgressGuard`)."""

    async def addresses(self, url: WebUrl, owner: str = "") -> list[str]: ...


def voices_of(settings: Settings, http: HttpClient, guard: Guard) -> Sequence[Engine]:
    """Engines in the order in which they are asked. RefusalError for a `speech_url` that is none.

    A ws or wss URL is a service that sends its sound as it makes it (`speech.socket_voice`).
    """
    if not settings.speech_url:
        return installed_engines()
    try:
        url = parse_url(_SOCKET.sub(r"http\1://", settings.speech_url, count=1))
    except InvalidUrlError:
        cure = "write https://voice.example/say, or wss://voice.example/say"
        raise RefusalError("speech_url is no http, https, ws or wss URL", cure) from None
    if _SOCKET.match(settings.speech_url):
        # It brings a package of the voice extra along.
        from ringfence.speech.socket_voice import SocketVoice

        async def addresses(url: WebUrl) -> list[str]:
            try:
                return await guard.addresses(url)
            except AddressRefusedError as error:
                raise OSError(str(error)) from None

        return [SocketVoice(url, addresses)]
    return [WebVoice(http, settings.speech_url)]
