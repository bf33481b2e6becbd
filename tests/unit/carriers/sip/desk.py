"""Lines on loopback for tests: an operator who notes its calls, domains and tokens in memory, and a phone."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.unit.carriers.sip.wire import ANSWER, HOST, Peer, peer

from ringfence.carriers.sip.digest import ALGORITHMS, answer_challenge, hashed_secret, parse_challenge
from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.lines import SipLines
from ringfence.carriers.sip.message import Request, Response
from ringfence.carriers.sip.trunk import Trunk
from ringfence.carriers.sip.uri import SipUri, parse_uri
from ringfence.ports.line import IncomingLine
from ringfence.ports.sip_access import REALM, ClientLogin, SipDomain

ACCOUNT = "AC" + "1" * 32
DOMAIN = "barber.sip.localhost"
SID = "SD" + "2" * 32
LIST = "CL" + "3" * 32


class Ear:
    """A listener that notes what it is told."""

    def __init__(self, takes: bytes = ANSWER) -> None:
        self.told: list[Any] = []
        self._takes = takes

    def ringing(self, status: int, description: bytes) -> None:
        self.told.append(("ringing", status, description))

    def answered(self, description: bytes) -> None:
        self.told.append(("answered", description))

    def offered(self, description: bytes) -> bytes:
        self.told.append(("offered", description))
        return self._takes

    def pressed(self, content_type: str, body: bytes) -> None:
        self.told.append(("pressed", content_type, body))

    def referred(self, target: str) -> bool:
        self.told.append(("referred", target))
        return True

    def ended(self, status: int) -> None:
        self.told.append(("ended", status))

    @property
    def end(self) -> int | None:
        return next((status for name, *rest in self.told if name == "ended" for status in rest), None)


class Desk:
    """An operator: every call is noted, listened to and treated as `treat` says."""

    def __init__(self, treat: Callable[[IncomingLine], None] = lambda line: None) -> None:
        self.lines: list[IncomingLine] = []
        self.ears: list[Ear] = []
        self._treat = treat

    def incoming(self, line: IncomingLine) -> None:
        ear = Ear()
        line.listen(ear)
        self.lines.append(line)
        self.ears.append(ear)
        self._treat(line)


class Access:
    """Domains by host; `users` are usernames and passwords, in LIST."""

    def __init__(self, domain: SipDomain | None = None, users: Mapping[str, str] | None = None) -> None:
        self.domains = {} if domain is None else {DOMAIN: domain}
        self.users = dict(users or {})

    async def domain(self, host: str) -> SipDomain | None:
        return self.domains.get(host)

    async def secrets(self, domain: SipDomain, lists: Sequence[str], username: str) -> list[Mapping[str, str]]:
        if LIST not in lists or username not in self.users:
            return []
        return [{one: hashed_secret(one, username, REALM, self.users[username]) for one in ALGORITHMS}]


class Tokens:
    """Access Tokens by their text."""

    def __init__(self, **known: ClientLogin) -> None:
        self.known = known

    async def client(self, token: str) -> ClientLogin | None:
        return self.known.get(token)


def phones_domain(**more: Any) -> SipDomain:
    settings = {"call_lists": (LIST,), "registration_lists": (LIST,), "registration": True} | more
    return SipDomain(account=ACCOUNT, sid=SID, **settings)


class Site:
    """Lines with an operator, open on UDP and TCP."""

    def __init__(
        self,
        treat: Callable[[IncomingLine], None] = lambda line: None,
        *,
        access: Access | None = None,
        tokens: Tokens | None = None,
        trunks: Sequence[Trunk] = (),
        host: str = HOST,
        **more: Any,
    ) -> None:
        self.desk = Desk(treat)
        self.bans: list[int] = []
        self._address = host.strip("[]")
        self.lines = SipLines(
            self.desk,
            access or Access(),
            tokens or Tokens(),
            host=host,
            now_ms=lambda: int(time.time() * 1_000),
            trunks=trunks,
            banned=self.bans.append,
            **more,
        )
        self.port = 0
        self.tcp = 0

    async def open(self) -> "Site":
        self.port = await self.lines.endpoint.listen_udp(self._address, 0)
        self.tcp = await self.lines.endpoint.listen_tcp(self._address, 0)
        self.lines.reached_at("UDP", self.port)
        self.lines.reached_at("TCP", self.tcp)
        self._running = asyncio.get_running_loop().create_task(self.lines.run())
        # The first look at the trunks' names is done by then.
        await asyncio.sleep(0.02)
        return self

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.lines.close()


class Handy:
    """A phone that a test speaks for: one request at a time, with digest, over UDP."""

    def __init__(self, site: Site, username: str = "alice", password: str = "secret") -> None:
        self.site = site
        self.username = username
        self.password = password
        self.record = username
        self.wire: Peer
        self._sequence = 0

    async def open(
        self, play: Callable[[Peer, Any, tuple[str, int]], None] = lambda peer, message, place: None
    ) -> "Handy":
        self.wire = await peer(play)
        return self

    def request(self, method: str, to: str, *, host: str = DOMAIN, more: Sequence[tuple[str, str]] = ()) -> Request:
        self._sequence += 1
        uri = parse_uri(f"sip:{host}" if method == "REGISTER" else to)
        to = f"sip:{self.record}@{host}" if method == "REGISTER" else to
        headers = Headers(
            [
                ("Via", f"SIP/2.0/UDP {HOST}:{self.wire.port};rport;branch=z9hG4bKhandy{self._sequence}"),
                ("Max-Forwards", "70"),
                ("From", f"<sip:{self.username}@{host}>;tag=1"),
                ("To", f"<{to}>"),
                ("Call-ID", "handy"),
                ("CSeq", f"{self._sequence} {method}"),
                ("Contact", str(SipUri(user=self.username, host=HOST, port=self.wire.port))),
                *more,
            ]
        )
        return Request(method, uri, headers)

    def send(self, request: Request) -> None:
        self.wire.socket.sendto(bytes(request), (HOST, self.site.port))

    async def answer_to(self, request: Request) -> Response | None:
        """Send it; its final answer, or None where nothing comes within a moment."""
        self.send(request)
        for _ in range(60):
            for message in self.wire.heard:
                if isinstance(message, Response) and message.cseq == request.cseq and message.status >= 200:
                    return message
            await asyncio.sleep(0.005)
        return None

    async def ask(self, method: str, to: str = "", **more: Any) -> Response | None:
        """Ask, and answer the challenge that comes: the last answer."""
        first = self.request(method, to, **more)
        response = await self.answer_to(first)
        if response is None or response.status != 401:
            return response
        challenge = parse_challenge(response.headers.get_all("www-authenticate")[0])
        assert challenge is not None
        proof = answer_challenge(
            challenge,
            username=self.username,
            password=self.password,
            method=method,
            uri=str(first.uri),
            cnonce="c",
        )
        more["more"] = [*more.get("more", ()), ("Authorization", str(proof))]
        return await self.answer_to(self.request(method, to, **more))
