"""A browser's telephone without a browser: SIP over WebSocket as the Phones page speaks it, ICE, DTLS and SRTP.

It runs in a thread of its own; a test tells it what to do, and waits. What only the two ends may know, it tells.
"""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

from tests.browser.tone_leg import ToneLeg
from tests.unit.carriers.sip.test_websocket import Browser
from websockets.asyncio.client import ClientConnection, connect

from ringfence.carriers.sip.message import Request, Response, parse_message, respond
from ringfence.domain.media_ends import IceEnd
from ringfence.domain.negotiation import Speaker, make_answer
from ringfence.media.srtp import SrtpSession
from ringfence.media.webrtc import BrowserLegs

T = TypeVar("T")

LIMIT_S = 30.0


class BrowserPhone:
    """A phone with a number, registered while it is open; it answers whoever calls it."""

    def __init__(self, port: int, number: str, hz: float) -> None:
        self._port = port
        self._number = number
        self._hz = hz
        self._keys: list[bytes] = []
        self._ends: list[IceEnd] = []
        self._descriptions: list[bytes] = []
        self._ended = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser phone", daemon=True)

    def __enter__(self) -> "BrowserPhone":
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def await_answer(self) -> None:
        """Wait until it is called, has answered and hears something."""
        self._run(self._hears())

    def press(self, keys: str) -> None:
        self._loop.call_soon_threadsafe(self._leg.press, keys)

    def await_end(self) -> None:
        self._run(self._ended.wait())

    def secrets(self) -> dict[str, list[bytes]]:
        """By kind: what lets whoever reads it into the call, or shows where it was carried."""
        lines = [line for description in self._descriptions for line in description.splitlines()]
        described = (b"o=", b"c=", b"a=candidate", b"a=ice-", b"a=fingerprint", b"a=crypto")
        return {
            "description": [line for line in lines if line.startswith(described)],
            "ICE password": [end.password.encode() for end in self._ends],
            "fingerprint": [bytes.fromhex(end.fingerprint.partition(" ")[2].replace(":", "")) for end in self._ends],
            "SRTP key": self._keys,
        }

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, LIMIT_S), self._loop).result(LIMIT_S + 5)

    async def _open(self) -> None:
        self._leg = ToneLeg(self._hz)
        self._leg.control = BrowserLegs(self._session)(self._leg)
        await self._leg.open()
        self._socket = await connect(f"ws://127.0.0.1:{self._port}/sip", subprotocols=["sip"])  # type: ignore[list-item]
        browser = Browser(self._socket, self._number)
        assert await browser.register() == 200
        self._listening = self._loop.create_task(self._listen(browser, self._socket))

    def _session(self, suite: str, send: bytes, receive: bytes) -> SrtpSession:
        self._keys += [send, receive]
        return SrtpSession(suite, send, receive)

    async def _listen(self, browser: Browser, socket: ClientConnection) -> None:
        while True:
            said = await socket.recv()
            data = said.encode() if isinstance(said, str) else said
            if not data.strip():
                continue
            message = parse_message(data)
            if isinstance(message, Request) and message.method != "ACK":
                await socket.send(bytes(self._answer(message)).decode())

    def _answer(self, request: Request) -> Response:
        response = respond(request, 200, tag="browser")
        if request.method == "INVITE":
            speaker = Speaker(local=self._leg.local, transport="webrtc", session_id=7)
            agreed = make_answer(request.body, speaker)
            response.headers.add("Contact", f"<sip:{self._number}@df7jal23ls0d.invalid;transport=ws>")
            response.set_body(agreed.description, "application/sdp")
            self._descriptions += [request.body, agreed.description]
            self._ends += [end for end in (agreed.remote.ice, self._leg.local.ice) if end is not None]
            self._leg.connect(agreed.remote)
        elif request.method == "BYE":
            self._ended.set()
        return response

    async def _hears(self) -> None:
        while not self._leg.packets:
            await asyncio.sleep(0.01)

    async def _close(self) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._socket.close()
        self._leg.close()
