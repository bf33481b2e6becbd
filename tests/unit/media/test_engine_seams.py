"""What is plugged into the engine: protected legs, browsers' controls, codecs with a state, recorders."""

import hmac
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ringfence.media.discretion import DELAY_TICKS
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.seams import LegWire
from ringfence.media.srtp import SrtpSession
from ringfence.ports.media import (
    Clip,
    IceEnd,
    KeyPressed,
    LegFailed,
    LocalEnd,
    RecordingEnded,
    RecordingPlan,
    RemoteEnd,
)
from unit.media.peer import Events, Peer, level_of, talk, tone

SUITE = "AES_CM_128_HMAC_SHA1_80"
PORTS = PortRange(20_000, 29_999)
PLAN = RecordingPlan(account="AC" + "0" * 32, sid="RE" + "1" * 32, key=bytes(32), channels=2)


@pytest.fixture
def events() -> Events:
    return Events()


class SecurePeer(Peer):
    """A telephone that speaks SRTP."""

    def begin(self, local: LocalEnd) -> None:
        self.key = secrets.token_bytes(30)
        self._session = SrtpSession(SUITE, self.key, local.srtp_key)
        self.knows(local)

    def send(self, data: object) -> None:
        super().send(self._session.protect(bytes(data)))  # type: ignore[arg-type,call-overload]

    def sent_plain(self, data: bytes) -> None:
        super().send(data)

    def hear_protected(self) -> None:
        while True:
            try:
                data = self._socket.recv(2_000)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if not 192 <= data[1] <= 223:
                from ringfence.media.rtp import parse_rtp

                self.heard.append(parse_rtp(self._session.unprotect(data)))


def test_a_protected_leg_hears_and_is_heard_and_takes_nothing_plain(events: Events) -> None:
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, srtp=SrtpSession, max_legs=2)
    peer = SecurePeer()
    peer.begin(engine.open("CA1", "srtp"))
    engine.connect("CA1", peer.remote(srtp_suite=SUITE, srtp_key=peer.key))
    engine.keep("hello", tone(440, 1_000).tobytes())
    engine.play("CA1", 1, [Clip("hello")], loop=1)
    for _ in range(20):
        peer.say(tone(300, 20))
        engine.tick()
        peer.hear_protected()
    assert level_of(peer.sound()[160:], 440) > 6_500
    for packet in peer.key_packets("3"):
        peer.send(packet)
        engine.tick()
    assert events.of(KeyPressed) == [KeyPressed("CA1", "3")]
    received = engine.stats("CA1").packets_received  # type: ignore[union-attr]
    peer.sent_plain(bytes(peer.packet(bytes(160))))
    engine.tick()
    stats = engine.close("CA1")
    assert stats is not None
    assert (stats.packets_received, stats.packets_refused) == (received, 1)
    peer.close()
    engine.close_all()


def test_a_peer_that_takes_a_new_key_is_heard_under_it_and_hears_us_go_on(events: Events) -> None:
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, srtp=SrtpSession, max_legs=1)
    peer = SecurePeer()
    local = engine.open("CA1", "srtp")
    peer.begin(local)
    engine.connect("CA1", peer.remote(srtp_suite=SUITE, srtp_key=peer.key))
    before = peer._session
    for number in range(2):
        for _ in range(5):
            peer.say(tone(300, 20))
            engine.tick()
            # What we send goes on in one session: a second one would take its packets for repetitions.
            peer._session, own = before, peer._session
            peer.hear_protected()
            peer._session = own
        peer.key = bytes([number]) * 30
        peer._session = SrtpSession(SUITE, peer.key, local.srtp_key)
        engine.connect("CA1", peer.remote(srtp_suite=SUITE, srtp_key=peer.key))
    peer.say(tone(300, 20))
    engine.tick()
    stats = engine.close("CA1")
    assert stats is not None
    assert (stats.packets_received, stats.packets_refused, stats.packets_lost) == (11, 0, 0)
    sequences = [packet.sequence for packet in peer.heard]
    assert sequences == [(sequences[0] + number) & 0xFFFF for number in range(len(sequences))]
    peer.close()


