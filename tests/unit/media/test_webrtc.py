"""A browser's leg against another one over real sockets: the path, the keys, and who is not listened to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from ringfence.media.dtls import Identity
from ringfence.media.webrtc import BrowserLeg, BrowserLegs
from ringfence.ports.media import IceEnd

Address = tuple[str, int]


class Wire(asyncio.DatagramProtocol):
    """The leg as an engine gives it, on a socket of its own."""

    name = "CA1"
    control: BrowserLeg

    def __init__(self) -> None:
        self.remotes: list[Address | None] = []
        self.deaf = False
        self.sessions: list[tuple[str, bytes, bytes]] = []
        self.causes: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.address, self.port = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not self.deaf:
            self.control.datagram(data, addr)

    def send_raw(self, data: bytes, address: Address) -> None:
        self.transport.sendto(data, address)

    def set_remote(self, address: Address | None) -> None:
        self.remotes.append(address)

    def set_srtp(self, session: tuple[str, bytes, bytes]) -> None:
        self.sessions.append(session)

    def fail(self, cause: str) -> None:
        self.causes.append(cause)


LEGS = BrowserLegs(lambda suite, send, receive: (suite, send, receive))


@asynccontextmanager
async def two_legs() -> AsyncIterator[tuple[Wire, Wire]]:
    loop = asyncio.get_running_loop()
    wires = []
    for _ in range(2):
        _, wire = await loop.create_datagram_endpoint(Wire, local_addr=("127.0.0.1", 0))
        wire.control = LEGS(wire)
        wires.append(wire)
    try:
        yield wires[0], wires[1]
    finally:
        for wire in wires:
            wire.control.close()
            wire.transport.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def described(wire: Wire, setup: str) -> IceEnd:
    return msgspec.structs.replace(wire.control.local(), setup=setup)


def joined(offerer: Wire, answerer: Wire, setup: str = "active") -> None:
    """What negotiation does with an offer (always actpass) and its answer."""
    answerer.control.connect(described(offerer, "actpass"))
    offerer.control.connect(described(answerer, setup))


def test_two_legs_find_each_other_and_share_keys() -> None:
    async def run() -> None:
        async with two_legs() as (one, other):
            joined(one, other)
            await until(lambda: one.sessions and other.sessions)
            assert one.remotes == [(other.address, other.port)]
            assert other.remotes == [(one.address, one.port)]
            (suite, send, receive), (other_suite, other_send, other_receive) = one.sessions[0], other.sessions[0]
            assert (suite, send, receive) == (other_suite, other_receive, other_send)
            assert suite == "AEAD_AES_128_GCM"
            assert not one.causes + other.causes

    asyncio.run(run())


def test_an_answer_that_is_late_finds_the_early_checks() -> None:
    async def run() -> None:
        async with two_legs() as (one, other):
            other.control.connect(described(one, "actpass"))
            await until(lambda: one.control._ice._early)
            one.control.connect(described(other, "active"))
            await until(lambda: one.sessions and other.sessions)

    asyncio.run(run())


def test_a_description_that_comes_again_changes_nothing() -> None:
    async def run() -> None:
        async with two_legs() as (one, other):
            joined(one, other)
            await until(lambda: one.sessions and other.sessions)
            joined(other, one, "passive")
            one.control.connect(msgspec.structs.replace(other.control.local(), ufrag="anew", password="x" * 32))
            await asyncio.sleep(0)
            assert one.remotes == [(other.address, other.port)]
            assert len(one.sessions) == len(other.sessions) == 1
            assert not one.causes + other.causes

    asyncio.run(run())


def test_another_certificate_than_described_ends_the_leg() -> None:
    async def run() -> None:
        async with two_legs() as (one, other):
            forged = msgspec.structs.replace(described(one, "actpass"), fingerprint=Identity().fingerprint)
            other.control.connect(forged)
            one.control.connect(described(other, "active"))
            await until(lambda: other.causes)
            assert other.causes == ["the peer's certificate is not the one of its description"]
            assert other.sessions == []

    asyncio.run(run())


def test_a_handshake_from_an_address_that_is_not_proven_is_not_heard() -> None:
    async def run() -> None:
        async with two_legs() as (one, other):
            joined(one, other)
            one.control.datagram(b"\x16\xfe\xfd" + bytes(40), ("127.0.0.1", 9))
            assert one.control._early == []
            await until(lambda: one.sessions and other.sessions)
            one.control.datagram(b"\x15\xfe\xfd" + bytes(40), ("127.0.0.1", 9))
            one.control.datagram(b"", (other.address, other.port))
            assert one.causes == []

    asyncio.run(run())


def test_a_peer_that_says_good_bye_ends_the_leg_once() -> None:
    async def run() -> None:
        async with two_legs() as (one, other):
            joined(one, other)
            await until(lambda: one.sessions and other.sessions)
            one.control.close()
            await until(lambda: other.causes)
            assert other.causes == ["the peer has closed its media"]
            assert one.causes == []
            other.control.close()
            other.control.connect(described(one, "actpass"))
            other.control.datagram(b"\x16", (one.address, one.port))
            assert len(other.causes) == 1

    asyncio.run(run())


@pytest.mark.parametrize("host", ["2001:db8::1", "not-an-address", "192.0.2.1"])
def test_only_addresses_of_our_own_family_are_tried(host: str) -> None:
    async def run() -> int:
        async with two_legs() as (one, other):
            tried = []
            one.control._ice._send = lambda data, address: tried.append(address)
            candidate = f"1 1 udp 1 {host} 4000 typ host"
            end = msgspec.structs.replace(described(other, "actpass"), candidates=(candidate,))
            one.control.connect(end)
            return len(tried)

    assert asyncio.run(run()) == (host == "192.0.2.1")
