"""A SIP telephone in this process, for demos: it registers, rings, is answered, listens, presses keys.

Sound is G.711 over RTP on loopback; what it hears is measured, not played. It runs in a thread of its own.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.callee import IncomingCall
from ringfence.carriers.sip.endpoint import Endpoint, Incoming
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.locator import Target
from ringfence.carriers.sip.login import Login
from ringfence.carriers.sip.message import Request
from ringfence.carriers.sip.switchboard import Switchboard
from ringfence.carriers.sip.trunk import Trunk
from ringfence.carriers.sip.trunk_keeper import TrunkKeeper
from ringfence.carriers.sip.uri import SipUri, Uri
from ringfence.cli.phone_voice import HOST, PTIME_S, PhoneVoice
from ringfence.domain.negotiation import NoCommonMediaError, make_answer

LIMIT_S = 15.0
NOT_ACCEPTABLE = 488

T = TypeVar("T")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where the phone registers: `port` of the installation's SIP over UDP, `domain` the SIP Domain's name."""

    port: int
    domain: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"Account(:{self.port})"


class DeskPhone:
    """`open` registers it; one call at a time. TimeoutError where something does not come about."""

    def __init__(self, account: Account) -> None:
        self.rang = threading.Event()
        self.ended = threading.Event()
        self._account = account
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="desk phone", daemon=True)
        self._switchboard = Switchboard(self)
        self._call: IncomingCall | None = None
        self._voice: PhoneVoice | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def heard_s(self) -> float:
        """Seconds of sound that were not silence."""
        return 0.0 if self._voice is None else self._voice.loud_frames * PTIME_S

    def open(self) -> None:
        """Register; returns once the installation knows the phone."""
        self._thread.start()
        self._run(self._register())

    def close(self) -> None:
        """Hang up and be gone. Idempotent."""
        if self._thread.is_alive():
            with contextlib.suppress(TimeoutError):
                self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LIMIT_S)

    def answer(self) -> None:
        """Pick up."""
        self._loop.call_soon_threadsafe(self._pick_up)

    def press(self, key: str) -> None:
        """Press a key."""
        voice = self._voice
        if voice is not None:
            self._loop.call_soon_threadsafe(voice.keys.append, key)

    # The switchboard's reception: on loopback everybody is known.

    def admits(self, flow: Flow) -> bool:
        return True

    def knows(self, flow: Flow) -> bool:
        return True

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        """There is none on loopback that matters."""

    def stranger(self, incoming: Incoming) -> None:
        """Nobody is one."""

    def other(self, incoming: Incoming) -> bool:
        return False

    def call(self, incoming: Incoming) -> None:
        session = IncomingCall(self._endpoint, incoming, _Ear(self), contact=self._contact())
        self._switchboard.add(session, call_id=session.call_id, tag=session.tag)
        self._call = session
        session.ring()
        self.rang.set()

    def _pick_up(self) -> None:
        if self._call is None or self._voice is not None:
            return
        voice = PhoneVoice()
        try:
            agreement = make_answer(self._call.offer, voice.speaker)
        except NoCommonMediaError:
            self._call.refuse(NOT_ACCEPTABLE)
            return
        self._voice = voice
        self._call.answer(agreement.description)
        voice.to = agreement.remote.address, agreement.remote.port
        voice.event_type = agreement.remote.event_payload_type
        self._tasks.append(self._loop.create_task(voice.run(), name="desk phone's voice"))

    def hung_up(self) -> None:
        """The call is over."""
        self.ended.set()

    async def _register(self) -> None:
        account = self._account
        registered = asyncio.Event()
        self._endpoint = Endpoint(self._switchboard, host=HOST)
        self._port = await self._endpoint.listen_udp(HOST, 0)
        trunk = Trunk(
            name="desk-phone",
            host=account.domain,
            username=account.username,
            register=True,
        )

        async def targets() -> list[Target]:
            return [Target(transport="UDP", place=(HOST, account.port))]

        async def flow_to(target: Target) -> Flow:
            return self._endpoint.udp_flow(target.place)

        def noted(up: bool) -> None:
            if up:
                registered.set()

        keeper = TrunkKeeper(
            trunk,
            self._endpoint,
            targets=targets,
            flow_to=flow_to,
            contact=lambda flow: self._contact(),
            login=Login(account.username, account.password),
            host=HOST,
            noted=noted,
        )
        self._tasks.append(asyncio.create_task(keeper.run(), name="registration"))
        await asyncio.wait_for(registered.wait(), LIMIT_S)

    async def _close(self) -> None:
        if self._call is not None:
            self._call.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.1)
        await self._endpoint.close()

    def _contact(self) -> Address:
        return Address(uri=SipUri(user=self._account.username, host=HOST, port=self._port))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S + 1)


class _Ear:
    """The session's listener."""

    def __init__(self, phone: DeskPhone) -> None:
        self._phone = phone

    def ringing(self, status: int, description: bytes) -> None: ...

    def answered(self, description: bytes) -> None: ...

    def offered(self, description: bytes) -> bytes:
        return b""

    def pressed(self, content_type: str, body: bytes) -> None: ...

    def referred(self, target: Uri) -> bool:
        return False

    def ended(self, status: int) -> None:
        self._phone.hung_up()
