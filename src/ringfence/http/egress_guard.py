"""Where outbound requests may go: judged on the addresses that will be connected to, resolved once."""

import asyncio
import ipaddress
import socket
import weakref
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog

from ringfence.domain.web_url import WebUrl

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str], Awaitable[list[str]]]

RESOLVER_THREADS = 64
LOOKUPS_OF_OWNER = 16
MAX_NOTICES = 1_000


class AddressRefusedError(Exception):
    """The policy forbids this address or port. The reason holds neither host nor address."""


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(word) for word in text.split())


# IANA's special-purpose registries, kept here because `is_global` differs between Python releases and calls some
# of these global. IPv6 forms that embed an IPv4 address are refused whole: no resolver needs them.
PRIVATE = _networks("10.0.0.0/8 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7")
NEVER_PUBLIC = _networks(
    "0.0.0.0/8 100.64.0.0/10 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 "
    "192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 "
    "3fff::/20 5f00::/16 fe80::/10 fec0::/10 ff00::/8 fd00:ec2::/32"
)
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")

# Services that read lines of text, so that a form can speak to them. Ports below 1024 are closed but for the web's.
OPEN_LOW_PORTS = frozenset({80, 443})
CLOSED_PORTS = frozenset(
    {1080, 1433, 1521, 2049, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 5060, 5061, 5432, 5672, 5900}
    | {6000, 6379, 6380, 6443, 6666, 6667, 8125, 9042, 9092, 9200, 9300, 10250, 10255, 11211, 27017, 27018}
)


class EgressPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator allows beyond the public Internet.

    `private` opens loopback and private networks (development). `networks` opens these, whatever they are: the one
    way to reach link-local and metadata addresses. `hosts` opens private addresses to these names alone. `ports`
    opens ports that are closed by default.
    """

    private: bool = False
    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()

    def permits_port(self, port: int) -> bool:
        if port in self.ports or port in OPEN_LOW_PORTS:
            return True
        return port >= 1024 and port not in CLOSED_PORTS

    def permits(self, host: str, address: Address) -> bool:
        """True when a request for `host` may be sent to `address`."""
        if _within(address, self.networks):
            return True
        if _within(address, NEVER_PUBLIC) and address != LOOPBACK_IPV6:
            return False
        if _within(address, PRIVATE):
            return self.private or host in self.hosts
        return address.version == 4 or address in GLOBAL_IPV6


LOOPBACK_IPV6 = ipaddress.IPv6Address("::1")


def development() -> EgressPolicy:
    """Loopback and private networks are open, so that a program on the same machine can be called."""
    return EgressPolicy(private=True)


def production(allow: Iterable[str] = (), ports: Iterable[int] = ()) -> EgressPolicy:
    """The public Internet, and what the operator lists: networks in CIDR form, single addresses or host names."""
    networks: list[Network] = []
    hosts: set[str] = set()
    for entry in allow:
        try:
            networks.append(ipaddress.ip_network(entry, strict=True))
        except ValueError:
            if "/" in entry or ":" in entry:
                raise
            hosts.add(entry.lower())
    return EgressPolicy(networks=tuple(networks), hosts=frozenset(hosts), ports=frozenset(ports))


class EgressGuard:
    """Turns a URL into the addresses to connect to, or refuses it.

    A name is resolved once; if any of its addresses is forbidden the name is refused, and the caller connects to
    what was judged, so that a second answer of the name server cannot redirect it. In development the first request
    to each private host is noted in the log, by host alone.
    """

    def __init__(self, policy: EgressPolicy, resolver: Resolver | None = None) -> None:
        self._policy = policy
        self._names = FairResolver(resolver or SystemResolver().resolve)
        self._noted: set[str] = set()
        self._log = structlog.get_logger("ringfence.egress")

    async def addresses(self, url: WebUrl, owner: str = "") -> list[str]:
        """The addresses of `url.host`, all permitted, in the resolver's order. `owner` is for whom it is asked.

        Raises AddressRefusedError, or OSError where the name does not resolve.
        """
        if not self._policy.permits_port(url.port):
            raise AddressRefusedError("this port is closed to webhooks")
        texts = await self._lookup(url.host, owner)
        addresses = [ipaddress.ip_address(text) for text in texts]
        if not all(self._policy.permits(url.host, address) for address in addresses):
            raise AddressRefusedError("an address that webhooks may not reach")
        if self._policy.private and any(_within(address, PRIVATE) for address in addresses):
            self._note(url.host)
        return texts

    async def _lookup(self, host: str, owner: str) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        texts = await self._names.resolve(host, owner)
        if not texts:
            raise OSError("the name has no address")
        return texts

    def _note(self, host: str) -> None:
        if host not in self._noted and len(self._noted) < MAX_NOTICES:
            self._noted.add(host)
            self._log.info("webhook to a private address, allowed in development only", host=host)


class FairResolver:
    """Looks up at most 16 names of one owner at once, so that those that are slow hold up nobody else's."""

    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve
        self._turns: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()

    async def resolve(self, host: str, owner: str) -> list[str]:
        """The addresses of a name; OSError."""
        turn = self._turns.setdefault(owner, asyncio.Semaphore(LOOKUPS_OF_OWNER))
        await turn.acquire()
        question = asyncio.ensure_future(self._resolve(host))
        # A resolver's thread is busy until there is an answer, also when the asker has given up.
        question.add_done_callback(lambda _: turn.release())
        return await asyncio.shield(question)


class SystemResolver:
    """The machine's own resolver, in threads of its own; askers of the same name share one question."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        self._asked: dict[str, asyncio.Future[list[str]]] = {}

    async def resolve(self, host: str) -> list[str]:
        """Addresses without duplicates, in the order given; OSError."""
        question = self._asked.get(host)
        if question is None:
            question = asyncio.get_running_loop().run_in_executor(self._threads, _getaddrinfo, host)
            self._asked[host] = question
            question.add_done_callback(lambda _: self._asked.pop(host, None))
        # One asker's time-out must not cancel the others' question.
        return await asyncio.shield(question)


def _getaddrinfo(host: str) -> list[str]:
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
