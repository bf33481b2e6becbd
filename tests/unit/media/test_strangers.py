"""Drill D30, RTP bleed: who sprays packets over the media ports during calls hears nothing and is not heard."""

import socket
from collections.abc import Iterator

import numpy as np
import pytest

from ringfence.media import g711
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.rtcp import Goodbye, ReceiverReport, write_rtcp
from ringfence.media.rtp import RtpPacket
from ringfence.ports.media import KeyPressed, LocalEnd
from unit.media.peer import FRAME, Events, Peer, level_of, talk, tone

INJECTED_HZ = 1_700


class Attacker:
    """Sends from the same host as the peers, which is the worst place there is for us, but from a port of its own."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, 0))
        self._sound = g711.encode(tone(INJECTED_HZ, 20), "PCMU").tobytes()
        self._number = 0

    def spray(self, local: LocalEnd, *, ssrc: int, times: int = 1, payload_type: int = 0) -> None:
        for _ in range(times):
            self._number += 1
            packet = RtpPacket(
                payload_type=payload_type,
                sequence=self._number & 0xFFFF,
                timestamp=self._number * FRAME & 0xFFFFFFFF,
                ssrc=ssrc,
                payload=self._sound,
            )
            self.send(bytes(packet), local.port)
            self.send(write_rtcp([ReceiverReport(ssrc=ssrc), Goodbye(ssrcs=(ssrc,))]), local.port + 1)

    def send(self, data: bytes, port: int) -> None:
        self._socket.sendto(data, ("127.0.0.1", port))

    def heard(self) -> int:
        count = 0
        while True:
            try:
                self._socket.recv(2_000)
            except (BlockingIOError, ConnectionRefusedError):
                return count
            count += 1

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def attacker() -> Iterator[Attacker]:
    made = Attacker()
    yield made
    made.close()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def engine(events: Events) -> Iterator[Engine]:
    engine = Engine(PortPairs("127.0.0.1", PortRange(20_000, 29_999)), events.append, max_legs=4)
    yield engine
    engine.close_all()


@pytest.mark.parametrize("ssrc", [0x1234ABCD, 5], ids=["knows the stream's source", "does not"])
def test_packets_sprayed_during_a_call_are_neither_relayed_nor_answered(
    engine: Engine, events: Events, attacker: Attacker, ssrc: int
) -> None:
    one, two = Peer(ssrc=0x1234ABCD), Peer(ssrc=77)
    ends = []
    for name, peer in (("CA1", one), ("CA2", two)):
        end = engine.open(name, "rtp")
        ends.append(end)
        peer.knows(end)
        engine.connect(name, peer.remote())
    engine.bridge("CA1", "CA2")
    talk(engine, one, two, ticks=3, sounds=[tone(500, 60), tone(900, 60)])
    for tick in range(300):
        for end in ends:
            attacker.spray(end, ssrc=ssrc, times=3)
        talk(engine, one, two, ticks=1, sounds=[tone(500, 20), tone(900, 20)])
        if tick == 0:
            one.heard.clear()
            two.heard.clear()
    assert attacker.heard() == 0
    for peer, frequency_hz in ((one, 900), (two, 500)):
        assert level_of(peer.sound()[800:], frequency_hz) > 6_500
        assert level_of(peer.sound()[800:], INJECTED_HZ) < 100
    stats = engine.stats("CA1")
    assert stats is not None
    assert stats.packets_received == 303
    assert not events.of(KeyPressed)
    one.close()
    two.close()


def test_a_stranger_who_is_faster_than_the_peer_loses_the_leg_to_it_for_good(engine: Engine, events: Events) -> None:
    peer, other, elsewhere = Peer(), Peer(ssrc=77), Attacker("127.0.0.2")
    for name, one in (("CA1", peer), ("CA2", other)):
        end = engine.open(name, "rtp")
        one.knows(end)
        engine.connect(name, one.remote())
        if name == "CA1":
            local = end
    engine.bridge("CA1", "CA2")
    for _ in range(20):
        elsewhere.spray(local, ssrc=5)
        engine.tick()
    assert [event.leg for event in events] == ["CA1"]
    talk(engine, peer, other, ticks=2)
    elsewhere.heard()
    other.heard.clear()
    for number in range(40):
        elsewhere.spray(local, ssrc=5)
        talk(engine, peer, other, ticks=1, sounds=[tone(500, 800)[number * FRAME :], tone(900, 20)])
    assert elsewhere.heard() == 0
    assert level_of(other.sound()[1_600:], 500) > 6_500
    assert level_of(other.sound()[1_600:], INJECTED_HZ) < 100
    assert len([event for event in events if event.leg == "CA1"]) == 1
    for one in (peer, other, elsewhere):
        one.close()


def test_a_peer_behind_nat_is_heard_and_sent_to_and_keeps_the_leg(engine: Engine) -> None:
    peer, late = Peer(), Attacker()
    end = engine.open("CA1", "rtp")
    peer.knows(end)
    engine.connect("CA1", peer.remote(address="127.0.0.3", port=4_000, rtcp_port=4_001))
    talk(engine, peer, ticks=260)
    assert len(peer.heard) > 245
    stats = engine.stats("CA1")
    assert stats is not None
    assert (stats.packets_received, stats.packets_refused) == (250, 10)
    elsewhere = Attacker("127.0.0.3")
    for _ in range(10):
        elsewhere.spray(end, ssrc=5)
        late.spray(end, ssrc=5)
        talk(engine, peer, ticks=1)
    assert elsewhere.heard() == late.heard() == 0
    for one in (peer, elsewhere, late):
        one.close()


def test_a_peer_behind_nat_is_heard_at_once_where_its_signalling_comes_from(engine: Engine) -> None:
    peer = Peer()
    end = engine.open("CA1", "rtp")
    peer.knows(end)
    engine.connect("CA1", peer.remote(address="10.0.0.9", port=4_000, rtcp_port=4_001, signalled="127.0.0.1"))
    talk(engine, peer, ticks=20)
    stats = engine.stats("CA1")
    assert stats is not None
    assert (stats.packets_received, stats.packets_refused) == (20, 0)
    peer.close()


def test_what_a_stranger_sent_before_the_answer_gives_it_nothing_however_much_that_was(
    engine: Engine, events: Events
) -> None:
    peer, stranger = Peer(), Attacker("127.0.0.2")
    end = engine.open("CA1", "rtp")
    peer.knows(end)
    for _ in range(600):
        stranger.spray(end, ssrc=5)
    engine.connect("CA1", peer.remote())
    # The peer's packets wait behind all of the stranger's.
    talk(engine, peer, ticks=150)
    stranger.heard()
    talk(engine, peer, ticks=5)
    assert stranger.heard() == 0
    stats = engine.stats("CA1")
    assert stats is not None
    received = stats.packets_received
    talk(engine, peer, ticks=5)
    assert engine.stats("CA1").packets_received == received + 5  # type: ignore[union-attr]
    for one in (peer, stranger):
        one.close()


def test_a_stranger_who_is_first_in_with_packets_of_another_type_settles_nothing(
    engine: Engine, attacker: Attacker
) -> None:
    peer = Peer()
    end = engine.open("CA1", "rtp")
    peer.knows(end)
    engine.connect("CA1", peer.remote())
    for _ in range(5):
        attacker.spray(end, ssrc=5, payload_type=96, times=3)
        engine.tick()
    talk(engine, peer, ticks=20)
    assert attacker.heard() == 0
    assert len(peer.heard) > 20
    peer.close()


def test_a_flood_costs_its_own_leg_alone(engine: Engine, attacker: Attacker) -> None:
    one, two = Peer(), Peer(ssrc=77)
    ends = []
    for name, peer in (("CA1", one), ("CA2", two)):
        ends.append(engine.open(name, "rtp"))
        peer.knows(ends[-1])
        engine.connect(name, peer.remote())
    # Nobody has settled the first leg's address yet.
    for _ in range(20):
        attacker.spray(ends[0], ssrc=5, times=200, payload_type=96)
        talk(engine, two, ticks=1)
    stats = engine.stats("CA2")
    flooded = engine.stats("CA1")
    assert stats is not None
    assert flooded is not None
    assert stats.packets_received == 20
    assert 0 < flooded.packets_refused <= 20 * 8
    one.close()
    two.close()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x00" * 172,
        b"\x80\x00" + b"\xff" * 8,
        b"\x9f\x00" + b"\x00" * 20,
        b"\xa0\x00" + b"\x00" * 20,
        b"GET /",
    ],
)
def test_garbage_is_counted_and_nothing_else(engine: Engine, events: Events, data: bytes) -> None:
    peer = Peer()
    peer.knows(engine.open("CA1", "rtp"))
    engine.connect("CA1", peer.remote())
    peer.send(data)
    engine.tick()
    assert not events
    stats = engine.stats("CA1")
    assert stats is not None
    assert stats.packets_refused == (1 if data else 0)
    talk(engine, peer, ticks=3)
    assert engine.stats("CA1").packets_received == 3  # type: ignore[union-attr]
    peer.close()


def test_another_source_on_the_peers_own_address_is_taken_after_two_packets(engine: Engine) -> None:
    one, two = Peer(), Peer(ssrc=77)
    for name, peer in (("CA1", one), ("CA2", two)):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote())
    engine.bridge("CA1", "CA2")
    talk(engine, one, two, ticks=5)
    one.ssrc, one.sequence, one.timestamp = 99, 7, 1_000_000
    two.heard.clear()
    talk(engine, one, two, ticks=30, sounds=[tone(500, 600), np.zeros(4_800, np.int16)])
    assert level_of(two.sound()[1_600:], 500) > 6_500
    stats = engine.stats("CA1")
    assert stats is not None
    assert (stats.packets_received, stats.packets_refused) == (34, 1)
    one.close()
    two.close()


def test_a_changed_session_is_settled_anew_and_the_old_address_is_not_heard(engine: Engine) -> None:
    old, new = Peer(), Peer(ssrc=5)
    end = engine.open("CA1", "rtp")
    for peer in (old, new):
        peer.knows(end)
    engine.connect("CA1", old.remote())
    talk(engine, old, ticks=5)
    engine.connect("CA1", new.remote())
    talk(engine, new, ticks=5)
    received = engine.stats("CA1").packets_received  # type: ignore[union-attr]
    old.heard.clear()
    talk(engine, old, ticks=5)
    assert old.heard == []
    assert engine.stats("CA1").packets_received == received  # type: ignore[union-attr]
    assert len(new.hear()) > 0
    old.close()
    new.close()
