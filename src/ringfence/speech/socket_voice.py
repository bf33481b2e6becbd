"""A voice at a WebSocket service of the operator's choice, which sends its sound as it makes it.

For each phrase the service is sent one text message, JSON: `text`, `language`, `voice`, `rate`, `volume_db`. It answers
with a text message `{"rate_hz": 24000}`, then binary messages of 16-bit little-endian mono samples, then
`{"end": true}`; or with `{"error": "…"}` at any time. A connection is used for one phrase after the other.

Source: RFC 6455.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from ringfence.domain.ssml import Phrase
from ringfence.domain.web_url import WebUrl
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.wav import Sound

ANSWER_S = 20.0
CONNECT_S = 5.0
CLOSE_S = 1.0
MAX_SAMPLE_BYTES = 32 << 20
MAX_MESSAGE_BYTES = 1 << 20
MAX_AT_ONCE = 16
MAX_KEPT = 4
RATES_HZ = range(8_000, 48_001)
BYTES_A_SAMPLE = 2

Addresses = Callable[[WebUrl], Awaitable[Sequence[str]]]

# The library's own lines would tell every connection, and at worst what was sent.
_SILENT = logging.Logger("websockets", logging.CRITICAL + 1)


class SocketVoice:
    """Implements `speech.engine.Engine`. `url` is the service's, with http and https for ws and wss.

    `addresses` says where it may be connected to: OSError where nowhere.
    """

    def __init__(
        self, url: WebUrl, addresses: Addresses, *, authorization: str = "", answer_s: float = ANSWER_S
    ) -> None:
        self._url = url
        self._addresses = addresses
        self._headers = {"authorization": authorization} if authorization else {}
        self._answer_s = answer_s
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)
        self._kept: list[ClientConnection] = []

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
        try:
            async with self._turns, asyncio.timeout(self._answer_s):
                return await self._said(json.dumps(asked))
        except TimeoutError:
            raise SpeechFailedError(f"the voice's service does not answer within {self._answer_s:g} s") from None
        except (OSError, WebSocketException) as error:
            # Its text may quote what was sent, or whom it was sent to.
            raise SpeechFailedError(f"the voice's service fails: {type(error).__name__}") from None

    async def close(self) -> None:
        """Close what is kept. Idempotent."""
        kept, self._kept = self._kept, []
        await asyncio.gather(*(connection.close() for connection in kept))

    async def _said(self, message: str) -> Sound:
        while self._kept:
            connection = self._kept.pop()
            answer = _Answer()
            try:
                return await self._asked(connection, message, answer)
            except ConnectionClosed:
                # A kept connection may have been closed meanwhile: another is tried, unless an answer had begun.
                if answer.begun:
                    raise
        return await self._asked(await self._connected(), message, _Answer())

    async def _asked(self, connection: ClientConnection, message: str, answer: "_Answer") -> Sound:
        try:
            await connection.send(message)
            while not answer.over:
                answer.take(await connection.recv())
        except BaseException:
            connection.transport.abort()
            raise
        if len(self._kept) < MAX_KEPT:
            self._kept.append(connection)
        else:
            await connection.close()
        return answer.sound()

    async def _connected(self) -> ClientConnection:
        scheme = {"http": "ws", "https": "wss"}[self._url.scheme]
        failure: Exception = OSError("nowhere to connect to")
        for address in await self._addresses(self._url):
            try:
                return await connect(
                    f"{scheme}{self._url.text[len(self._url.scheme) :]}",
                    host=address,
                    port=self._url.port,
                    proxy=None,
                    compression=None,
                    additional_headers=self._headers,
                    user_agent_header="ringfence",
                    open_timeout=CONNECT_S,
                    close_timeout=CLOSE_S,
                    max_size=MAX_MESSAGE_BYTES,
                    logger=_SILENT,
                )
            except TimeoutError:
                failure = OSError("no connection in time")
            except (OSError, WebSocketException) as error:
                failure = error
        raise failure


class _Answer:
    """What has come of one phrase."""

    def __init__(self) -> None:
        self.begun = False
        self.over = False
        self._rate_hz = 0
        self._samples = bytearray()

    def take(self, message: str | bytes) -> None:
        """The next message. SpeechFailedError where it is no part of an answer."""
        self.begun = True
        if isinstance(message, bytes):
            if not self._rate_hz:
                raise SpeechFailedError("the voice's service sent sound before its rate")
            self._samples += message
            if len(self._samples) > MAX_SAMPLE_BYTES:
                raise SpeechFailedError("the voice's service sent more than it may")
            return
        told = _read(message)
        if "error" in told:
            raise SpeechFailedError("the voice's service cannot say that")
        if told.get("end") is True and self._rate_hz:
            self.over = True
            return
        rate_hz = told.get("rate_hz")
        if not isinstance(rate_hz, int) or rate_hz not in RATES_HZ or self._rate_hz:
            raise SpeechFailedError("the voice's service sent a message that is none of an answer")
        self._rate_hz = rate_hz

    def sound(self) -> Sound:
        """All of it. SpeechFailedError for half a sample."""
        if len(self._samples) % BYTES_A_SAMPLE:
            raise SpeechFailedError("the voice's service sent half a sample")
        return Sound(self._rate_hz, bytes(self._samples))


def _read(message: str) -> dict[str, object]:
    try:
        told = json.loads(message)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise SpeechFailedError("the voice's service sent a message that is none of an answer")
    return told
