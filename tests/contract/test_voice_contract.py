"""What a voice at a service of the operator keeps to, over HTTP and WebSocket, with a real server on loopback."""

import asyncio
import json
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ringfence.domain.ssml import Phrase
from ringfence.domain.web_url import parse_url
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, development
from ringfence.ports.speech import SpeechFailedError, Utterance
from ringfence.speech.desk import SpeechDesk
from ringfence.speech.engine import Engine
from ringfence.speech.socket_voice import SocketVoice
from ringfence.speech.wav import Sound, read_wav, write_wav
from ringfence.speech.web_voice import WebVoice

HOST = "127.0.0.1"
SOUND = Sound(24_000, bytes(range(256)) * 20)
HELLO = Phrase(text="Hello", rate=1.5, volume_db=-6.0)

Outcome = Sound | str
"""What a service does: speaks, or one of "refuses", "nonsense", "hangs up" and "hangs"."""


class Service(ABC):
    """What both servers share: what they were asked, with which authorization, and what they do next."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.connections = 0
        self.outcome: Outcome = SOUND
        self.port = 0
        self.hurry = asyncio.Event()

    @abstractmethod
    async def open(self, stack: AsyncExitStack) -> Engine:
        """Serve until the stack ends: the voice that asks this service."""


class HttpService(Service):
    async def open(self, stack: AsyncExitStack) -> Engine:
        server = await asyncio.start_server(self._serve, HOST, 0)
        stack.callback(server.close)
        self.port = server.sockets[0].getsockname()[1]
        client = PooledClient(EgressGuard(development()))
        stack.push_async_callback(client.close)
        return WebVoice(client, f"http://{HOST}:{self.port}/say", authorization="Bearer secret")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                fields = dict(line.split(": ", 1) for line in lines[1:] if line)
                self.authorizations.append(fields.get("authorization", ""))
                self.asked.append(json.loads(await reader.readexactly(int(fields["content-length"]))))
                if self.outcome == "hangs up":
                    return
                if self.outcome == "hangs":
                    await self.hurry.wait()
                status = "500 No" if self.outcome == "refuses" else "200 OK"
                body = write_wav(self.outcome) if isinstance(self.outcome, Sound) else b"Hello, this is no sound"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


class SocketService(Service):
    async def open(self, stack: AsyncExitStack) -> Engine:
        server = await stack.enter_async_context(serve(self._serve, HOST, 0))
        self.port = next(iter(server.sockets)).getsockname()[1]
        guard = EgressGuard(development())
        url = parse_url(f"http://{HOST}:{self.port}/say")
        voice = SocketVoice(url, guard.addresses, authorization="Bearer secret", answer_s=2.0)
        stack.push_async_callback(voice.close)
        return voice

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        assert connection.request is not None
        async for message in connection:
            self.authorizations.append(connection.request.headers["authorization"].lower())
            self.asked.append(json.loads(message))
            match self.outcome:
                case Sound(rate_hz=rate_hz, samples=samples):
                    await connection.send(json.dumps({"rate_hz": rate_hz}))
                    for at in range(0, len(samples), 1_000):
                        await connection.send(samples[at : at + 1_000])
                    await connection.send(json.dumps({"end": True}))
                case "refuses":
                    await connection.send(json.dumps({"error": "I do not say Hello"}))
                case "nonsense":
                    await connection.send("Hello, this is no sound")
                case "hangs up":
                    connection.transport.abort()
                case "hangs":
                    await self.hurry.wait()


@pytest.fixture(params=[HttpService, SocketService], ids=["HTTP", "WebSocket"])
def service(request: pytest.FixtureRequest) -> Service:
    made: Service = request.param()
    return made


async def spoken(service: Service, *, times: int = 1) -> list[Sound]:
    async with AsyncExitStack() as stack:
        voice = await service.open(stack)
        stack.callback(service.hurry.set)
        return [await voice.render(HELLO, voice="Polly.Amy", language="en-GB") for _ in range(times)]


async def test_it_says_what_it_is_asked_and_how(service: Service) -> None:
    assert await spoken(service) == [SOUND]
    assert service.asked == [
        {"text": "Hello", "language": "en-GB", "voice": "Polly.Amy", "rate": 1.5, "volume_db": -6.0}
    ]
    assert service.authorizations == ["bearer secret"]


async def test_one_connection_carries_one_phrase_after_the_other(service: Service) -> None:
    assert await spoken(service, times=3) == [SOUND] * 3
    assert (len(service.asked), service.connections) == (3, 1)


async def test_phrases_are_spoken_beside_each_other(service: Service) -> None:
    async with AsyncExitStack() as stack:
        voice = await service.open(stack)
        said = await asyncio.gather(*(voice.render(HELLO, voice="", language="") for _ in range(8)))
        assert said == [SOUND] * 8


async def test_silence_is_a_sound(service: Service) -> None:
    service.outcome = Sound(8_000, b"")
    assert await spoken(service) == [service.outcome]


@pytest.mark.parametrize("outcome", ["refuses", "nonsense", "hangs up"])
async def test_what_fails_is_told_without_the_words_and_the_next_phrase_is_spoken(
    service: Service, outcome: str
) -> None:
    async with AsyncExitStack() as stack:
        voice = await service.open(stack)
        service.outcome = outcome
        with pytest.raises(SpeechFailedError) as failed:
            await voice.render(HELLO, voice="", language="")
        assert "Hello" not in str(failed.value)
        service.outcome = SOUND
        assert await voice.render(HELLO, voice="", language="") == SOUND


async def test_a_service_that_is_away_fails(service: Service) -> None:
    async with AsyncExitStack() as stack:
        voice = await service.open(stack)
    with pytest.raises(SpeechFailedError):
        await voice.render(HELLO, voice="", language="")
    await voice.close()
    await voice.close()


async def test_whoever_gives_up_leaves_the_voice_as_it_was(service: Service) -> None:
    async with AsyncExitStack() as stack:
        voice = await service.open(stack)
        service.outcome = "hangs"
        waiting = asyncio.ensure_future(voice.render(HELLO, voice="", language=""))
        while not service.asked:
            await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        service.outcome = SOUND
        assert await voice.render(HELLO, voice="", language="") == SOUND
        service.hurry.set()


async def test_a_desk_speaks_with_it(service: Service) -> None:
    async with AsyncExitStack() as stack:
        desk = SpeechDesk([await service.open(stack)])
        stack.push_async_callback(desk.close)
        utterance = Utterance(spoken=(HELLO, HELLO), voice="alice", language="en-GB")
        assert read_wav(await desk.say(utterance)) == Sound(SOUND.rate_hz, SOUND.samples * 2)