class Halves:
    """A codec that needs its packets in order: each holds how many came before it, and the samples' upper bytes."""

    def __init__(self) -> None:
        self.made = self.read = 0

    def encode(self, pcm: np.ndarray) -> bytes:
        self.made += 1
        return bytes([self.made & 0xFF]) + (pcm >> 8).astype(np.int8).tobytes()

    def decode(self, payload: bytes) -> np.ndarray:
        assert payload[0] >= self.read & 0xFF
        self.read = payload[0]
        return np.frombuffer(payload[1:], np.int8).astype(np.int16) << 8

    def length_ms(self, payload: bytes) -> int:
        return 20

    def lost(self) -> np.ndarray:
        return np.zeros(160, np.int16)


def test_a_codec_with_a_state_gets_its_packets_in_order_and_is_bridged_to_any_other(events: Events) -> None:
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, codecs={"G722": Halves}, max_legs=2)
    coded, plain = Peer(encoding="G722"), Peer(ssrc=9)
    for name, peer in (("CA1", coded), ("CA2", plain)):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote())
    engine.bridge("CA1", "CA2")
    theirs, ours = Halves(), Halves()
    packets = []
    for number in range(40):
        packets.append(coded.packet(theirs.encode(tone(500, 800)[number * 160 : (number + 1) * 160])))
        coded.timestamp += 160
    for number in range(0, 40, 2):
        for packet in (packets[number + 1], packets[number]):
            coded.send(packet)
            talk(engine, plain, ticks=1, sounds=[tone(900, 20)])
            coded.hear()
    assert level_of(plain.sound()[1_600:], 500) > 5_000
    heard = np.concatenate([ours.decode(packet.payload) for packet in coded.heard])
    assert level_of(heard[800:], 900) > 5_000
    for peer in (coded, plain):
        peer.close()
    engine.close_all()


def test_a_codec_with_a_state_makes_up_what_is_missing_for_some_frames(events: Events) -> None:
    lost = []

    class Guessing(Halves):
        def lost(self) -> np.ndarray:
            lost.append(self.read)
            return np.full(160, 999, np.int16)

    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, codecs={"G722": Guessing}, max_legs=2)
    coded, plain = Peer(encoding="G722"), Peer(ssrc=9)
    for name, one in (("CA1", coded), ("CA2", plain)):
        one.knows(engine.open(name, "rtp"))
        engine.connect(name, one.remote())
    engine.bridge("CA1", "CA2")
    theirs = Halves()
    for number in range(30):
        packet = coded.packet(theirs.encode(tone(500, 20)))
        coded.timestamp += 160
        if number < 10 or number > 18:
            coded.send(packet)
        talk(engine, plain, ticks=1)
    assert lost == [10] * 3
    assert np.count_nonzero(np.abs(plain.sound() - 999) < 30) > 300
    for one in (coded, plain):
        one.close()
    engine.close_all()


def test_an_encoding_that_is_not_built_in_is_refused(events: Events) -> None:
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, max_legs=1)
    engine.open("CA1", "rtp")
    remote = RemoteEnd(address="127.0.0.1", port=4_000, rtcp_port=4_001, encoding="opus", payload_type=111)
    with pytest.raises(ValueError):
        engine.connect("CA1", remote)
    engine.close_all()


class Control:
    """A browser leg's control that believes whoever says the word."""

    def __init__(self, leg: LegWire) -> None:
        self.leg = leg
        self.remote: IceEnd | None = None
        self.closed = False

    def local(self, public: str = "") -> IceEnd:
        return IceEnd(ufrag="u", password="p", fingerprint="sha-256 AA", setup="actpass")

    def connect(self, remote: IceEnd, own: IceEnd | None = None) -> None:
        self.remote = remote

    def datagram(self, data: bytes, address: tuple[object, ...]) -> None:
        if hmac.compare_digest(data, b"\x00check"):
            self.leg.set_remote(address)
            self.leg.send_raw(b"\x01checked", address)
        elif data.startswith(b"\x16"):
            self.leg.set_srtp(SrtpSession(SUITE, bytes(30), data[1:31]))
        else:
            self.leg.fail("nonsense")

    def close(self) -> None:
        self.closed = True


