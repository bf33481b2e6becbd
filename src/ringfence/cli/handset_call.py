"""A call that a simulated handset makes, for the command line: SIP over WebSocket, as on the Phones page.

What it hears is measured, not played. It runs in a thread of its own.

Source: RFC 7118.
"""

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Coroutine
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.caller import OutgoingCall
from ringfence.carriers.sip.endpoint import Endpoint, Incoming
from ringfence.carriers.sip.flow import Flow, Lost, Place, Received
from ringfence.carriers.sip.message import Request, respond
from ringfence.carriers.sip.switchboard import Switchboard
from ringfence.carriers.sip.uri import SipUri, Uri
from ringfence.cli.phone_voice import HOST, PTIME_S, PhoneVoice
from ringfence.domain.negotiation import NoCommonMediaError, make_answer, make_offer, read_answer

LIMIT_S = 15.0
NOT_FOUND = 404


class HandsetCall:
    """`dial` calls `to` from `handset` over the installation's WebSocket `port`, once; `over` is set when it ends."""

    def __init__(self, port: int, handset: str, to: str) -> None:
        self.over = threading.Event()
        self._port = port
        self._handset = handset
        self._to = to
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="handset's call", daemon=True)
        self._switchboard = Switchboard(self)
        self._voice = PhoneVoice()
        self._session: OutgoingCall | None = None
        self._talking: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"HandsetCall(:{self._port})"

    @property
    def heard_s(self) -> float:
        """Seconds of sound that were not silence."""
        return self._voice.loud_frames * PTIME_S

    def dial(self) -> None:
        """Send the call out; what becomes of it is in its timeline. ConnectionError where calls are not running."""
        self._thread.start()
        self._run(self._dial())

    def press(self, keys: str) -> None:
        """Press keys, one after another."""
        self._loop.call_soon_threadsafe(self._voice.keys.extend, keys)

    def hang_up(self) -> None:
        """Hang up. Idempotent."""
        if self._session is not None and not self.over.is_set():
            self._loop.call_soon_threadsafe(self._session.hang_up)

    def close(self) -> None:
        """Hang up and be gone. Idempotent."""
        if self._thread.is_alive():
            with contextlib.suppress(TimeoutError):
                self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LIMIT_S)

    # The switchboard's reception: only the installation is at the other end.

    def admits(self, flow: Flow) -> bool:
        return True

    def knows(self, flow: Flow) -> bool:
        return True

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        """There is none from the installation itself."""

    def stranger(self, incoming: Incoming) -> None:
        """Nobody is one."""

    def other(self, incoming: Incoming) -> bool:
        return False

    def call(self, incoming: Incoming) -> None:
        """Nobody calls a handset that has not registered."""
        incoming.respond(respond(incoming.request, NOT_FOUND, tag=secrets.token_hex(8)))

    # The session's listener.

    def ringing(self, status: int, description: bytes) -> None:
        self._hear(description)

    def answered(self, description: bytes) -> None:
        self._hear(description)

    def offered(self, description: bytes) -> bytes:
        with contextlib.suppress(NoCommonMediaError):
            return make_answer(description, self._voice.speaker).description
        return b""

    def pressed(self, content_type: str, body: bytes) -> None:
        """Keys go one way here: from the handset."""

    def referred(self, target: Uri) -> bool:
        return False

    def ended(self, status: int) -> None:
        self.over.set()

    def _hear(self, description: bytes) -> None:
        if not description or self._talking is not None:
            return
        remote = read_answer(description, self._voice.speaker)
        self._voice.to = remote.address, remote.port
        self._voice.event_type = remote.event_payload_type
        self._talking = self._loop.create_task(self._voice.run(), name="handset's voice")

    async def _dial(self) -> None:
        self._endpoint = Endpoint(self._switchboard, host=f"{secrets.token_hex(6)}.invalid")
        flow = await self._endpoint.connect(lambda received, lost: _connected(self._port, received, lost))
        target = SipUri(user=self._to, host=HOST)
        contact = Address(uri=SipUri(user=self._handset, host=self._endpoint.host))
        session = OutgoingCall(
            self._endpoint,
            flow,
            self,
            target=target,
            caller=Address(uri=SipUri(user=self._handset, host=HOST)),
            called=Address(uri=target),
            contact=contact,
            offer=make_offer(self._voice.speaker),
        )
        self._switchboard.add(session, call_id=session.call_id, tag=session.tag)
        self._session = session
        session.start()

    async def _close(self) -> None:
        if self._session is not None and not self.over.is_set():
            self._session.hang_up()
        if self._talking is not None:
            self._talking.cancel()
            await asyncio.gather(self._talking, return_exceptions=True)
        # The BYE is still to be written.
        await asyncio.sleep(0.1)
        await self._endpoint.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S + 1)


async def _connected(port: int, received: Received, lost: Lost) -> "_WebSocketToUs":
    """A connection to the installation. ConnectionError or TimeoutError where it does not come about."""
    loop = asyncio.get_running_loop()
    _, flow = await loop.create_connection(lambda: _WebSocketToUs(port, received, lost), HOST, port)
    await asyncio.wait_for(flow.open, LIMIT_S)
    return flow


class _WebSocketToUs(asyncio.Protocol):
    """The client's end of SIP over WebSocket; `open` is done when messages may be sent."""

    transport = "WS"
    reliable = True

    def __init__(self, port: int, received: Received, lost: Lost) -> None:
        self.local: Place = ("", 0)
        self.remote: Place = ("", 0)
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = received
        self._lost = lost
        self._protocol = ClientProtocol(parse_uri(f"ws://{HOST}:{port}/"), subprotocols=[Subprotocol("sip")])
        self._wire: asyncio.Transport | None = None
        self._message = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)
        self.local = transport.get_extra_info("sockname")[:2]
        self.remote = transport.get_extra_info("peername")[:2]
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._greeted()
            elif isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
                self._message += bytes(event.data)
                if event.fin:
                    message, self._message = self._message, b""
                    self._received(self, message)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire = None
        if not self.open.done():
            self.open.set_exception(ConnectionRefusedError("the connection was closed"))
        self._lost(self)

    def send(self, data: bytes) -> bool:
        if self._wire is None or self._protocol.state is not State.OPEN:
            return False
        self._protocol.send_text(data)
        self._flush()
        return True

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()

    def _greeted(self) -> None:
        if self.open.done():
            return
        if self._protocol.handshake_exc is None:
            self.open.set_result(None)
        else:
            self.open.set_exception(ConnectionRefusedError("what answers does not speak SIP over WebSocket"))

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if self._wire is not None and data:
                self._wire.write(data)
