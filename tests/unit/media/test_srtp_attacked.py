"""A protected leg under a rain of packets that are not its peer's: who talks on it goes on, and so do neighbours.

Source: RFC 3711, section 3.3.2 (replays, authentication), section 9.5 (a flood of forgeries).
"""

import random
import struct
from collections.abc import Callable

import pytest

from ringfence.media.arrivals import ROUNDS
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.srtp import SrtpSession
from ringfence.ports.media import KeyPressed, LegFailed, Tone
from unit.media.peer import Events, Peer, level_of, talk, tone
from unit.media.test_engine_seams import SUITE, SecurePeer

PORTS = PortRange(20_000, 29_999)
TICKS = 50
"""Of the attack: a second."""

Forge = Callable[[bytes, random.Random], bytes]


def wrong_tag(packet: bytes, chance: random.Random) -> bytes:
    return packet[:-10] + chance.randbytes(10)


def other_sound(packet: bytes, chance: random.Random) -> bytes:
    """The peer's header and tag about another payload."""
    return packet[:12] + chance.randbytes(len(packet) - 22) + packet[-10:]


def truncated(packet: bytes, chance: random.Random) -> bytes:
    return packet[: chance.randrange(len(packet))]


def replayed(packet: bytes, chance: random.Random) -> bytes:
    return packet


def ahead(packet: bytes, chance: random.Random) -> bytes:
    """A sequence number far ahead, which would move the window of replays past what the peer says next."""
    sequence = struct.unpack_from("!H", packet, 2)[0]
    return packet[:2] + struct.pack("!H", sequence + chance.randrange(1, 30_000) & 0xFFFF) + packet[4:]


def another_source(packet: bytes, chance: random.Random) -> bytes:
    return packet[:8] + chance.randbytes(4) + packet[12:]


def report(packet: bytes, chance: random.Random) -> bytes:
    """A good-bye in the peer's name (RTCP BYE), unsigned."""
    return struct.pack("!BBH", 0x81, 203, 1) + packet[8:12] + chance.randbytes(14)


def noise(packet: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1_600))


FORGERIES: dict[str, Forge] = {
    made.__name__: made for made in (wrong_tag, other_sound, truncated, replayed, ahead, another_source, report, noise)
}


class Overheard(SecurePeer):
    """A peer whose packets the attacker sees, and who can also be told to send what he made of them."""

    def begin(self, *args: object) -> None:
        super().begin(*args)  # type: ignore[arg-type]
        self.seen: list[bytes] = []

    def send(self, data: object) -> None:
        self.seen.append(self._session.protect(bytes(data)))  # type: ignore[call-overload]
        self.sent_plain(self.seen[-1])


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize(("place", "a_tick"), [("elsewhere", 20), ("the peer's address", ROUNDS - 1)])
def test_the_call_goes_on_and_so_do_its_neighbours(forge: Forge, place: str, a_tick: int) -> None:
    """From elsewhere as many as one likes; in the peer's own name as many as a leg is read beside it in a tick."""
    events = Events()
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, srtp=SrtpSession, max_legs=3)
    secure, attacker, one, other = Overheard(), Peer(ssrc=7), Peer(ssrc=8), Peer(ssrc=9)
    local = engine.open("CA1", "srtp")
    secure.begin(local)
    attacker.knows(local)
    engine.connect("CA1", secure.remote(srtp_suite=SUITE, srtp_key=secure.key))
    for name, peer in (("CA2", one), ("CA3", other)):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote())
    engine.bridge("CA2", "CA3")
    engine.play("CA1", 1, [Tone("ringback")], 0)
    chance = random.Random(4711)
    forged_by = attacker.send if place == "elsewhere" else secure.sent_plain

    def attack() -> None:
        for _ in range(a_tick):
            forged_by(forge(chance.choice(secure.seen), chance))

    def carry(ticks: int, *, attacked: bool) -> None:
        for _ in range(ticks):
            if attacked:
                attack()
            secure.say(tone(300, 20))
            talk(engine, one, other, ticks=1, sounds=[tone(700, 20), tone(900, 20)])
            secure.hear_protected()

    carry(10, attacked=False)
    carry(TICKS, attacked=True)
    for packet in secure.key_packets("5"):
        attack()
        secure.send(packet)
        engine.tick()
    for ear in (secure.hear_protected, one.hear, other.hear):
        ear()
    for peer in (secure, one, other):
        peer.heard.clear()
    carry(20, attacked=True)
    stats = engine.close("CA1")
    assert stats is not None
    assert (stats.packets_received, stats.packets_lost) == (len(secure.seen), 0), "all that is the peer's, and no more"
    assert (stats.packets_refused > 0) == (place != "elsewhere")
    assert events.of(KeyPressed) == [KeyPressed("CA1", "5")]
    assert events.of(LegFailed) == []
    assert level_of(secure.sound()[160:], 440) > 300
    assert level_of(one.sound()[160:], 900) > 5_000
    assert level_of(other.sound()[160:], 700) > 5_000
    engine.close_all()
    for peer in (secure, attacker, one, other):
        peer.close()
