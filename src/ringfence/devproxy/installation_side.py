"""What is meant for twilio.com, handed to the running installation and to nobody else."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

import msgspec

from ringfence.devproxy.requests import AnswerReader, BadRequestError, Request, RequestReader

IDLE_S = 60.0
# Shorter than the installation keeps one: so none is used that it is about to close.
REUSE_S = 30.0
CONNECT_S = 5.0
ANSWER_S = 60.0
READ_BYTES = 64 << 10
NOT_UP = "nothing answers at {host}:{port} → start it in another terminal: ringfence up"
HTTP2_ONLY = "{name}: the program speaks HTTP/2 only → let it speak HTTP/1.1, or point it at the base URL"
NOT_YET = "501: {message}"


class Beforehand(Protocol):
    """What sees each request before it is sent on, and what became of it."""

    async def before(self, request: Request) -> None: ...

    def refused(self, request: Request) -> None: ...


class InstallationSide:
    """Sends requests to the public port at `host`:`port`, which is this machine's."""

    def __init__(self, host: str, port: int, arrivals: Beforehand, say: Callable[[str], None]) -> None:
        self._host = host
        self._port = port
        self._arrivals = arrivals
        self._say = say

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str, first: bytes = b""
    ) -> None:
        """Answer one client's requests to `name` until it goes, or is silent for a minute. `first` was read before."""
        requests = RequestReader()
        connection = _Connection(self._host, self._port)
        try:
            data = first or await _read(reader, IDLE_S)
            while data:
                for request in requests.feed(data):
                    if not await self._pass_on(request, name, connection, writer):
                        return
                if requests.wants_to_be_told:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                data = await _read(reader, IDLE_S)
        except BadRequestError as bad:
            if bad.status == 505:
                self._say(HTTP2_ONLY.format(name=name))
            _refuse(writer, bad.status, bad.why)
        finally:
            connection.close()

    async def _pass_on(
        self, request: Request, name: str, connection: "_Connection", writer: asyncio.StreamWriter
    ) -> bool:
        await self._arrivals.before(request)
        answer = AnswerReader(head_only=request.method == "HEAD")
        begun = False
        try:
            async with asyncio.timeout(ANSWER_S):
                far_reader, far_writer = await connection.streams()
                far_writer.write(request.as_sent_to(name))
                while not answer.complete:
                    data = await far_reader.read(READ_BYTES)
                    if not data:
                        raise ConnectionError
                    answer.feed(data)
                    begun = True
                    writer.write(data)
                    await writer.drain()
        except (OSError, TimeoutError):
            connection.close()
            if not begun:
                message = NOT_UP.format(host=self._host, port=self._port)
                self._say(message)
                _refuse(writer, 503, message)
            return False
        if answer.status == 401:
            self._arrivals.refused(request)
        elif answer.status == 501:
            self._say(NOT_YET.format(message=_message_of(answer.body)))
        if not answer.keep_alive:
            connection.close()
        connection.used()
        return request.keep_alive and answer.keep_alive


class _Connection:
    """At most one connection to the installation, opened when it is needed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_s = 0.0

    async def streams(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        now_s = asyncio.get_running_loop().time()
        if self._streams is not None and (self._streams[0].at_eof() or now_s - self._used_s > REUSE_S):
            self.close()
        if self._streams is None:
            async with asyncio.timeout(CONNECT_S):
                self._streams = await asyncio.open_connection(*self._address)
        return self._streams

    def used(self) -> None:
        self._used_s = asyncio.get_running_loop().time()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read(reader: asyncio.StreamReader, limit_s: float) -> bytes:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            return await reader.read(READ_BYTES)
    return b""


def _refuse(writer: asyncio.StreamWriter, status: int, message: str) -> None:
    """An error in the form that the SDKs read."""
    fields = {"code": None, "message": f"ringfence run: {message}", "more_info": "", "status": status}
    body = msgspec.json.encode(fields)
    writer.write(
        b"HTTP/1.1 %d Refused\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        % (status, len(body))
        + body
    )


def _message_of(body: bytes) -> str:
    with contextlib.suppress(msgspec.DecodeError, KeyError, TypeError):
        return str(msgspec.json.decode(body)["message"])
    return "that is not available here yet."