def test_a_browsers_leg_has_its_address_and_keys_from_its_control(events: Events) -> None:
    controls: list[Control] = []

    def webrtc(leg: LegWire) -> Control:
        controls.append(Control(leg))
        return controls[-1]

    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, srtp=SrtpSession, webrtc=webrtc, max_legs=1)
    end = engine.open("CA1", "webrtc")
    assert end.ice is not None
    assert end.rtcp_port == end.port
    peer = SecurePeer()
    peer.begin(LocalEnd(address=end.address, port=end.port, rtcp_port=end.port, ssrc=1, srtp_key=bytes(30)))
    # A browser's checks begin before its answer is here.
    peer.sent_plain(b"\x00check")
    engine.tick()
    assert peer._socket.recv(100) == b"\x01checked"
    ice = IceEnd(ufrag="x", password="y", fingerprint="sha-256 BB", setup="active")
    engine.connect("CA1", peer.remote(address="0.0.0.0", port=9, rtcp_port=9, ice=ice))
    assert controls[0].remote == ice
    engine.tick()
    engine.tick()
    peer.hear_protected()
    assert peer.heard == []
    peer.sent_plain(b"\x16" + peer.key)
    engine.keep("hello", tone(440, 1_000).tobytes())
    engine.play("CA1", 1, [Clip("hello")], loop=1)
    for _ in range(20):
        peer.say(tone(300, 20))
        engine.tick()
        peer.hear_protected()
    assert level_of(peer.sound()[800:], 440) > 6_500
    stranger = SecurePeer()
    stranger.begin(LocalEnd(address=end.address, port=end.port, rtcp_port=end.port, ssrc=1, srtp_key=bytes(30)))
    stranger.say(tone(300, 20))
    engine.tick()
    peer.sent_plain(b"\x3fnonsense")
    engine.tick()
    assert events.of(LegFailed) == [LegFailed("CA1", "nonsense")]
    stats = engine.close("CA1")
    assert stats is not None
    assert stats.packets_refused == 1
    assert controls[0].closed
    peer.close()
    stranger.close()


class Recorder:
    """Counts what it is given, by slot."""

    def __init__(self, ended: Callable[[str, int, str], None]) -> None:
        self.ended = ended
        self.plans: list[RecordingPlan] = []
        self.paths: list[Path] = []
        self.heard: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
        self.said: list[tuple[object, ...]] = []

    def begin(self, plan: RecordingPlan, path: Path) -> int:
        self.plans.append(plan)
        self.paths.append(path)
        self.heard[len(self.plans) - 1] = []
        return len(self.plans) - 1

    def tick(self, slots: np.ndarray, inbound: np.ndarray, outbound: np.ndarray) -> None:
        for place, slot in enumerate(slots.tolist()):
            self.heard[slot].append((inbound[place].copy(), outbound[place].copy()))

    def pause(self, slot: int, silence: bool) -> None:
        self.said.append(("pause", slot, silence))

    def resume(self, slot: int) -> None:
        self.said.append(("resume", slot))

    def stop(self, slot: int, cause: str) -> None:
        self.said.append(("stop", slot, cause))
        self.ended(self.plans[slot].sid, 20 * len(self.heard[slot]), cause)


@pytest.fixture
def recorders() -> list[Recorder]:
    return []


@pytest.fixture
def recording(events: Events, recorders: list[Recorder], tmp_path: Path) -> Iterator[Engine]:
    def made(ended: Callable[[str, int, str], None]) -> Recorder:
        recorders.append(Recorder(ended))
        return recorders[-1]

    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, recordings_dir=tmp_path, recorder=made, max_legs=4)
    yield engine
    engine.close_all()


