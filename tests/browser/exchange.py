"""A telephone exchange for the Phones page in tests: SIP over WebSocket as the product has it, tones for speech."""

import asyncio
import time
from collections.abc import Callable

from tests.browser.tone_leg import ToneLeg

from ringfence.carriers.simulator.calling import Calling
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.lines import SipLines
from ringfence.carriers.sip.listen import Listen
from ringfence.carriers.sip.serve import serve
from ringfence.carriers.sip.websocket import WebSocketFlow, phones_page
from ringfence.domain.media_ends import RemoteEnd
from ringfence.domain.negotiation import Speaker, in_role, make_answer, make_offer, read_answer, renewed
from ringfence.ports.line import Destination, IncomingLine, Line
from ringfence.ports.sip_access import ClientLogin, SipDomain

TONE_HZ = 1_000.0


class NoDomains:
    """An installation without SIP Domains."""

    async def domain(self, host: str) -> SipDomain | None:
        return None

    async def secrets(self, domain: SipDomain, lists: object, username: str) -> list[dict[str, str]]:
        return []


class Tokens:
    """Access Tokens, as `read` reads them."""

    def __init__(self) -> None:
        self.read: Callable[[str], ClientLogin | None] = lambda token: None

    async def client(self, token: str) -> ClientLogin | None:
        return self.read(token)


class Talk:
    """One call: its line, its leg and what was told of it."""

    def __init__(self) -> None:
        self.leg = ToneLeg(TONE_HZ)
        self.line: Line | IncomingLine
        self.told: list[str] = []
        self.end: int | None = None
        self.remotes: list[RemoteEnd] = []
        self._version = 0
        self.speaker = Speaker(local=self.leg.local, transport="webrtc", session_id=7, encodings=("PCMU",))

    def ringing(self, status: int, description: bytes) -> None:
        self.told.append(f"ringing {status}")

    def answered(self, description: bytes) -> None:
        self.told.append("answered")
        if description:
            self.connect(read_answer(description, self.speaker))

    def offered(self, description: bytes) -> bytes:
        self._version += 1
        self.speaker = renewed(self.speaker, description)
        agreed = make_answer(description, self.speaker, version=self._version)
        self.told.append(f"offered {'held' if not agreed.remote.send else 'free'}")
        self.connect(agreed.remote)
        return agreed.description

    def pressed(self, content_type: str, body: bytes) -> None:
        self.told.append("pressed")

    def change(self, direction: str) -> bool:
        """Offer another direction."""
        self._version += 1
        return self.line.change(make_offer(self.speaker, version=self._version, direction=direction))  # type: ignore[arg-type]

    def referred(self, target: str) -> bool:
        return False

    def ended(self, status: int) -> None:
        self.end = status
        self.leg.close()

    def connect(self, remote: RemoteEnd) -> None:
        self.remotes.append(remote)
        self.speaker = in_role(self.speaker, remote)
        self.leg.connect(remote)


class Exchange:
    """Open in a loop with `open`; `talks` are all calls, `answers` says whether it takes those of handsets."""

    def __init__(self, page_port: int) -> None:
        self._page_port = page_port
        self.talks: list[Talk] = []
        self.asked: list[tuple[str, str, str]] = []
        self.refuses = 0
        self.tokens = Tokens()

    async def open(self, port: int = 0) -> None:
        self.lines = SipLines(
            self,
            NoDomains(),
            self.tokens,
            host="localhost",
            now_ms=lambda: int(time.time() * 1_000),
            is_phones=_is_phones,
        )
        listen = Listen("ws", "127.0.0.1", port)
        (opened,) = await serve(self.lines, [listen], is_page=phones_page(self._page_port))
        self.port = opened.port

    async def close(self) -> None:
        for talk in self.talks:
            if talk.end is None:
                talk.line.hang_up()
        await asyncio.sleep(0)
        await self.lines.close()

    def calling(self) -> Calling:
        return Calling(port=self.port)

    async def call(self, number: str, caller: str, *, kind: str = "number", account: str = "AC1") -> Talk:
        """Call a handset, or a client."""
        talk = Talk()
        await talk.leg.open()
        destination = Destination(account=account, kind=kind, address=number)  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            while True:
                try:
                    (route,) = await self.lines.routes(destination)
                    break
                except Exception as error:
                    if getattr(error, "sip_status", 0) not in (404, 480):
                        raise
                    await asyncio.sleep(0.02)
        assert route.media == "webrtc"
        self.talks.append(talk)
        talk.line = await self.lines.call(route, destination, caller, make_offer(talk.speaker), talk)
        return talk

    def incoming(self, line: IncomingLine) -> None:
        """Operator: a handset calls. It rings, and is answered at once."""
        self.asked.append((line.sender, line.to, line.source))
        if self.refuses:
            line.refuse(self.refuses)
            return
        talk = Talk()
        talk.line = line
        line.listen(talk)
        self.talks.append(talk)
        self._answering = asyncio.get_running_loop().create_task(self._answer(talk, line))

    async def _answer(self, talk: Talk, line: IncomingLine) -> None:
        await talk.leg.open()
        line.ring()
        agreed = make_answer(line.offer, talk.speaker)
        talk.connect(agreed.remote)
        line.answer(agreed.description)


def _is_phones(flow: Flow) -> bool:
    return isinstance(flow, WebSocketFlow) and flow.from_phones
