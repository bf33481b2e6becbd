"""Hosts are found as RFC 3263 says, against a name server on loopback."""

import asyncio
import random
from collections import Counter

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from tests.unit.carriers.sip.wire import HOST, run

from ringfence.carriers.sip.dns_locator import DnsLocator, _Server, by_priority
from ringfence.carriers.sip.locator import Target

ZONE = {
    ("naptr.example.", "NAPTR"): [
        '20 10 "s" "SIP+D2U" "" _sip._udp.naptr.example.',
        '10 10 "s" "SIPS+D2T" "" _sips._tcp.naptr.example.',
        '5 10 "s" "X-OTHER" "" _x._tcp.naptr.example.',
    ],
    ("_sips._tcp.naptr.example.", "SRV"): ["0 0 5071 127.0.0.2."],
    ("_sip._udp.naptr.example.", "SRV"): ["0 0 5070 127.0.0.3."],
    ("_sip._udp.srv.example.", "SRV"): ["20 0 5062 127.0.0.3.", "10 0 5061 127.0.0.2."],
    ("_sip._tcp.tcp.example.", "SRV"): ["0 0 5063 127.0.0.4."],
    ("_sip._udp.none.example.", "SRV"): ["0 0 0 ."],
}


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, *, mute: bool = False) -> None:
        self._mute = mute
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{kind} {name}")
        if self._mute:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        texts = ZONE.get((name, kind))
        if texts:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *texts))
        self._transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined]


async def locator(server: NameServer) -> DnsLocator:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, local_addr=(HOST, 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [HOST], transport.get_extra_info("sockname")[1]
    return DnsLocator(resolver)


def target(transport: str, address: str, port: int, name: str) -> Target:
    return Target(transport=transport, place=(address, port), name=name)


@pytest.mark.parametrize(
    ("host", "port", "transport", "secure", "found"),
    [
        ("naptr.example", None, None, False, [target("TLS", "127.0.0.2", 5071, "naptr.example")]),
        ("naptr.example", None, "UDP", False, [target("UDP", "127.0.0.3", 5070, "naptr.example")]),
        (
            "srv.example",
            None,
            None,
            False,
            [target("UDP", "127.0.0.2", 5061, "srv.example"), target("UDP", "127.0.0.3", 5062, "srv.example")],
        ),
        ("tcp.example", None, None, False, [target("TCP", "127.0.0.4", 5063, "tcp.example")]),
        ("none.example", None, "UDP", False, []),
        ("localhost", 5099, None, False, [target("UDP", HOST, 5099, "localhost")]),
        ("localhost", None, None, False, [target("UDP", HOST, 5060, "localhost")]),
        ("localhost", None, None, True, [target("TLS", HOST, 5061, "localhost")]),
        ("127.0.0.9", None, "TCP", False, [target("TCP", "127.0.0.9", 5060, "127.0.0.9")]),
        ("127.0.0.9", 5080, None, True, [target("TLS", "127.0.0.9", 5080, "127.0.0.9")]),
    ],
)
def test_a_host_is_found(host: str, port: int | None, transport: str | None, secure: bool, found: list[Target]) -> None:
    async def story() -> None:
        where = await locator(NameServer())
        targets = await where.targets(host, port, transport, secure=secure)
        assert [one for one in targets if one.place[0] != "::1"] == found

    run(story)


def test_with_a_port_nobody_is_asked_for_records() -> None:
    async def story() -> None:
        server = NameServer()
        where = await locator(server)
        await where.targets("srv.example", 5060, None)
        assert server.asked == []

    run(story)


def test_a_name_server_that_is_silent_leaves_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.sip.dns_locator.LIFETIME_S", 0.1)

    async def story() -> None:
        where = await locator(NameServer(mute=True))
        targets = await where.targets("localhost", None, "UDP")
        assert target("UDP", HOST, 5060, "localhost") in targets

    run(story)


def test_servers_are_drawn_by_priority_and_weight() -> None:
    servers = [_Server(10, 0, 1, "idle"), _Server(10, 30, 1, "a"), _Server(10, 10, 1, "b"), _Server(5, 0, 1, "first")]
    lot = random.Random(1)
    orders = [tuple(server.host for server in by_priority(servers, lot.random)) for _ in range(4_000)]
    assert all(order[0] == "first" and sorted(order) == ["a", "b", "first", "idle"] for order in orders)
    seconds = Counter(order[1] for order in orders)
    assert 2.5 < seconds["a"] / seconds["b"] < 3.6
    assert seconds["idle"] < 40
