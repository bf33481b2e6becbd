"""Two legs that speak the same codec hear each other as it was coded, in its whole band, and not made anew."""

from collections.abc import Iterator

import G722
import numpy as np
import pytest

from ringfence.media.codecs.g722 import G722Codec
from ringfence.media.concealment import FADED_AFTER
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.ports.media import Clip
from unit.media.peer import EVENT_TYPE, Events, Peer, level_of, tone

WIDE_HZ = 16_000


def wide_tone(frequency_hz: float, length_ms: int) -> np.ndarray:
    """At 16,000 samples a second."""
    made: np.ndarray = 8_000 * np.sin(2 * np.pi * frequency_hz * np.arange(length_ms * 16) / WIDE_HZ)
    return made.astype(np.int16)


def coded(sound: np.ndarray) -> list[bytes]:
    """Packets of 20 ms, as a telephone with all of G.722 makes them."""
    coder = G722.G722(WIDE_HZ, 64_000)
    octets = bytes(coder.encode(sound.tolist()))
    return [octets[at : at + 160] for at in range(0, len(octets), 160)]


def decoded(payloads: list[bytes]) -> np.ndarray:
    coder = G722.G722(WIDE_HZ, 64_000)
    return np.frombuffer(coder.decode(b"".join(payloads)), np.int16)


def wide_level(sound: np.ndarray, frequency_hz: float) -> float:
    return level_of(sound, frequency_hz / 2)


@pytest.fixture
def engine() -> Iterator[Engine]:
    codecs = {"G722": G722Codec}
    engine = Engine(PortPairs("127.0.0.1", PortRange(20_000, 29_999)), Events().append, codecs=codecs, max_legs=2)
    yield engine
    engine.close_all()


@pytest.fixture
def pair(engine: Engine) -> Iterator[tuple[Peer, Peer]]:
    one, two = joined(engine, Peer(encoding="G722"), Peer(encoding="G722", ssrc=9))
    yield one, two
    one.close()
    two.close()


def joined(engine: Engine, one: Peer, two: Peer, **changes: object) -> tuple[Peer, Peer]:
    for name, peer in (("CA1", one), ("CA2", two)):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote(**(changes if name == "CA2" else {})))
    engine.bridge("CA1", "CA2")
    return one, two


def say(engine: Engine, one: Peer, two: Peer, payloads: list[bytes], missing: frozenset[int] = frozenset()) -> None:
    for number, payload in enumerate(payloads):
        packet = one.packet(payload)
        one.timestamp += 160
        if number not in missing:
            one.send(packet)
        engine.tick()
        two.hear()


def test_what_one_says_reaches_the_other_as_it_was_coded(engine: Engine, pair: tuple[Peer, Peer]) -> None:
    one, two = pair
    payloads = coded(wide_tone(5_000, 1_000))
    say(engine, one, two, payloads)
    heard = [packet.payload for packet in two.heard]
    first = heard.index(payloads[0])
    assert heard[first:] == payloads[: len(heard) - first]
    assert len(heard) - first > 40
    # A tone that no telephone of 8,000 samples a second has.
    assert wide_level(decoded(heard)[4_000:], 5_000) > 5_000


def test_a_packet_that_is_missing_is_missing_there_too_and_its_number_with_it(
    engine: Engine, pair: tuple[Peer, Peer]
) -> None:
    one, two = pair
    payloads = coded(wide_tone(5_000, 800))
    say(engine, one, two, payloads, frozenset({20, 25}))
    heard = {packet.sequence: packet for packet in two.heard}
    first = next(number for number, packet in heard.items() if packet.payload == payloads[0])
    begun = heard[first].timestamp
    for number in range(36):
        packet = heard.get(first + number & 0xFFFF)
        assert (packet is None) is (number in {20, 25}), number
        if packet is not None:
            assert packet.payload == payloads[number]
            assert packet.timestamp == begun + number * 160 & 0xFFFFFFFF
    stats = engine.stats("CA2")
    assert stats is not None
    assert stats.packets_sent in (len(two.heard), len(two.heard) + 1)


