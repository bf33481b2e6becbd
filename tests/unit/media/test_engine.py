"""The engine with real sockets and a clock that the test turns: what peers hear, and what is told."""

from collections.abc import Iterator
from itertools import count, pairwise

import numpy as np
import pytest

from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.rtcp import Goodbye, SenderReport
from ringfence.media.telephone_event import parse_telephone_event
from ringfence.ports.media import (
    Clip,
    KeyPressed,
    Keys,
    LegConnected,
    MediaFullError,
    Silence,
    SoundEnded,
    Tone,
    UnknownSoundError,
)
from unit.media.peer import EVENT_TYPE, Events, Peer, level_of, talk, tone


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def engine(events: Events) -> Iterator[Engine]:
    engine = Engine(PortPairs("127.0.0.1", PortRange(20_000, 29_999)), events.append, max_legs=8)
    yield engine
    engine.close_all()


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    made = [Peer(), Peer(ssrc=77)]
    yield made
    for peer in made:
        peer.close()


def called(engine: Engine, peer: Peer, name: str = "CA1", **changes: object) -> None:
    peer.knows(engine.open(name, "rtp"))
    engine.connect(name, peer.remote(**changes))


def test_a_sound_is_sent_to_its_end_and_then_told(engine: Engine, events: Events, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer)
    engine.keep("hello", tone(440, 200).tobytes())
    engine.play("CA1", 7, [Clip("hello"), Silence(40), Tone("beep")], loop=1)
    talk(engine, peer, ticks=10 + 2 + 25)
    assert not events.of(SoundEnded)
    talk(engine, peer, ticks=3)
    assert events.of(SoundEnded) == [SoundEnded("CA1", 7)]
    heard = peer.sound()
    assert level_of(heard[:1_600], 440) > 7_000
    assert not heard[1_600:1_920].any()
    assert level_of(heard[1_920:5_920], 1_000) > 4_000


def test_packets_go_out_one_a_tick_under_numbers_that_follow(engine: Engine, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer)
    talk(engine, peer, ticks=10)
    sequences = [packet.sequence for packet in peer.heard]
    times = [packet.timestamp for packet in peer.heard]
    assert len(peer.heard) == 9
    assert all((b - a) & 0xFFFF == 1 for a, b in pairwise(sequences))
    assert all((b - a) & 0xFFFFFFFF == 160 for a, b in pairwise(times))
    assert [packet.marker for packet in peer.heard] == [True, *[False] * 8]


def test_two_legs_hear_each_other_across_laws_until_they_are_parted(engine: Engine) -> None:
    one, two = Peer(), Peer(encoding="PCMA", ssrc=9)
    called(engine, one, "CA1")
    called(engine, two, "CA2")
    engine.bridge("CA1", "CA2")
    talk(engine, one, two, ticks=50, sounds=[tone(500, 1_000), tone(900, 1_000)])
    assert level_of(one.sound()[1_600:], 900) > 7_000
    assert level_of(one.sound()[1_600:], 500) < 300
    assert level_of(two.sound()[1_600:], 500) > 7_000
    one.heard.clear()
    engine.unbridge("CA2")
    talk(engine, one, two, ticks=20, sounds=[tone(500, 400), tone(900, 400)])
    assert not one.sound()[160:].any()
    one.close()
    two.close()


def test_keys_are_told_once_whatever_their_packets_suffer(engine: Engine, events: Events, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer)
    talk(engine, peer, ticks=2)
    for key in "15#":
        packets = peer.key_packets(key)
        for packet in packets[1:] + packets[:3]:
            peer.send(packet)
            engine.tick()
    assert events.of(KeyPressed) == [KeyPressed("CA1", key) for key in "15#"]


