"""SIP lines from settings, for the voice role: composed, opened, and written down for who needs to find them."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import msgspec
from prometheus_client import Counter, Gauge

from ringfence.carriers.sip.dns_locator import DnsLocator
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.lines import SipLines
from ringfence.carriers.sip.listen import Listen, parse_listen
from ringfence.carriers.sip.serve import serve
from ringfence.carriers.sip.trunk import TrunkError
from ringfence.carriers.sip.uri import DEFAULT_PORTS
from ringfence.carriers.sip.websocket import WebSocketFlow, phones_page
from ringfence.domain.clock import Clock
from ringfence.http.egress_guard import EgressPolicy, FairResolver, SystemResolver, development, production
from ringfence.ports.line import Operator
from ringfence.ports.sip_access import Authenticator, SipAccess
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.trunk_authorities import trunk_authorities

BANS = Counter("ringfence_sip_bans_total", "Addresses that SIP stopped listening to for a while")
TRUNKS = Gauge(
    "ringfence_sip_trunk_up", "1 where a trunk answered last time", ["trunk"], multiprocess_mode="livemostrecent"
)


def compose_lines(
    settings: Settings,
    operator: Operator,
    access: SipAccess,
    clients: Authenticator,
    clock: Clock,
    heard: Callable[[str, bool], None] = lambda _, __: None,
) -> SipLines:
    """Lines that nothing reaches yet; `heard` is told whether a trunk answers.

    RefusalError where a trunk's password is not where it should be.
    """
    try:
        for trunk in settings.trunk:
            trunk.secret()
    except TrunkError as error:
        raise RefusalError(str(error), "set it for the process that runs calls") from None

    def trunk_is_up(name: str, up: bool) -> None:
        TRUNKS.labels(name).set(up)
        heard(name, up)

    policy = development() if settings.dev else production(settings.egress_allow, settings.egress_ports)
    return SipLines(
        operator,
        access,
        clients,
        host=sip_host(settings),
        now_ms=clock.now_ms,
        trunks=settings.trunk,
        locator=DnsLocator(resolve=FairResolver(SystemResolver().resolve).resolve),
        place_locator=DnsLocator(resolve=FairResolver(SystemResolver().resolve).resolve),
        permits=lambda address: _permits(policy, address),
        permits_port=lambda port: port in DEFAULT_PORTS.values() or policy.permits_port(port),
        is_phones=_is_phones if settings.dev else lambda flow: False,
        tls=trunk_authorities(settings) if any(trunk.transport == "tls" for trunk in settings.trunk) else None,
        banned=lambda for_ms: BANS.inc(),
        trunk_is_up=trunk_is_up,
    )


async def open_lines(settings: Settings, lines: SipLines) -> Sequence[Listen]:
    """Open what `sip_listen` names; in development a free port where one is taken. RefusalError where it cannot be.

    What is open stands in the file `sip.json` of the run folder, for the Phones page and for people.
    """
    names = [urlsplit(settings.url).hostname or "localhost", *settings.hosts]
    try:
        opened = await serve(
            lines,
            [parse_listen(text) for text in settings.sip_listen],
            tls=await asyncio.to_thread(_certificate, settings),
            is_page=phones_page(settings.port, names),
            free_instead=settings.dev,
        )
    except (OSError, ssl.SSLError) as error:
        raise RefusalError(f"sip_listen: {error.strerror or error}", "choose others, or stop what has them") from None
    written = msgspec.json.encode([str(listen) for listen in opened])
    await asyncio.to_thread((settings.run_dir / "sip.json").write_bytes, written)
    return opened


def sip_host(settings: Settings) -> str:
    """What others reach SIP by."""
    return settings.sip_host or next((parse_listen(text).host for text in settings.sip_listen), "127.0.0.1")


def _is_phones(flow: Flow) -> bool:
    return isinstance(flow, WebSocketFlow) and flow.from_phones


def _permits(policy: EgressPolicy, address: str) -> bool:
    return policy.permits("", ipaddress.ip_address(address))


def _certificate(settings: Settings) -> ssl.SSLContext | None:
    if not settings.sip_certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.sip_certificate)
    return context
