"""Whatever one leg's peer sends, its neighbours' sound goes on without a gap, and the worker lives."""

import itertools
import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ringfence.media.codecs.g722 import G722Codec
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.telephone_event import TelephoneEvent
from ringfence.ports.media import Clip, KeyPressed, RemoteEnd
from unit.media.peer import EVENT_TYPE, FRAME, Events, Peer, level_of, talk, tone

TICKS = 100
# A second and more of keys, and far more of them than a peer that is bridged has time to be sent.
MANY_TICKS = 600


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def engine(events: Events) -> Iterator[Engine]:
    ports = PortPairs("127.0.0.1", PortRange(20_000, 29_999))
    engine = Engine(ports, events.append, codecs={"G722": G722Codec}, max_legs=8)
    yield engine
    engine.close_all()


@pytest.fixture
def made() -> Iterator[list[Peer]]:
    peers: list[Peer] = []
    yield peers
    for peer in peers:
        peer.close()


@pytest.fixture
def leg(engine: Engine, made: list[Peer]) -> Callable[..., Peer]:
    def begun(name: str, **changes: object) -> Peer:
        peer = Peer(ssrc=random.Random(name).getrandbits(32))
        made.append(peer)
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote(**changes))
        return peer

    return begun


@pytest.fixture
def neighbours(engine: Engine, leg: Callable[..., Peer]) -> Iterator[tuple[Peer, Peer, Peer]]:
    """Two that talk with each other and one that hears a sound; afterwards none of it must be missing."""
    one, two, listener = leg("CA1"), leg("CA2"), leg("CA3")
    engine.bridge("CA1", "CA2")
    engine.keep("steady", tone(440, 1_000).tobytes())
    engine.play("CA3", 1, [Clip("steady")], loop=0)
    talk(engine, one, two, listener, ticks=10, sounds=sounds_of(0, 10))
    for peer in (one, two, listener):
        peer.heard.clear()
    yield one, two, listener
    for peer, frequency_hz in ((one, 900), (two, 500), (listener, 440)):
        numbers = [packet.sequence for packet in peer.heard]
        assert [after - before & 0xFFFF for before, after in itertools.pairwise(numbers)] == [1] * (len(numbers) - 1)
        sound = peer.sound()
        assert len(sound) >= (TICKS - 1) * FRAME
        levels = [level_of(sound[at : at + 400], frequency_hz) for at in range(0, len(sound) - 400, FRAME)]
        assert min(levels) > 6_500


def sounds_of(first_tick: int, ticks: int) -> list[np.ndarray]:
    whole = [tone(frequency_hz, 20 * (first_tick + ticks)) for frequency_hz in (500, 900)]
    return [*(sound[first_tick * FRAME :] for sound in whole), np.zeros(ticks * FRAME, np.int16)]


def go_on(engine: Engine, peers: tuple[Peer, Peer, Peer], before: Callable[[int], None], ticks: int = TICKS) -> None:
    """Let the neighbours talk on; `before` each tick something is done to another leg."""
    sounds = sounds_of(10, ticks)
    for tick in range(ticks):
        before(tick)
        talk(engine, *peers, ticks=1, sounds=[sound[tick * FRAME :] for sound in sounds])


def test_a_flood_of_a_legs_own_peer(
    engine: Engine, neighbours: tuple[Peer, Peer, Peer], leg: Callable[..., Peer]
) -> None:
    flooding = leg("CA9")

    def flood(tick: int) -> None:
        for _ in range(150):
            flooding.say(tone(700, 20))

    go_on(engine, neighbours, flood)


def test_a_flood_of_garbage(engine: Engine, neighbours: tuple[Peer, Peer, Peer], leg: Callable[..., Peer]) -> None:
    noisy, chance = leg("CA9"), random.Random(1)

    def flood(tick: int) -> None:
        for _ in range(60):
            first = chance.choice([b"\x80", b"\x80\x00", b"\x80\xc8", b"\xbf\x00", b""])
            noisy.send(first + chance.randbytes(chance.choice([0, 3, 11, 170, 1_400])))

    go_on(engine, neighbours, flood)


@pytest.mark.parametrize("encoding", ["G722", "PCMU"])
def test_packets_that_jump_and_hold_too_much(
    engine: Engine, neighbours: tuple[Peer, Peer, Peer], leg: Callable[..., Peer], encoding: str
) -> None:
    jumping, chance = leg("CA9", encoding=encoding, payload_type=9 if encoding == "G722" else 0), random.Random(2)

    def jump(tick: int) -> None:
        for _ in range(4):
            jumping.timestamp = chance.getrandbits(32)
            jumping.sequence += chance.choice([1, 1, 2, 2_000, 40_000])
            payload = chance.randbytes(chance.choice([1, 79, 81, 160, 1_400]))
            jumping.send(jumping.packet(payload, payload_type=9 if encoding == "G722" else 0))

    go_on(engine, neighbours, jump)


@pytest.mark.parametrize("bridged", [True, False])
def test_digits_that_never_end(
    engine: Engine, events: Events, neighbours: tuple[Peer, Peer, Peer], leg: Callable[..., Peer], bridged: bool
) -> None:
    pressing, other = leg("CA8"), leg("CA9")
    if bridged:
        engine.bridge("CA8", "CA9")

    def press(tick: int) -> None:
        for _ in range(4):
            pressing.timestamp += FRAME
            event = TelephoneEvent(event=tick % 10, end=False, duration=160)
            pressing.send(pressing.packet(bytes(event), payload_type=EVENT_TYPE, marker=True))
        other.hear()

    go_on(engine, neighbours, press, MANY_TICKS)
    # At most what a leg may send in a tick, and each key once.
    assert MANY_TICKS < len(events.of(KeyPressed)) <= 4 * MANY_TICKS


def test_one_key_that_is_held_for_good(
    engine: Engine, events: Events, neighbours: tuple[Peer, Peer, Peer], leg: Callable[..., Peer]
) -> None:
    holding = leg("CA9")

    def hold(tick: int) -> None:
        event = TelephoneEvent(event=5, end=False, duration=min(65_535, (tick + 1) * FRAME))
        holding.send(holding.packet(bytes(event), payload_type=EVENT_TYPE, marker=tick == 0))

    go_on(engine, neighbours, hold)
    assert events.of(KeyPressed) == [KeyPressed("CA9", "5")]


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "nowhere"},
        {"address": ""},
        {"address": "999.1.1.1"},
        {"encoding": "GSM"},
        {"ptime_ms": 7},
        {"address": "::1"},
        {"port": 0, "rtcp_port": 0},
        {"port": 65_535, "rtcp_port": 65_535},
        {"address": "255.255.255.255"},
        {"payload_type": 127, "event_payload_type": 127},
    ],
    ids=str,
)
def test_descriptions_that_lead_nowhere(
    engine: Engine, neighbours: tuple[Peer, Peer, Peer], leg: Callable[..., Peer], changes: dict[str, object]
) -> None:
    peer = leg("CA9")

    def describe(tick: int) -> None:
        remote: RemoteEnd = peer.remote(**changes)
        try:
            engine.connect("CA9", remote)
        except ValueError:
            assert "port" not in changes
        peer.say(tone(700, 20))

    go_on(engine, neighbours, describe)