def test_keys_in_the_sound_are_heard_of_a_peer_without_events(
    engine: Engine, events: Events, peers: list[Peer]
) -> None:
    from ringfence.media.dtmf import keys_sound

    peer = peers[0]
    called(engine, peer, event_payload_type=None)
    sound = np.concatenate([keys_sound("19*D"), tone(0, 200)])
    talk(engine, peer, ticks=len(sound) // 160, sounds=[sound])
    assert events.of(KeyPressed) == [KeyPressed("CA1", key) for key in "19*D"]


def test_keys_that_a_bridged_peer_presses_reach_the_other_as_keys(engine: Engine, peers: list[Peer]) -> None:
    one, two = peers
    called(engine, one, "CA1")
    called(engine, two, "CA2")
    engine.bridge("CA1", "CA2")
    talk(engine, one, two, ticks=2)
    for packet in one.key_packets("7"):
        one.send(packet)
    talk(engine, two, ticks=15)
    events = [parse_telephone_event(packet.payload) for packet in two.heard if packet.payload_type == EVENT_TYPE]
    assert {event.event for event in events} == {7}
    assert [event.end for event in events] == [False] * 5 + [True] * 3


def test_keys_are_pressed_as_tones_where_the_peer_takes_no_events(engine: Engine, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer, event_payload_type=None)
    engine.press("CA1", "w5")
    talk(engine, peer, ticks=40)
    heard = peer.sound()
    assert not heard[: 25 * 160].any()
    assert level_of(heard[25 * 160 : 30 * 160], 770) > 3_500
    assert level_of(heard[25 * 160 : 30 * 160], 1_336) > 3_500


def test_keys_are_played_as_a_sound(engine: Engine, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer)
    engine.play("CA1", 1, [Keys("1")], loop=1)
    talk(engine, peer, ticks=6)
    assert level_of(peer.sound()[:800], 697) > 3_500


def test_a_peer_may_send_packets_of_any_usual_length(engine: Engine, peers: list[Peer]) -> None:
    one, two = peers
    called(engine, one, "CA1")
    called(engine, two, "CA2")
    engine.bridge("CA1", "CA2")
    sound = tone(600, 2_400)
    for length in (80, 240, 320, 480):
        two.heard.clear()
        sent = 0
        for tick in range(60):
            while sent + length <= (tick + 1) * 160:
                one.say(sound[sent : sent + length])
                sent += length
            engine.tick()
            two.hear()
        assert level_of(two.sound()[3_200:], 600) > 7_000, length


def test_a_leg_on_hold_sends_nothing_and_hears_nothing(engine: Engine, peers: list[Peer]) -> None:
    one, two = peers
    called(engine, one, "CA1")
    called(engine, two, "CA2")
    engine.bridge("CA1", "CA2")
    talk(engine, one, two, ticks=5)
    engine.connect("CA1", one.remote(send=False, receive=False))
    talk(engine, one, two, ticks=2, sounds=[tone(500, 40), tone(500, 40)])
    one.heard.clear()
    two.heard.clear()
    talk(engine, one, two, ticks=20, sounds=[tone(500, 400), tone(500, 400)])
    assert one.heard == []
    assert not two.sound().any()
    engine.connect("CA1", one.remote())
    talk(engine, one, two, ticks=20, sounds=[tone(500, 400), tone(500, 400)])
    assert level_of(one.sound()[800:], 500) > 6_000
    assert level_of(two.sound()[-1_600:], 500) > 6_000


def test_the_first_packet_is_told_and_counted(engine: Engine, events: Events, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer)
    engine.tick()
    assert not events.of(LegConnected)
    talk(engine, peer, ticks=10)
    assert events.of(LegConnected) == [LegConnected("CA1")]
    stats = engine.stats("CA1")
    assert stats is not None
    assert (stats.packets_received, stats.packets_lost, stats.packets_sent) == (10, 0, 11)
    assert stats.mos > 4


def test_reports_go_out_every_five_seconds_and_a_goodbye_at_the_end(engine: Engine, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer)
    talk(engine, peer, ticks=251)
    report = next(report for report in peer.reports if isinstance(report, SenderReport))
    assert report.blocks[0].ssrc == peer.ssrc
    assert engine.close("CA1") is not None
    peer.hear()
    assert isinstance(peer.reports[-1], Goodbye)


def test_what_is_said_of_a_leg_that_is_gone_does_nothing(engine: Engine, peers: list[Peer]) -> None:
    called(engine, peers[0])
    engine.close("CA1")
    assert engine.close("CA1") is None
    assert engine.stats("CA1") is None
    engine.connect("CA1", peers[0].remote())
    engine.play("CA1", 1, [Silence(20)], loop=1)
    engine.press("CA1", "1")
    engine.bridge("CA1", "CA2")
    engine.unbridge("CA1")
    engine.stop_playing("CA1")
    engine.tick()


def test_a_clip_that_is_not_kept_is_refused_and_what_plays_goes_on(engine: Engine, peers: list[Peer]) -> None:
    peer = peers[0]
    called(engine, peer)
    engine.play("CA1", 1, [Tone("ringback")], loop=0)
    with pytest.raises(UnknownSoundError):
        engine.play("CA1", 2, [Clip("gone")], loop=1)
    talk(engine, peer, ticks=20)
    assert level_of(peer.sound()[160:], 440) > 2_000


def test_no_more_legs_than_there_is_room_for(engine: Engine) -> None:
    for number in range(8):
        engine.open(f"CA{number}", "rtp")
    with pytest.raises(MediaFullError):
        engine.open("CA8", "rtp")
    engine.close("CA3")
    engine.open("CA8", "rtp")


def test_after_a_long_stop_sound_goes_on_from_now_and_not_from_then(engine: Engine, peers: list[Peer]) -> None:
    one, two = peers
    called(engine, one, "CA1")
    called(engine, two, "CA2")
    engine.bridge("CA1", "CA2")
    talk(engine, one, two, ticks=10)
    before = two.heard[-1].timestamp
    for _ in range(100):
        one.say(tone(500, 20))
    engine.skip(100)
    two.heard.clear()
    talk(engine, one, two, ticks=20, sounds=[tone(900, 400), tone(0, 400)])
    assert two.heard[1].timestamp - before & 0xFFFFFFFF == 102 * 160
    assert level_of(two.sound()[1_600:], 900) > 7_000
    assert level_of(two.sound()[1_600:], 500) < 100


def test_keys_pressed_during_a_long_stop_are_told_in_order_and_once(
    engine: Engine, events: Events, peers: list[Peer]
) -> None:
    one, two = peers
    called(engine, one, "CA1")
    called(engine, two, "CA2")
    engine.bridge("CA1", "CA2")
    talk(engine, one, two, ticks=10)
    begun, *rest = one.key_packets("7")
    one.send(begun)
    engine.tick()
    for packet in rest:
        one.send(packet)
    for key in "31*3":
        one.say(tone(500, 20))
        for packet in one.key_packets(key):
            one.send(packet)
        two.say(tone(500, 20))
    engine.skip(100)
    talk(engine, one, two, ticks=60)
    assert events.of(KeyPressed) == [KeyPressed("CA1", key) for key in "731*3"]
    told = [packet for packet in two.heard if packet.payload_type == EVENT_TYPE and packet.marker]
    assert len(told) == 5
    assert level_of(two.sound(), 500) < 100
    stats = engine.close("CA1")
    assert stats is not None
    assert stats.packets_lost == 0


def test_a_key_may_be_all_that_came_during_a_long_stop(engine: Engine, events: Events, peers: list[Peer]) -> None:
    one = peers[0]
    called(engine, one, "CA1")
    for packet in one.key_packets("5"):
        one.send(packet)
    engine.skip(50)
    assert events.of(KeyPressed) == [KeyPressed("CA1", "5")]


def test_a_long_stop_is_no_jitter_of_the_peers(
    engine: Engine, peers: list[Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = peers[0]
    called(engine, one, "CA1")
    ticks = count()
    monkeypatch.setattr("ringfence.media.engine._now_ms", lambda: next(ticks) * 20.0)
    talk(engine, one, ticks=10)
    for _ in range(100):
        one.say(tone(500, 20))
        next(ticks)
    engine.skip(100)
    talk(engine, one, ticks=3)
    stats = engine.stats("CA1")
    assert stats is not None
    assert stats.packets_received == 113
    assert stats.jitter_ms < 5
