"""A carrier on loopback, for tests: it takes calls to any number and makes them, and what is said is really said.

Signalling is SIP over UDP, sound is RTP of 20 ms. Everything runs in a thread of its own; tests ask and wait.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import numpy as np

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.callee import IncomingCall
from ringfence.carriers.sip.caller import OutgoingCall
from ringfence.carriers.sip.endpoint import Endpoint, Incoming
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.switchboard import Switchboard
from ringfence.carriers.sip.uri import SipUri, Uri
from ringfence.domain.media_ends import LocalEnd, RemoteEnd
from ringfence.domain.negotiation import NoCommonMediaError, Speaker, make_answer, make_offer, read_answer
from unit.media.peer import FRAME, Peer, Samples, level_of, tone

T = TypeVar("T")

HOST = "127.0.0.1"
LIMIT_S = 20.0
_PAIRS = {
    key: (row, column)
    for row, keys in ((697, "123A"), (770, "456B"), (852, "789C"), (941, "*0#D"))
    for key, column in zip(keys, (1_209, 1_336, 1_477, 1_633), strict=True)
}


class Carrier:
    """All phones behind one address. `on_call` is what a phone does when it rings: nothing, unless a test says so."""

    def __init__(self) -> None:
        self.calls: list[PhoneCall] = []
        self.on_call: Callable[[PhoneCall], None] = lambda call: call.ring()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="carrier", daemon=True)
        self._switchboard = Switchboard(self)
        self._endpoint: Endpoint

    def open(self) -> "Carrier":
        self._thread.start()
        self.port = self.run(self._listen())
        return self

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S)

    def soon(self, work: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(work)

    def clear(self) -> None:
        """Hang up on everybody and forget them."""
        for call in self.calls:
            call.hang_up()
        self.calls = []
        self.on_call = lambda call: call.ring()

    def rung(self, number: str, *, times: int = 1) -> "PhoneCall":
        """The latest call to a number, once it has been called so often."""
        wait_for(lambda: len([call for call in self.calls if call.number == number]) >= times)
        return [call for call in self.calls if call.number == number][-1]

    def dial(self, port: int, number: str, caller: str) -> "PhoneCall":
        """Call a number of the installation's, which listens at `port`."""
        return self.run(self._dial(port, number, caller))

    # As a switchboard's reception: everybody is known, and every call is taken.

    def admits(self, flow: Flow) -> bool:
        return True

    def knows(self, flow: Flow) -> bool:
        return True

    def noise(self, flow: Flow) -> None:
        """It happens."""

    def stranger(self, incoming: Incoming) -> None:
        """Nobody is one."""

    def other(self, incoming: Incoming) -> bool:
        return False

    def call(self, incoming: Incoming) -> None:
        call = PhoneCall(self, incoming.request.uri.user or "", str(incoming.request.from_.uri))  # type: ignore[union-attr]
        session = IncomingCall(self._endpoint, incoming, call, contact=self._contact)
        call.taken(session)
        self._switchboard.add(session, call_id=session.call_id, tag=session.tag)
        self.calls.append(call)
        self.on_call(call)

    @property
    def _contact(self) -> Address:
        return Address(uri=SipUri(user="phone", host=HOST, port=self.port))

    async def _listen(self) -> int:
        self._endpoint = Endpoint(self._switchboard, host=HOST)
        return await self._endpoint.listen_udp(HOST, 0)

    async def _close(self) -> None:
        for call in self.calls:
            call.silence()
        await self._endpoint.close()

    async def _dial(self, port: int, number: str, caller: str) -> "PhoneCall":
        call = PhoneCall(self, number, caller)
        target = SipUri(user=number, host=HOST, port=port)
        session = OutgoingCall(
            self._endpoint,
            self._endpoint.udp_flow((HOST, port)),
            call,
            target=target,
            caller=Address(uri=SipUri(user=caller, host=HOST)),
            called=Address(uri=target),
            contact=self._contact,
            offer=make_offer(call.speaker),
        )
        call.made(session)
        self._switchboard.add(session, call_id=session.call_id, tag=session.tag)
        self.calls.append(call)
        session.start()
        return call


