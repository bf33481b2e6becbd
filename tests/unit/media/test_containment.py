"""What nobody foresaw: an exception on one leg in the midst of a tick fails that leg, and the others play on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from ringfence.media.engine import Engine
from ringfence.media.leg import Leg
from ringfence.media.leg_reports import INTERVAL_TICKS
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.ports.media import LegFailed, RemoteEnd, Tone
from unit.media.peer import FRAME, Events, Peer, level_of, talk, tone

PORTS = PortRange(20_000, 29_999)
CAUSE = "its media worker could not go on with it"
WORDS = "what the peer sent"


class Trouble(Exception):
    """Of a kind that nothing expects."""


def raising(*_: object, **__: object) -> Any:
    raise Trouble(WORDS)


class Halves:
    """A codec that works."""

    def encode(self, pcm: np.ndarray) -> bytes:
        return (pcm >> 8).astype(np.int8).tobytes()

    def decode(self, payload: bytes) -> np.ndarray:
        return np.frombuffer(payload, np.int8).astype(np.int16) << 8

    def length_ms(self, payload: bytes) -> int:
        return 20

    def lost(self) -> np.ndarray:
        return np.zeros(FRAME, np.int16)


class Keys:
    """An SRTP session whose way out raises."""

    def __init__(self, *_: object) -> None: ...

    protect = raising

    def unprotect(self, packet: bytes) -> bytes:
        return packet


def codec_that(method: str) -> Callable[[Leg], None]:
    def spoil(leg: Leg) -> None:
        setattr(leg.codec, method, raising)

    return spoil


def receiver(leg: Leg) -> None:
    leg.receiver = lambda: raising  # type: ignore[method-assign]


def sender(leg: Leg) -> None:
    leg.sender = lambda: raising  # type: ignore[method-assign]


def keys(leg: Leg) -> None:
    leg.keys.receive = raising  # type: ignore[method-assign]


def playing(leg: Leg) -> None:
    assert leg.playing is not None
    leg.playing.write = raising  # type: ignore[method-assign]


def pressing(leg: Leg) -> None:
    leg.pressing.next = raising  # type: ignore[method-assign]


def latch(leg: Leg) -> None:
    leg.connected = False
    assert leg.latch is not None
    leg.latch.admits = raising  # type: ignore[method-assign]


SPOILERS = {
    "decode": codec_that("decode"),
    "encode": codec_that("encode"),
    "length": codec_that("length_ms"),
    "lost": codec_that("lost"),
    "receiver": receiver,
    "sender": sender,
    "keys": keys,
    "playing": playing,
    "pressing": pressing,
    "latch": latch,
}


@pytest.mark.parametrize("trouble", SPOILERS)
def test_the_leg_that_broke_fails_once_and_the_others_are_heard(trouble: str) -> None:
    events = Events()
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, codecs={"G722": Halves}, max_legs=3)
    coded, one, other = Peer(encoding="G722", ssrc=7), Peer(ssrc=8), Peer(ssrc=9)
    for name, peer in (("CA1", coded), ("CA2", one), ("CA3", other)):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote())
    engine.bridge("CA2", "CA3")
    engine.play("CA1", 1, [Tone("ringback")], 0)
    theirs = Halves()

    def carry(ticks: int) -> None:
        for number in range(ticks):
            if trouble != "lost" or number < 3:
                coded.send(coded.packet(theirs.encode(tone(500, 20))))
            coded.timestamp += FRAME
            talk(engine, one, other, ticks=1, sounds=[tone(700, 20), tone(900, 20)])

    carry(10)
    assert events.of(LegFailed) == []
    leg = engine._legs["CA1"]
    SPOILERS[trouble](leg)
    with capture_logs() as lines:
        if trouble in ("receiver", "sender"):
            engine.connect("CA1", coded.remote(port=coded.port))
        if trouble == "keys":
            coded.send(coded.key_packets("5")[0])
        if trouble == "pressing":
            engine.press("CA1", "5")
        if trouble == "latch":
            coded.ssrc = 77
        carry(20)
    assert events.of(LegFailed) == [LegFailed("CA1", CAUSE)]
    (line,) = [line for line in lines if line["event"] == "media.leg_broke"]
    assert (line["leg"], line["kind"]) == ("CA1", "Trouble")
    assert line["place"].startswith("test_containment.py:")
    assert WORDS not in str(line)
    one.heard.clear()
    other.heard.clear()
    carry(20)
    assert level_of(one.sound()[FRAME:], 900) > 5_000
    assert level_of(other.sound()[FRAME:], 700) > 5_000
    # It is over for good, and its place is another's.
    engine.connect("CA1", coded.remote())
    assert engine.close("CA1") is not None
    coded.knows(engine.open("CA4", "rtp"))
    engine.connect("CA4", coded.remote())
    coded.hear()
    coded.heard.clear()
    carry(5)
    assert coded.hear() or coded.heard
    for peer in (coded, one, other):
        peer.close()
    engine.close_all()


def test_a_report_that_cannot_be_made_fails_its_leg_alone() -> None:
    events = Events()
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, max_legs=2)
    one, other = Peer(ssrc=8), Peer(ssrc=9)
    for name, peer in (("CA1", one), ("CA2", other)):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote())
    engine._legs["CA1"].send_report = raising  # type: ignore[method-assign]
    talk(engine, one, other, ticks=2 * INTERVAL_TICKS)
    assert events.of(LegFailed) == [LegFailed("CA1", CAUSE)]
    assert other.reports
    for peer in (one, other):
        peer.close()
    engine.close_all()


def test_a_bridged_peer_of_a_leg_that_broke_hears_silence() -> None:
    events = Events()
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, max_legs=2)
    one, other = Peer(ssrc=8), Peer(ssrc=9)
    for name, peer in (("CA1", one), ("CA2", other)):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote())
    engine.bridge("CA1", "CA2")
    talk(engine, one, other, ticks=10, sounds=[tone(700, 200), tone(900, 200)])
    receiver(engine._legs["CA1"])
    engine.connect("CA1", one.remote(encoding="PCMA", payload_type=8))
    talk(engine, one, other, ticks=30, sounds=[tone(700, 600), tone(900, 600)])
    assert events.of(LegFailed) == [LegFailed("CA1", CAUSE)]
    assert engine._legs["CA2"].bridged is None
    other.heard.clear()
    talk(engine, other, ticks=10, sounds=[tone(900, 200)])
    assert len(other.heard) == 10
    assert np.abs(other.sound()).max() < 100
    for peer in (one, other):
        peer.close()
    engine.close_all()


def test_a_leg_that_cannot_protect_its_packets_fails_alone() -> None:
    events = Events()
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, srtp=Keys, max_legs=2)  # type: ignore[arg-type]
    one, other = Peer(ssrc=8), Peer(ssrc=9)
    one.knows(engine.open("CA1", "srtp"))
    other.knows(engine.open("CA2", "rtp"))
    secure: RemoteEnd = one.remote(srtp_suite="AES_CM_128_HMAC_SHA1_80", srtp_key=bytes(30))
    engine.connect("CA1", secure)
    engine.connect("CA2", other.remote())
    talk(engine, one, other, ticks=20)
    assert events.of(LegFailed) == [LegFailed("CA1", CAUSE)]
    assert len(other.heard) > 15
    for peer in (one, other):
        peer.close()
    engine.close_all()