def test_both_ways_are_recorded_from_its_beginning_to_its_end(
    recording: Engine, recorders: list[Recorder], events: Events, tmp_path: Path
) -> None:
    engine, recorder = recording, recorders[0]
    peer = Peer()
    engine.open("CA0", "rtp")
    peer.knows(engine.open("CA1", "rtp"))
    engine.connect("CA1", peer.remote())
    engine.keep("hello", tone(440, 1_000).tobytes())
    engine.play("CA1", 1, [Clip("hello")], loop=1)
    engine.record("CA1", PLAN)
    talk(engine, peer, ticks=30, sounds=[tone(700, 600)])
    engine.pause_recording("CA1", PLAN.sid, silence=True)
    engine.resume_recording("CA1", PLAN.sid)
    engine.stop_recording("CA1", PLAN.sid)
    engine.stop_recording("CA1", PLAN.sid)
    engine.tick()
    assert recorder.paths == [tmp_path / PLAN.account / PLAN.sid]
    assert recorder.said == [("pause", 0, True), ("resume", 0), ("stop", 0, "stopped")]
    assert level_of(np.concatenate([inbound for inbound, _ in recorder.heard[0]])[800:], 700) > 6_500
    assert level_of(np.concatenate([outbound for _, outbound in recorder.heard[0]]), 440) > 7_000
    assert events.of(RecordingEnded) == [RecordingEnded(leg="CA1", sid=PLAN.sid, duration_ms=600, cause="stopped")]
    peer.close()


def test_a_leg_that_closes_ends_its_recordings(recording: Engine, recorders: list[Recorder], events: Events) -> None:
    recording.open("CA1", "rtp")
    recording.record("CA1", PLAN)
    recording.tick()
    recording.close("CA1")
    recording.tick()
    assert events.of(RecordingEnded) == [RecordingEnded(leg="CA1", sid=PLAN.sid, duration_ms=20, cause="closed")]
    assert len(recorders[0].heard[0]) == 1


def test_a_recording_that_ends_by_itself_is_ticked_no_more(
    recording: Engine, recorders: list[Recorder], events: Events
) -> None:
    recording.open("CA1", "rtp")
    recording.record("CA1", PLAN)
    for _ in range(1 + DELAY_TICKS):
        recording.tick()
    recorders[0].ended(PLAN.sid, 20, "length")
    recording.tick()
    recording.stop_recording("CA1", PLAN.sid)
    assert recorders[0].said == []
    assert len(recorders[0].heard[0]) == 1
    assert events.of(RecordingEnded) == [RecordingEnded(leg="CA1", sid=PLAN.sid, duration_ms=20, cause="length")]


def test_a_recording_of_a_leg_that_is_gone_ends_at_once(recording: Engine, events: Events) -> None:
    recording.record("CA1", PLAN)
    assert events == [RecordingEnded(leg="CA1", sid=PLAN.sid, duration_ms=0, cause="closed")]


@pytest.mark.parametrize("sid", ["../../etc/passwd", "RE1", ""])
def test_a_recording_by_another_name_than_a_sid_is_refused(recording: Engine, sid: str) -> None:
    recording.open("CA1", "rtp")
    with pytest.raises(ValueError):
        recording.record("CA1", RecordingPlan(account=PLAN.account, sid=sid, key=bytes(32)))


def test_without_a_recorder_a_recording_fails_and_says_so(events: Events) -> None:
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, max_legs=1)
    engine.open("CA1", "rtp")
    engine.record("CA1", PLAN)
    assert events == [RecordingEnded(leg="CA1", sid=PLAN.sid, duration_ms=0, cause="failed")]
    engine.close_all()


def test_behind_a_nat_the_description_names_what_is_reached(events: Events) -> None:
    engine = Engine(PortPairs("127.0.0.1", PORTS, "203.0.113.7"), events.append, max_legs=1)
    assert engine.open("CA1", "rtp").address == "203.0.113.7"
    engine.close("CA1")
