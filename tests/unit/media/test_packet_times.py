"""Peers whose packets hold 10 to 60 ms: they are heard, and are sent what they ask for."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from ringfence.media.codecs.g722 import G722Codec
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.rtp import RtpPacket
from ringfence.media.telephone_event import parse_telephone_event
from ringfence.ports.media import Clip, KeyPressed
from unit.media.peer import EVENT_TYPE, FRAME, Events, Peer, level_of, talk, tone

PTIMES = pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
ENCODINGS = pytest.mark.parametrize("encoding", ["PCMU", "PCMA", "G722"])


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def engine(events: Events) -> Iterator[Engine]:
    ports = PortPairs("127.0.0.1", PortRange(20_000, 29_999))
    engine = Engine(ports, events.append, codecs={"G722": G722Codec}, max_legs=4)
    yield engine
    engine.close_all()


def octets_of(packets: list[RtpPacket], ptime_ms: int) -> bytes:
    """The sound of packets, each as long as agreed and in its place."""
    own = [packet for packet in packets if packet.payload_type != EVENT_TYPE]
    for before, packet in itertools.pairwise(own):
        assert packet.sequence == before.sequence + 1 & 0xFFFF
        assert packet.timestamp == before.timestamp + ptime_ms * 8 & 0xFFFFFFFF
    assert {len(packet.payload) for packet in own} == {ptime_ms * 8}
    assert [packet.marker for packet in own] == [True] + [False] * (len(own) - 1)
    return b"".join(packet.payload for packet in own)


@PTIMES
@ENCODINGS
def test_it_gets_packets_of_the_length_it_asks_for(engine: Engine, ptime_ms: int, encoding: str) -> None:
    peer = Peer(encoding=encoding)
    peer.knows(engine.open("CA1", "rtp"))
    engine.connect("CA1", peer.remote(ptime_ms=ptime_ms))
    engine.keep("hello", tone(440, 1_200).tobytes())
    engine.play("CA1", 1, [Clip("hello")], loop=1)
    for _ in range(61):
        engine.tick()
    peer.hear()
    octets = octets_of(peer.heard, ptime_ms)
    assert len(octets) == 1_200 * 8
    sound = np.concatenate([G722Codec().decode(octets)]) if encoding == "G722" else peer.sound()
    assert level_of(sound[400:], 440) > 7_000
    stats = engine.stats("CA1")
    assert stats is not None
    assert stats.packets_sent - len(peer.heard) in (0, 1, 2)
    peer.close()


@PTIMES
@ENCODINGS
def test_it_is_heard_whole_whatever_its_packets_hold(engine: Engine, ptime_ms: int, encoding: str) -> None:
    peer, other = Peer(encoding=encoding), Peer(ssrc=77)
    for name, one in (("CA1", peer), ("CA2", other)):
        one.knows(engine.open(name, "rtp"))
        engine.connect(name, one.remote())
    engine.bridge("CA1", "CA2")
    sound, codec, said = tone(500, 1_800), G722Codec(), 0
    for tick in range(90):
        # What a telephone has of its microphone by now, in whole packets.
        while said + ptime_ms * 8 <= (tick + 1) * FRAME:
            part = sound[said : said + ptime_ms * 8]
            if encoding == "G722":
                peer.send(peer.packet(b"".join(codec.encode(piece) for piece in padded(part))[: len(part)]))
                peer.timestamp += len(part)
            else:
                peer.say(part)
            said += ptime_ms * 8
        talk(engine, other, ticks=1)
    heard = other.sound()[1_600:]
    assert level_of(heard, 500) > 7_000
    # Nothing was left out or made up: every stretch of it is as loud as any other.
    assert min(level_of(heard[at : at + 320], 500) for at in range(0, len(heard) - 320, 80)) > 6_000
    stats = engine.stats("CA1")
    assert stats is not None
    assert (stats.packets_lost, stats.packets_late, stats.packets_refused) == (0, 0, 0)
    for one in (peer, other):
        one.close()


def padded(part: np.ndarray) -> list[np.ndarray]:
    return list(np.pad(part, (0, -len(part) % FRAME)).reshape(-1, FRAME))


@pytest.mark.parametrize("ptime_ms", [10, 30, 60])
def test_keys_go_out_between_its_packets(engine: Engine, ptime_ms: int) -> None:
    peer = Peer()
    peer.knows(engine.open("CA1", "rtp"))
    engine.connect("CA1", peer.remote(ptime_ms=ptime_ms))
    for _ in range(7):
        engine.tick()
    engine.press("CA1", "5")
    for _ in range(30):
        engine.tick()
    peer.hear()
    assert [packet.sequence - peer.heard[0].sequence & 0xFFFF for packet in peer.heard] == [*range(len(peer.heard))]
    pressed = [packet for packet in peer.heard if packet.payload_type == EVENT_TYPE]
    assert {parse_telephone_event(packet.payload).event for packet in pressed} == {5}
    assert len({packet.timestamp for packet in pressed}) == 1
    after = [packet for packet in peer.heard if packet.payload_type == 0 and packet.sequence > pressed[-1].sequence]
    assert {len(packet.payload) for packet in after} == {ptime_ms * 8}
    peer.close()


def test_its_keys_are_heard_between_its_packets(engine: Engine, events: Events) -> None:
    peer = Peer()
    peer.knows(engine.open("CA1", "rtp"))
    engine.connect("CA1", peer.remote(ptime_ms=60))
    for _ in range(5):
        peer.say(tone(300, 60))
        for _ in range(3):
            engine.tick()
    for packet in peer.key_packets("7"):
        peer.send(packet)
        engine.tick()
    assert events.of(KeyPressed) == [KeyPressed("CA1", "7")]
    peer.close()


def test_a_changed_session_changes_the_length_and_nothing_else(engine: Engine) -> None:
    peer = Peer()
    peer.knows(engine.open("CA1", "rtp"))
    for ptime_ms in (20, 40, 10, 20):
        engine.connect("CA1", peer.remote(ptime_ms=ptime_ms))
        for _ in range(9):
            engine.tick()
        peer.hear()
    # What was made and not sent yet when it changed is missing; no number is ever used twice.
    steps = [after.sequence - before.sequence & 0xFFFF for before, after in itertools.pairwise(peer.heard)]
    assert set(steps) <= {1, 2, 3}
    assert len([step for step in steps if step > 1]) <= 3
    assert [len(packet.payload) for packet in peer.heard if packet.marker] == [160, 320, 80, 160]
    peer.close()


def test_while_on_hold_nothing_is_sent_and_then_again_as_before(engine: Engine) -> None:
    peer = Peer()
    peer.knows(engine.open("CA1", "rtp"))
    for send in (True, False, True):
        engine.connect("CA1", peer.remote(ptime_ms=30, send=send))
        peer.hear()
        peer.heard.clear()
        for _ in range(10):
            engine.tick()
        assert (len(peer.hear()) > 4) is send
    assert {len(packet.payload) for packet in peer.heard} == {240}
    peer.close()


def test_what_was_gathered_before_a_standstill_is_left(engine: Engine) -> None:
    peer = Peer()
    peer.knows(engine.open("CA1", "rtp"))
    engine.connect("CA1", peer.remote(ptime_ms=60))
    for _ in range(5):
        engine.tick()
    engine.skip(50)
    for _ in range(8):
        engine.tick()
    peer.hear()
    first, second, *_ = peer.heard
    # Two beats of the sixth of a second before it are gone with it.
    assert second.timestamp - first.timestamp & 0xFFFFFFFF == (5 + 50) * FRAME
    peer.close()


@pytest.mark.parametrize(("encoding", "ptime_ms"), [("PCMU", 50), ("PCMU", 0), ("PCMU", 120), ("opus", 40)])
def test_a_length_that_is_not_made_is_refused(events: Events, encoding: str, ptime_ms: int) -> None:
    ports = PortPairs("127.0.0.1", PortRange(20_000, 29_999))
    engine = Engine(ports, events.append, codecs={"OPUS": G722Codec}, max_legs=1)
    peer = Peer()
    engine.open("CA1", "rtp")
    with pytest.raises(ValueError, match="length"):
        engine.connect("CA1", peer.remote(ptime_ms=ptime_ms, encoding=encoding))
    engine.close_all()
    peer.close()