class PhoneCall:
    """One call of one phone: a listener of its session, with a telephone's ear and mouth."""

    def __init__(self, carrier: Carrier, number: str, other: str) -> None:
        self.number = number
        self.other = other
        self.talking = False
        self.ended_with: int | None = None
        self.rang: list[int] = []
        self._carrier = carrier
        self._peer = Peer()
        self._session: IncomingCall | OutgoingCall | None = None
        self._incoming: IncomingCall | None = None
        self._remote: RemoteEnd | None = None
        self._sound: list[Samples] = []
        self._keys: list[str] = []
        self._mouth: asyncio.Task[None] | None = None

    @property
    def speaker(self) -> Speaker:
        local = LocalEnd(address=HOST, port=self._peer.port, rtcp_port=self._peer.port, ssrc=self._peer.ssrc)
        return Speaker(local=local, transport="rtp", session_id=1)

    def taken(self, session: IncomingCall) -> None:
        self._session = self._incoming = session

    def made(self, session: OutgoingCall) -> None:
        self._session = session

    # What a test does with it, from its own thread or the carrier's.

    def ring(self) -> None:
        self._carrier.soon(lambda: self._incoming.ring())  # type: ignore[union-attr]

    def answer(self, *, events: bool = True) -> None:
        """Pick up; without `events`, as a phone that knows keys as tones alone."""
        self._carrier.soon(lambda: self._answer(events=events))

    def refuse(self, status: int) -> None:
        self._carrier.soon(lambda: self._incoming.refuse(status))  # type: ignore[union-attr]

    def hang_up(self) -> None:
        self._carrier.soon(self._hang_up)

    def say(self, frequency_hz: float, length_ms: int) -> None:
        """Whistle."""
        self._carrier.soon(lambda: self._sound.append(tone(frequency_hz, length_ms)))

    def press(self, keys: str) -> None:
        """Press keys as RFC 4733 events."""
        self._carrier.soon(lambda: self._keys.extend(keys))

    def press_in_band(self, keys: str) -> None:
        """Press keys as tones, half a second apart."""
        for key in keys:
            row, column = _PAIRS[key]
            pair = tone(row, 120, 6_000) + tone(column, 120, 6_000)
            self._carrier.soon(lambda pair=pair: self._sound.append(np.append(pair, np.zeros(3_200, np.int16))))  # type: ignore[misc]

    def deaf(self) -> None:
        """Forget what was heard."""
        self._carrier.run(self._forget())

    def hears(self, frequency_hz: float, least: float = 1_000, *, limit_s: float = LIMIT_S) -> None:
        """Wait until a frequency is heard in the last 200 ms of what came."""
        wait_for(lambda: level_of(self._peer.sound()[-1_600:], frequency_hz) > least, limit_s)

    def level(self, frequency_hz: float) -> float:
        return level_of(self._peer.sound()[-1_600:], frequency_hz)

    def keys_heard(self) -> str:
        """The keys that came as events."""
        seen: dict[int, int] = {}
        for packet in self._peer.heard:
            if packet.payload_type == 101 and packet.payload:
                seen.setdefault(packet.timestamp, packet.payload[0])
        return "".join("0123456789*#ABCD"[event] for event in seen.values())

    def await_end(self, limit_s: float = LIMIT_S) -> int:
        wait_for(lambda: self.ended_with is not None, limit_s)
        assert self.ended_with is not None
        return self.ended_with

    def await_answer(self) -> None:
        wait_for(lambda: self.talking)

    # As a session's listener.

    def ringing(self, status: int, description: bytes) -> None:
        self.rang.append(status)

    def answered(self, description: bytes) -> None:
        self.talking = True
        if description:
            self._begin(read_answer(description, self.speaker))

    def offered(self, description: bytes) -> bytes:
        try:
            return make_answer(description, self.speaker).description
        except NoCommonMediaError:
            return b""

    def pressed(self, content_type: str, body: bytes) -> None:
        """Nobody sends INFO here."""

    def referred(self, target: Uri) -> bool:
        return False

    def ended(self, status: int) -> None:
        self.ended_with = status
        self.silence()

    def silence(self) -> None:
        if self._mouth is not None:
            self._mouth.cancel()

    def _answer(self, *, events: bool) -> None:
        assert self._incoming is not None
        offer = self._incoming.offer if events else re.sub(rb" (?:101|110)(?=[ \r])", b"", self._incoming.offer)
        agreement = make_answer(offer, self.speaker)
        self._incoming.answer(agreement.description)
        self._begin(agreement.remote)

    def _hang_up(self) -> None:
        if self._incoming is not None and not self.talking and self.ended_with is None:
            self._incoming.refuse(480)
        if self._session is not None:
            self._session.hang_up()

    def _begin(self, remote: RemoteEnd) -> None:
        self._remote = remote
        self._peer.knows(LocalEnd(address=remote.address, port=remote.port, rtcp_port=remote.rtcp_port, ssrc=0))
        if self._mouth is None:
            self._mouth = asyncio.get_running_loop().create_task(self._speak())

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        due_s, waiting = loop.time(), np.zeros(0, np.int16)
        while True:
            self._peer.hear()
            if self._keys:
                for packet in self._peer.key_packets(self._keys.pop(0)):
                    self._peer.send(packet)
                    await asyncio.sleep(0.02)
                due_s = loop.time()
            if self._sound:
                waiting = np.append(waiting, self._sound.pop(0))
            frame = np.zeros(FRAME, np.int16)
            frame[: len(waiting[:FRAME])] = waiting[:FRAME]
            waiting = waiting[FRAME:]
            self._peer.say(frame)
            due_s += 0.02
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def _forget(self) -> None:
        self._peer.heard.clear()


def wait_for(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait until it holds, or fail."""
    until = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"that did not come to pass within {limit_s} s")
        time.sleep(0.02)
