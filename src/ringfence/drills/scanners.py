"""D29: SIP scanners. Ours must be nowhere to be found; the control answers, as most telephone systems do.

Debian's sipvicious sweeps, guesses extensions and cracks a password; a caller of our own tries a premium number. Each
comes from an address of its own, through a relay that counts what goes back and asks the product nothing. What is
counted here are attacks, not tenants.
"""

import asyncio
import shutil
import sys
import time
from collections.abc import Sequence

import msgspec

from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.message import Request
from ringfence.carriers.sip.uri import parse_uri
from ringfence.domain.clock import SystemClock
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.ports.line import IncomingLine
from ringfence.ports.sip_access import ClientLogin, SipDomain

DRILL = "D29"
TITLE = "SIP scanners: sweep, guessed extensions, cracked password, premium number"
HOST = "127.0.0.1"
TOOLS = ("svmap", "svwar", "svcrack")
PREMIUM = "+19005550123"
LONGEST_S = 30.0


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """One attack; `command` is a tool's, without the target, () for the call of our own."""

    name: str
    command: tuple[str, ...] = ()


ATTACKS = (
    Attack(name="sweep", command=("svmap",)),
    Attack(name="extensions by REGISTER", command=("svwar", "-e100-120")),
    Attack(name="extensions by INVITE", command=("svwar", "-e100-120", "-m", "INVITE")),
    Attack(name="password", command=("svcrack", "-u", "100", "-r", "100-120")),
    Attack(name="call to a premium number"),
)


def missing() -> str:
    """Why it cannot be played here; "" where it can."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"{absent[0]} is not installed (Debian: sipvicious)"
    return "" if sys.platform == "linux" else "it needs the loopback addresses of Linux"


def scanners(design: Design, tenants: int, database: str = "") -> Finding:
    """Play every attack against one build. Number of tenants and database change nothing here."""
    started = time.monotonic()
    relays, calls = asyncio.run(_play(design))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=len(relays),
        reached=sum(relay.replies > 0 for relay in relays),
        seconds=time.monotonic() - started,
        rows=(
            ("packets sent", str(sum(relay.packets for relay in relays))),
            ("replies", str(sum(relay.replies for relay in relays))),
            ("calls taken", str(calls)),
            ("packets until a ban", ", ".join(str(relay.banned_at or "never") for relay in relays)),
        ),
    )


class _Nobody:
    """No domain and no token: what a scanner meets that knows nothing but an address."""

    def __init__(self) -> None:
        self.calls = 0

    def incoming(self, line: IncomingLine) -> None:
        self.calls += 1
        line.refuse(486)

    async def domain(self, host: str) -> SipDomain | None:
        return None

    async def secrets(self, domain: SipDomain, lists: Sequence[str], username: str) -> list[dict[str, str]]:
        return []

    async def client(self, token: str) -> ClientLogin | None:
        return None


class _Relay(asyncio.DatagramProtocol):
    """Stands before the product at an address of its own, and passes packets on from another."""

    def __init__(self) -> None:
        self.packets = 0
        self.replies = 0
        self.banned_at = 0
        self.outside: asyncio.DatagramTransport
        self.inside: asyncio.DatagramTransport
        self._attacker: tuple[str, int] | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """From the attacker."""
        self._attacker = addr
        self.packets += 1
        self.inside.sendto(data)

    def replied(self, data: bytes) -> None:
        """From the product."""
        self.replies += 1
        if self._attacker is not None:
            self.outside.sendto(data, self._attacker)


class _Inside(asyncio.DatagramProtocol):
    def __init__(self, relay: _Relay) -> None:
        self._relay = relay

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._relay.replied(data)


async def _play(design: Design) -> tuple[list[_Relay], int]:
    nobody, relays = _Nobody(), [_Relay() for _ in ATTACKS]
    playing = iter(relays)
    now: list[_Relay] = []
    lines = design.sip_lines(
        nobody,
        nobody,
        nobody,
        host=HOST,
        now_ms=SystemClock().now_ms,
        banned=lambda for_ms: _note_ban(now[-1]),
    )
    port = await lines.endpoint.listen_udp(HOST, 0)
    try:
        for place, attack in enumerate(ATTACKS):
            now.append(next(playing))
            await _attack(attack, now[-1], port, place)
    finally:
        await lines.close()
    return relays, nobody.calls


def _note_ban(relay: _Relay) -> None:
    relay.banned_at = relay.banned_at or relay.packets


async def _attack(attack: Attack, relay: _Relay, port: int, place: int) -> None:
    loop = asyncio.get_running_loop()
    relay.outside, _ = await loop.create_datagram_endpoint(lambda: relay, local_addr=(f"127.0.1.{place + 1}", 0))
    relay.inside, _ = await loop.create_datagram_endpoint(
        lambda: _Inside(relay), local_addr=(f"127.0.2.{place + 1}", 0), remote_addr=(HOST, port)
    )
    host, outside_port = relay.outside.get_extra_info("sockname")[:2]
    try:
        if attack.command:
            await _run(*attack.command, "-p", str(outside_port), host)
        else:
            await _call(host, outside_port)
    finally:
        relay.outside.close()
        relay.inside.close()


async def _run(*command: str) -> None:
    """A tool until it gives up, or for half a minute."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        await asyncio.wait_for(process.wait(), LONGEST_S)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _call(host: str, port: int) -> None:
    """INVITEs to a premium number, as toll fraud begins, under no scanner's name."""
    socket, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(host, port)
    )
    for attempt in range(10):
        headers = Headers(
            [
                ("via", f"SIP/2.0/UDP {host}:5060;rport;branch=z9hG4bKpremium{attempt}"),
                ("max-forwards", "70"),
                ("from", f"<sip:100@{host}>;tag={attempt}"),
                ("to", f"<sip:{PREMIUM}@{host}>"),
                ("call-id", f"premium-{attempt}"),
                ("cseq", "1 INVITE"),
                ("contact", f"<sip:100@{host}:5060>"),
                ("user-agent", "Cisco-SIPGateway/IOS-12.x"),
            ]
        )
        socket.sendto(bytes(Request("INVITE", parse_uri(f"sip:{PREMIUM}@{host}"), headers)))
        await asyncio.sleep(0.05)
    socket.close()


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=scanners,
        tenants=len(ATTACKS),
        missing=missing,
    ),
)
