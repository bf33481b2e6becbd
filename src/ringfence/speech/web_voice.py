"""A voice at an HTTP service of the operator's choice.

The service is sent JSON by POST (`text`, `language`, `voice`, `rate`, `volume_db`) and answers 200 with a WAV file of
16-bit mono sound. What is said leaves this installation: that is the operator's decision, by a setting.
"""

import json

from ringfence.domain.ssml import Phrase
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.wav import NotWavError, Sound, read_wav

MAX_ANSWER_BYTES = 32 << 20
ANSWER_MS = 20_000


class WebVoice:
    """Implements `speech.engine.Engine` over any HTTP client."""

    def __init__(self, http: HttpClient, url: str, *, authorization: str = "") -> None:
        self._http = http
        self._url = url
        self._authorization = authorization

    def speaks(self, language: str) -> bool:
        """The service says itself what it cannot."""
        return True

    async def render(self, phrase: Phrase, *, voice: str, language: str) -> Sound:
        asked = {
            "text": phrase.text,
            "language": language,
            "voice": voice,
            "rate": phrase.rate,
            "volume_db": phrase.volume_db,
        }
        headers = [("content-type", "application/json"), ("accept", "audio/wav")]
        if self._authorization:
            headers.append(("authorization", self._authorization))
        request = HttpRequest(
            method="POST",
            url=self._url,
            headers=tuple(headers),
            body=json.dumps(asked).encode(),
            read_ms=ANSWER_MS,
            total_ms=ANSWER_MS,
            max_body_bytes=MAX_ANSWER_BYTES,
        )
        try:
            answer = await self._http.send(request)
        except HttpFailedError as error:
            raise SpeechFailedError(f"the voice's service does not answer: {error.cause}") from None
        if answer.status != 200:
            raise SpeechFailedError(f"the voice's service answered {answer.status}")
        try:
            return read_wav(answer.body)
        except NotWavError:
            raise SpeechFailedError("the voice's service gave no WAV file of 16-bit mono sound") from None

    async def close(self) -> None:
        """The client is its owner's to close."""
