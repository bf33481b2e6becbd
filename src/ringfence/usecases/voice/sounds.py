"""What is played: sounds fetched from URLs and words spoken, each under a name by which media workers keep it."""

import asyncio
import hashlib
from collections import OrderedDict

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.ssml import read_ssml
from ringfence.domain.twiml.voice_verbs import Say
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest, HttpResponse
from ringfence.ports.sound import SoundReader, UnreadableSoundError
from ringfence.ports.speech import Speech, SpeechFailedError, Utterance

# Twilio's bound for a sound that is played; it may take as long as a document.
MAX_BYTES = 40 << 20
TOTAL_MS = 30_000
MAX_REDIRECTS = 5
KEPT_BYTES = 128 << 20
# Without a word from its server a sound is asked for again after this long.
FRESH_MS = 60_000
MAX_FRESH_MS = 86_400_000

# Words are content: they stay in memory while calls repeat them, and no longer.
SPOKEN_KEPT_S = 60.0
# What a sound takes in memory beside itself: a document may name thousands of tiny ones.
ENTRY_BYTES = 1_000

INVALID_URL = 11100
RETRIEVAL_FAILURE = 11200
TOO_MANY_REDIRECTS = 11215
UNREADABLE = 12400
SPEECH_FAILED = 13520


class SoundFailedError(Exception):
    """There is nothing to play. `code` is Twilio's; the cause holds no URL and no words."""

    def __init__(self, code: int, cause: str) -> None:
        super().__init__(f"{code} {cause}")
        self.code = code
        self.cause = cause


class Sound(msgspec.Struct, frozen=True):
    """A sound and its name: the same sound has the same name."""

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Sound({len(self.data)} bytes)"


class _Kept(msgspec.Struct):
    """A fetched sound, how long it is good, and how to ask whether it still is."""

    sound: Sound
    fresh_until_ms: int
    validators: tuple[tuple[str, str], ...] = ()


class Sounds:
    """Fetches and speaks, each thing once at a time, and remembers fetched sounds in bounded memory.

    One account's sounds are never another's: a URL may show each of them something else.
    """

    def __init__(
        self, http: HttpClient, reader: SoundReader, speech: Speech, clock: Clock, *, kept_bytes: int = KEPT_BYTES
    ) -> None:
        self._http = http
        self._reader = reader
        self._speech = speech
        self._clock = clock
        self._room = kept_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._fetching: dict[tuple[str, str], asyncio.Lock] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}

    async def spoken(self, account: str, say: Say) -> Sound:
        """What a Say of this account says. SoundFailedError."""
        utterance = Utterance(spoken=read_ssml(say.content), voice=say.voice, language=say.language, owner=account)
        try:
            spoken = await self._speech.say(utterance)
            # No URL is a digest.
            key = (account, hashlib.sha256(spoken).hexdigest())
            kept = self._kept.get(key)
            if kept is None:
                kept = _Kept(_named(await self._reader.read(spoken)), fresh_until_ms=0)
                self._keep(key, kept)
            if key in self._kept:
                if (timer := self._timers.pop(key, None)) is not None:
                    timer.cancel()
                self._timers[key] = asyncio.get_running_loop().call_later(SPOKEN_KEPT_S, self._forget, key)
        except (SpeechFailedError, UnreadableSoundError, ConnectionError):
            raise SoundFailedError(SPEECH_FAILED, "the words could not be spoken") from None
        return kept.sound

    async def fetched(self, account: str, url: str) -> Sound:
        """The sound at a URL, from memory while its server says that it is good. SoundFailedError."""
        key = (account, url)
        lock = self._fetching.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                return await self._fetched(key)
        finally:
            if not lock.locked():
                self._fetching.pop(key, None)

    async def _fetched(self, key: tuple[str, str]) -> Sound:
        kept = self._kept.get(key)
        if kept is not None and self._clock.monotonic_ms() < kept.fresh_until_ms:
            self._kept.move_to_end(key)
            return kept.sound
        response = await self._get(key, () if kept is None else kept.validators)
        if kept is not None and response.status == 304:
            kept.fresh_until_ms = self._fresh_until_ms(response)
            return kept.sound
        if response.status != 200:
            raise SoundFailedError(RETRIEVAL_FAILURE, "the sound's server answered with an error")
        try:
            sound = _named(await self._reader.read(response.body))
        except UnreadableSoundError as error:
            raise SoundFailedError(UNREADABLE, str(error)) from None
        self._keep(key, _Kept(sound, self._fresh_until_ms(response), _validators(response)))
        return sound

    async def _get(self, key: tuple[str, str], validators: tuple[tuple[str, str], ...]) -> HttpResponse:
        account, text = key
        try:
            url = parse_url(text)
            for _ in range(MAX_REDIRECTS + 1):
                response = await self._http.send(
                    HttpRequest(
                        method="GET",
                        url=url.text,
                        target=url,
                        headers=(("Accept", "audio/*, */*;q=0.1"), *validators),
                        total_ms=TOTAL_MS,
                        max_body_bytes=MAX_BYTES,
                        owner=account,
                    )
                )
                if response.status not in {301, 302, 303, 307, 308}:
                    return response
                url = url.join(response.header("location") or "")
        except InvalidUrlError as error:
            raise SoundFailedError(INVALID_URL, str(error)) from None
        except HttpFailedError as error:
            raise SoundFailedError(error.code, error.cause) from None
        raise SoundFailedError(TOO_MANY_REDIRECTS, "too many redirects")

    def _fresh_until_ms(self, response: HttpResponse) -> int:
        return self._clock.monotonic_ms() + min(_fresh_ms(response.header("cache-control") or ""), MAX_FRESH_MS)

    def _keep(self, key: tuple[str, str], kept: _Kept) -> None:
        self._forget(key)
        if len(kept.sound.data) > self._room:
            return
        self._kept[key] = kept
        self._bytes += _size(key, kept)
        while self._bytes > self._room:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[str, str]) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= _size(key, gone)
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()


def _size(key: tuple[str, str], kept: _Kept) -> int:
    return len(kept.sound.data) + len(key[1]) + ENTRY_BYTES


def _named(data: bytes) -> Sound:
    return Sound(hashlib.sha256(data).hexdigest(), data)


def _validators(response: HttpResponse) -> tuple[tuple[str, str], ...]:
    """How to ask whether a sound is still what it was (RFC 9110, section 13)."""
    etag, modified = response.header("etag"), response.header("last-modified")
    return tuple((name, value) for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value)


def _fresh_ms(cache_control: str) -> int:
    """How long an answer is good without asking (RFC 9111, section 5.2.2)."""
    directives = [part.strip().lower() for part in cache_control.split(",")]
    if "no-store" in directives or "no-cache" in directives:
        return 0
    for directive in directives:
        name, _, value = directive.partition("=")
        if name == "max-age" and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value) * 1_000
    return FRESH_MS
