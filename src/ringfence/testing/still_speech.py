"""Speech and sounds of a test: words stay words, and last as long as they take to be said."""

import io
import wave

import msgspec

from ringfence.domain.ssml import Phrase
from ringfence.ports.http import HttpClient, HttpRequest, HttpResponse
from ringfence.ports.speech import Utterance

MS_PER_CHARACTER = 65
# What is no WAV file is taken for MP3 of 32 kbit/s.
MP3_BYTES_PER_MS = 4


class StillSound(msgspec.Struct, frozen=True):
    """What is heard, words or a URL, and how long it lasts."""

    heard: str
    length_ms: int


class StillSpeech:
    """Implements `ports.speech.Speech`."""

    async def say(self, utterance: Utterance) -> bytes:
        words = " ".join(part.text for part in utterance.spoken if isinstance(part, Phrase))
        pauses_ms = sum(part.length_ms for part in utterance.spoken if not isinstance(part, Phrase))
        return msgspec.msgpack.encode(StillSound(words, len(words) * MS_PER_CHARACTER + pauses_ms))


class StillReader:
    """Implements `ports.sound.SoundReader` for what `StillSpeech` and `SoundWeb` made."""

    async def read(self, data: bytes) -> bytes:
        return data


class SoundWeb:
    """Fetches sounds, and keeps their URL in place of their samples."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def send(self, request: HttpRequest) -> HttpResponse:
        response = await self._http.send(request)
        if response.status != 200:
            return response
        sound = StillSound(request.url, length_of(response.body))
        return msgspec.structs.replace(response, body=msgspec.msgpack.encode(sound))


def length_of(data: bytes) -> int:
    """How long a sound file lasts, in milliseconds."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            return int(file.getnframes() * 1_000 // file.getframerate())
    except (wave.Error, EOFError):
        return len(data) // MP3_BYTES_PER_MS