def test_a_peer_that_falls_silent_leaves_no_silence_on_the_line(engine: Engine, pair: tuple[Peer, Peer]) -> None:
    one, two = pair
    say(engine, one, two, coded(wide_tone(5_000, 400)))
    before = len(two.heard)
    for _ in range(20):
        engine.tick()
    two.hear()
    # What waited in the buffer, then nothing for as long as a loss may be made up, and then packets again.
    assert 20 - FADED_AFTER - 1 <= len(two.heard) - before <= 20 - FADED_AFTER + 1
    assert not decoded([packet.payload for packet in two.heard[-5:]])[1_000:].max() > 300


def test_what_is_played_to_it_comes_in_between(engine: Engine, pair: tuple[Peer, Peer]) -> None:
    one, two = pair
    payloads = coded(wide_tone(5_000, 2_000))
    say(engine, one, two, payloads[:20])
    engine.keep("beep", tone(440, 400).tobytes())
    engine.play("CA2", 1, [Clip("beep")], loop=1)
    two.heard.clear()
    say(engine, one, two, payloads[20:40])
    played = [packet.payload for packet in two.heard][2:]
    assert not set(played) & set(payloads)
    assert wide_level(decoded(played)[1_000:], 440) > 5_000
    two.heard.clear()
    say(engine, one, two, payloads[40:])
    assert {packet.payload for packet in two.heard[3:]} <= set(payloads)


def test_keys_that_are_sent_to_it_come_in_between(engine: Engine, pair: tuple[Peer, Peer]) -> None:
    one, two = pair
    payloads = coded(wide_tone(5_000, 1_000))
    say(engine, one, two, payloads[:20])
    engine.press("CA2", "5")
    two.heard.clear()
    say(engine, one, two, payloads[20:])
    keys = [packet for packet in two.heard if packet.payload_type == EVENT_TYPE]
    assert len({packet.timestamp for packet in keys}) == 1
    assert two.heard[-1].payload in payloads


def test_once_they_are_parted_nothing_is_passed_on(engine: Engine, pair: tuple[Peer, Peer]) -> None:
    one, two = pair
    payloads = coded(wide_tone(5_000, 1_000))
    say(engine, one, two, payloads[:20])
    engine.unbridge("CA1")
    engine.tick()
    two.hear()
    two.heard.clear()
    say(engine, one, two, payloads[20:])
    assert not {packet.payload for packet in two.heard} & set(payloads)


@pytest.mark.parametrize(("encoding", "ptime_ms"), [("PCMU", 20), ("G722", 40)])
def test_another_codec_or_length_is_made_anew(engine: Engine, encoding: str, ptime_ms: int) -> None:
    one, two = joined(engine, Peer(encoding="G722"), Peer(encoding=encoding, ssrc=9), ptime_ms=ptime_ms)
    say(engine, one, two, coded(wide_tone(1_000, 1_000)))
    heard = b"".join(packet.payload for packet in two.heard)
    sound = G722Codec().decode(heard[1_600:2_560]) if encoding == "G722" else two.sound()[1_600:2_560]
    assert level_of(sound[160:], 1_000) > 5_000
    one.close()
    two.close()


def test_packets_of_another_length_are_made_anew(engine: Engine, pair: tuple[Peer, Peer]) -> None:
    one, two = pair
    octets = b"".join(coded(wide_tone(1_000, 1_200)))
    for at in range(0, len(octets), 320):
        one.send(one.packet(octets[at : at + 320]))
        one.timestamp += 320
        for _ in range(2):
            engine.tick()
    two.hear()
    assert {len(packet.payload) for packet in two.heard} == {160}
    numbers = [packet.sequence for packet in two.heard]
    assert [number - numbers[0] & 0xFFFF for number in numbers] == [*range(len(numbers))]
    assert wide_level(decoded([packet.payload for packet in two.heard])[4_000:], 1_000) > 5_000
