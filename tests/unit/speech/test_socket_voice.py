"""A voice at a WebSocket service: which messages make a sound, and which are refused."""

import asyncio
import json

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ringfence.domain.ssml import Phrase
from ringfence.domain.web_url import WebUrl, parse_url
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.socket_voice import MAX_MESSAGE_BYTES, MAX_SAMPLE_BYTES, SocketVoice
from ringfence.speech.wav import Sound

HOST = "127.0.0.1"
RATE, END = json.dumps({"rate_hz": 8_000}), json.dumps({"end": True})


async def here(url: WebUrl) -> list[str]:
    return [HOST]


def said(*messages: str | bytes, addresses: tuple[str, ...] = (HOST,), answer_s: float = 5.0) -> Sound:
    """What comes of a service that answers so."""

    async def answer(connection: ServerConnection) -> None:
        async for _ in connection:
            for message in messages:
                await connection.send(message)

    async def whole() -> Sound:
        async def where(url: WebUrl) -> tuple[str, ...]:
            return addresses

        async with serve(answer, HOST, 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            voice = SocketVoice(parse_url(f"http://voice.example:{port}/say"), where, answer_s=answer_s)
            try:
                return await voice.render(Phrase(text="Hello"), voice="", language="")
            finally:
                await voice.close()

    return asyncio.run(whole())


def test_its_pieces_are_joined_wherever_they_are_cut() -> None:
    assert said(RATE, b"\1", b"\2\3", b"", b"\4", END) == Sound(8_000, b"\1\2\3\4")


def test_the_rate_is_any_of_a_voice() -> None:
    for rate_hz in (8_000, 22_050, 48_000):
        assert said(json.dumps({"rate_hz": rate_hz}), END).rate_hz == rate_hz


@pytest.mark.parametrize(
    "messages",
    [
        (b"\1\2", RATE, END),
        (END,),
        (RATE, RATE, END),
        (RATE, b"\1", END),
        (RATE, "[]"),
        (RATE, "{}"),
        (RATE, json.dumps({"end": 1})),
        (RATE, "[" * 100_000),
        (json.dumps({"rate_hz": 7_999}), END),
        (json.dumps({"rate_hz": 48_001}), END),
        (json.dumps({"rate_hz": True}), END),
        (json.dumps({"rate_hz": "8000"}), END),
        (RATE, json.dumps({"error": "no"})),
        (RATE, b"\0" * (MAX_MESSAGE_BYTES + 2), END),
    ],
    ids=lambda messages: f"{messages[-1]!r:.20}",
)
def test_what_is_no_answer_is_refused(messages: tuple[str | bytes, ...]) -> None:
    with pytest.raises(SpeechFailedError):
        said(*messages)


def test_a_sound_has_an_end() -> None:
    piece = b"\0" * MAX_MESSAGE_BYTES
    with pytest.raises(SpeechFailedError, match="more than it may"):
        said(RATE, *[piece] * (MAX_SAMPLE_BYTES // MAX_MESSAGE_BYTES + 1), END)


def test_a_service_that_says_nothing_is_not_waited_for() -> None:
    with pytest.raises(SpeechFailedError, match=r"within 0\.2 s"):
        said(RATE, b"\1\2", answer_s=0.2)


def test_the_next_address_is_tried() -> None:
    assert said(RATE, END, addresses=("127.0.0.2", HOST)) == Sound(8_000, b"")


def test_without_an_address_it_fails() -> None:
    with pytest.raises(SpeechFailedError):
        said(RATE, END, addresses=())


def test_a_service_that_speaks_no_websocket_fails() -> None:
    async def whole() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 404 Hello\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(answer, HOST, 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            voice = SocketVoice(parse_url(f"http://{HOST}:{port}/say"), here)
            with pytest.raises(SpeechFailedError, match="InvalidStatus"):
                await voice.render(Phrase(text="Hello"), voice="", language="")

    asyncio.run(whole())


def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    async def whole() -> None:
        connections: list[ServerConnection] = []

        async def answer(connection: ServerConnection) -> None:
            connections.append(connection)
            await connection.recv()
            await connection.send(RATE)
            await connection.send(END)
            await connection.wait_closed()

        async with serve(answer, HOST, 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            voice = SocketVoice(parse_url(f"http://{HOST}:{port}/say"), here)
            for count in (1, 2):
                assert await voice.render(Phrase(text="Hello"), voice="", language="") == Sound(8_000, b"")
                assert len(connections) == count
                await connections[-1].close()
            await voice.close()

    asyncio.run(whole())
