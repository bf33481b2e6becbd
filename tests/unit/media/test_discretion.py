"""What is recorded: every frame once, in order, and no key that was pressed (drill D31)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ringfence.media.discretion import DELAY_TICKS, Discretion
from ringfence.media.dtmf import COLUMNS_HZ, ROWS_HZ, keys_sound
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.tone_keys import ToneKeys
from ringfence.ports.media import Clip, KeyPressed, Keys, RecordingPlan
from unit.media.peer import FRAME, Events, Peer, level_of, talk, tone

CARD = "4111111111111111"


def plan(number: int) -> RecordingPlan:
    return RecordingPlan(account="AC" + "0" * 32, sid=f"RE{number:032x}", key=bytes(32), channels=2)


class Recorder:
    """Keeps what it is given, by recording."""

    def __init__(self, ended: Callable[[str, int, str], None]) -> None:
        self._ended = ended
        self._sids: list[str] = []
        self._paused: dict[int, bool] = {}
        self.heard: dict[int, list[NDArray[np.int16]]] = {}

    def begin(self, plan: RecordingPlan, path: Path) -> int:
        self._sids.append(plan.sid)
        self.heard[len(self._sids) - 1] = []
        return len(self._sids) - 1

    def tick(self, slots: NDArray[np.int64], inbound: NDArray[np.int16], outbound: NDArray[np.int16]) -> None:
        for place, slot in enumerate(slots.tolist()):
            frame = np.stack([inbound[place], outbound[place]])
            if slot not in self._paused:
                self.heard[slot].append(frame)
            elif self._paused[slot]:
                self.heard[slot].append(np.zeros_like(frame))

    def pause(self, slot: int, silence: bool) -> None:
        self._paused[slot] = silence

    def resume(self, slot: int) -> None:
        del self._paused[slot]

    def stop(self, slot: int, cause: str) -> None:
        self._ended(self._sids[slot], 0, cause)

    def sound(self, slot: int, way: int) -> NDArray[np.int16]:
        return np.concatenate([frame[way] for frame in self.heard[slot]])


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def made() -> list[Recorder]:
    return []


@pytest.fixture
def engine(events: Events, made: list[Recorder], tmp_path: Path) -> Iterator[Engine]:
    def recorder(ended: Callable[[str, int, str], None]) -> Recorder:
        made.append(Recorder(ended))
        return made[-1]

    ports = PortPairs("127.0.0.1", PortRange(20_000, 29_999))
    engine = Engine(ports, events.append, recordings_dir=tmp_path, recorder=recorder, max_legs=4)
    yield engine
    engine.close_all()


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    both = [Peer(), Peer(ssrc=77)]
    yield both
    for peer in both:
        peer.close()


def called(engine: Engine, peers: list[Peer], **changes: object) -> None:
    """Two legs, bridged, both recorded."""
    for number, peer in enumerate(peers):
        peer.knows(engine.open(f"CA{number}", "rtp"))
        engine.connect(f"CA{number}", peer.remote(**changes))
        engine.record(f"CA{number}", plan(number))
    engine.bridge("CA0", "CA1")


def keys_in(sound: NDArray[np.int16]) -> str:
    """What a detector hears in it, and a closer look at each frame."""
    keys = ToneKeys(1)
    told = ""
    for start in range(0, len(sound) // FRAME * FRAME, FRAME):
        frame = sound[start : start + FRAME]
        told += "".join(key for _, key in keys.hear(np.array([0]), frame[None, :]))
        rows = max(level_of(frame, frequency) for frequency in ROWS_HZ)
        columns = max(level_of(frame, frequency) for frequency in COLUMNS_HZ)
        told += "?" if min(rows, columns) > 1_000 else ""
    return told


@pytest.mark.parametrize("events_too", [False, True], ids=["by its tones alone", "by tones beside events"])
def test_a_card_number_that_is_pressed_is_told_and_in_no_recording_of_either_leg(
    engine: Engine, events: Events, made: list[Recorder], peers: list[Peer], events_too: bool
) -> None:
    called(engine, peers, **({} if events_too else {"event_payload_type": None}))
    # Tones do not keep to our frames.
    sound = np.concatenate([tone(300, 113), keys_sound(CARD), tone(300, 400)])
    sound = sound[: len(sound) // FRAME * FRAME]
    for start in range(0, len(sound), FRAME):
        if events_too and start >= 904 and (start - 904) // FRAME % 10 == 0 and (start - 904) // 1_600 < len(CARD):
            (packet, *_) = peers[0].key_packets(CARD[(start - 904) // 1_600])
            peers[0].timestamp -= FRAME * 8
            peers[0].sequence -= 7
            peers[0].send(packet)
        peers[0].say(sound[start : start + FRAME])
        talk(engine, peers[1], ticks=1)
    told = "".join(event.key for event in events.of(KeyPressed) if event.leg == "CA0")  # type: ignore[attr-defined]
    assert told == CARD
    for name in ("CA0", "CA1"):
        engine.close(name)
    assert keys_in(sound) != ""
    for slot, way in ((0, 0), (1, 1)):
        recorded = made[0].sound(slot, way)
        assert keys_in(recorded) == ""
        # What was said before and after is there.
        assert level_of(recorded[320:480], 300) > 5_000
        assert level_of(recorded[-1_600:], 300) > 5_000


def test_keys_that_go_to_the_peer_as_tones_are_not_recorded_either(
    engine: Engine, made: list[Recorder], peers: list[Peer]
) -> None:
    called(engine, peers, event_payload_type=None)
    engine.press("CA1", "42")
    talk(engine, *peers, ticks=30)
    assert keys_in(peers[1].sound()) != ""
    engine.close("CA1")
    assert keys_in(made[0].sound(1, 1)) == ""


def test_keys_that_are_played_are_heard_by_the_peer_and_in_no_recording(
    engine: Engine, made: list[Recorder], peers: list[Peer]
) -> None:
    called(engine, peers)
    engine.unbridge("CA1")
    engine.keep("words", np.full(8 * FRAME, 3_000, np.int16).tobytes())
    engine.play("CA1", 1, [Clip("words"), Keys("42"), Clip("words")], loop=1)
    talk(engine, *peers, ticks=45)
    assert keys_in(peers[1].sound()) != ""
    engine.close("CA1")
    recorded = made[0].sound(1, 1)
    assert keys_in(recorded) == ""
    # What was played before is there up to 60 ms before the first key, and what came after is whole.
    assert int((recorded == 3_000).sum()) == (5 + 8) * FRAME


def test_every_frame_is_recorded_once_from_the_first_to_the_last(
    engine: Engine, made: list[Recorder], peers: list[Peer]
) -> None:
    called(engine, peers)
    engine.unbridge("CA0")
    ramp = np.repeat(np.arange(1, 31, dtype=np.int16) * 500, FRAME)
    engine.keep("ramp", ramp.tobytes())
    engine.play("CA0", 1, [Clip("ramp")], loop=1)
    talk(engine, *peers, ticks=20)
    engine.stop_recording("CA0", plan(0).sid)
    talk(engine, *peers, ticks=5)
    assert [int(frame[1, 0]) for frame in made[0].heard[0]] == [number * 500 for number in range(1, 21)]


@pytest.mark.parametrize("silence", [True, False])
def test_nothing_of_a_pause_is_recorded_and_all_before_it_is(
    engine: Engine, made: list[Recorder], peers: list[Peer], silence: bool
) -> None:
    called(engine, peers)
    engine.unbridge("CA0")
    ramp = np.repeat(np.arange(1, 61, dtype=np.int16) * 500, FRAME)
    engine.keep("ramp", ramp.tobytes())
    engine.play("CA0", 1, [Clip("ramp")], loop=1)
    talk(engine, *peers, ticks=10)
    engine.pause_recording("CA0", plan(0).sid, silence=silence)
    talk(engine, *peers, ticks=10)
    engine.resume_recording("CA0", plan(0).sid)
    talk(engine, *peers, ticks=10)
    engine.close("CA0")
    numbers = [int(frame[1, 0]) // 500 for frame in made[0].heard[0]]
    pause = [0] * 10 if silence else []
    assert numbers == [*range(1, 11), *pause, *range(21, 31)]


def test_a_frame_that_is_hushed_is_silent_whichever_way_and_others_are_not() -> None:
    discretion = Discretion(2)
    rows = np.array([0, 1])
    for tick in range(1, DELAY_TICKS + 1):
        discretion.keep(tick, np.full((2, FRAME), tick, np.int16), np.full((2, FRAME), 10 + tick, np.int16))
    discretion.hush_inbound(np.array([0]), 2)
    discretion.hush_outbound(np.array([1]), 1)
    discretion.hush_outbound(np.array([1]), 0)
    inbound, outbound = discretion.frames(rows, 1)
    assert (inbound[:, 0].tolist(), outbound[:, 0].tolist()) == ([0, 1], [11, 0])
    inbound, outbound = discretion.frames(rows, 3)
    assert (inbound[:, 0].tolist(), outbound[:, 0].tolist()) == ([3, 3], [13, 13])
    discretion.clear(0)
    assert discretion.frames(rows, 3)[0][:, 0].tolist() == [0, 3]
