"""Media of a test: what legs hear and say, and when it is over."""

import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any

import msgspec
import pytest

from ringfence.domain.clock import ManualClock
from ringfence.ports.media import (
    Clip,
    Keys,
    MediaEvent,
    RecordingEnded,
    RecordingPlan,
    Silence,
    SoundEnded,
    Tone,
    UnknownSoundError,
)
from ringfence.testing.still_loop import StillLoop
from ringfence.testing.still_media import StillMedia
from ringfence.testing.still_speech import StillSound

PLAN = RecordingPlan(account="AC" + "a" * 32, sid="RE1", key=b"")


class Scene:
    """Media in a still loop, and what it told."""

    def __init__(self) -> None:
        self.clock = ManualClock(0)
        self.loop = StillLoop(self.clock)
        self.heard: list[tuple[float, str, str]] = []
        self.recorded: list[tuple[str, str, str, int]] = []
        self.events: list[tuple[float, MediaEvent]] = []
        self.media = StillMedia(
            lambda leg, text: self.heard.append((self.now_s, leg, text)),
            lambda *recorded: self.recorded.append(recorded),
        )
        self.media.tell = lambda event: self.events.append((self.now_s, event))
        self.do(self.media.keep("hello", msgspec.msgpack.encode(StillSound("Hello", 2_000))))

    @property
    def now_s(self) -> float:
        return self.clock.now_ms() / 1_000

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_task(work)

    def say(self, leg: str, words: str) -> None:
        async def said() -> None:
            self.media.say(leg, words)

        self.do(said())

    def left_s(self, leg: str) -> float:
        async def asked() -> float:
            return round(self.media.sounds_for_s(leg), 3)

        return float(self.do(asked()))

    def passes(self, seconds: float) -> None:
        until_ms = self.clock.now_ms() + round(seconds * 1_000)
        self.loop.run_ready()
        while (due_ms := self.loop.next_timer_ms) is not None and self.clock.now_ms() + due_ms <= until_ms:
            self.clock.advance(due_ms)
            self.loop.run_ready()
        self.clock.advance(until_ms - self.clock.now_ms())
        self.loop.run_ready()


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    with contextlib.closing(made.loop):
        yield made


def test_each_leg_has_a_port_of_its_own(scene: Scene) -> None:
    one, other = scene.do(scene.media.open("a", "rtp")), scene.do(scene.media.open("b", "rtp"))
    assert scene.media.leg_at(one.port) == "a"
    assert scene.media.leg_at(other.port) == "b"
    assert scene.media.leg_at(1) == ""


def test_pieces_are_heard_one_after_the_other_and_end_once(scene: Scene) -> None:
    pieces = [Clip("hello"), Silence(500), Keys("12"), Tone("beep"), Clip("hello")]
    scene.do(scene.media.play("a", 7, pieces))
    assert scene.left_s("a") == 5.9
    scene.passes(20)
    assert scene.heard == [(0.0, "a", "Hello"), (2.5, "a", "keys 12"), (3.9, "a", "Hello")]
    assert scene.events == [(5.9, SoundEnded("a", 7))]
    assert scene.left_s("a") == 0


def test_a_loop_ends_after_its_last_round_and_an_endless_one_never(scene: Scene) -> None:
    scene.do(scene.media.play("a", 1, [Clip("hello")], loop=3))
    scene.do(scene.media.play("b", 2, [Clip("hello")], loop=0))
    assert (scene.left_s("a"), scene.left_s("b")) == (6, 2)
    scene.passes(100)
    assert scene.events == [(6.0, SoundEnded("a", 1))]


def test_what_plays_is_replaced_or_stopped_without_an_end(scene: Scene) -> None:
    scene.do(scene.media.play("a", 1, [Silence(1_000), Clip("hello")]))
    scene.do(scene.media.play("a", 2, [Silence(1_000), Clip("hello")]))
    scene.do(scene.media.play("b", 3, [Silence(1_000), Clip("hello")]))
    scene.do(scene.media.stop_playing("b"))
    assert scene.left_s("b") == 0
    scene.passes(10)
    assert scene.heard == [(1.0, "a", "Hello")]
    assert scene.events == [(3.0, SoundEnded("a", 2))]


def test_a_clip_that_is_not_kept_is_unknown(scene: Scene) -> None:
    scene.do(scene.media.play("a", 1, [Clip("hello")]))
    with pytest.raises(UnknownSoundError):
        scene.do(scene.media.play("a", 2, [Clip("hello"), Clip("goodbye")]))
    scene.passes(5)
    assert scene.events == [(2.0, SoundEnded("a", 1))]


def test_keys_that_are_sent_are_heard(scene: Scene) -> None:
    scene.do(scene.media.press("a", "5#"))
    assert scene.heard == [(0.0, "a", "keys 5#")]


def test_who_is_joined_hears_what_is_said_in_its_order(scene: Scene) -> None:
    scene.passes(5)
    scene.do(scene.media.bridge("a", "b"))
    scene.say("a", "x" * 20)
    scene.say("a", "y" * 10)
    assert (scene.left_s("a"), scene.left_s("b"), scene.left_s("c")) == (1.95, 1.95, 0)
    scene.passes(10)
    assert scene.heard == [(5.0, "b", "x" * 20), (6.3, "b", "y" * 10)]
    scene.do(scene.media.unbridge("b"))
    scene.say("a", "unheard")
    scene.say("b", "unheard")
    assert len(scene.heard) == 2


def test_a_leg_that_is_closed_is_silent_and_joined_with_nobody(scene: Scene) -> None:
    scene.do(scene.media.bridge("a", "b"))
    scene.do(scene.media.play("a", 1, [Silence(500), Clip("hello")]))
    scene.say("a", "x" * 20)
    scene.say("a", "unheard")
    scene.do(scene.media.close("a"))
    scene.say("b", "unheard")
    assert scene.left_s("a") == 0
    scene.passes(10)
    assert scene.heard == [(0.0, "b", "x" * 20)]
    assert scene.events == []


def test_a_recording_has_what_its_leg_says_and_hears(scene: Scene) -> None:
    scene.do(scene.media.bridge("a", "b"))
    scene.do(scene.media.record("a", PLAN))
    scene.do(scene.media.record("b", msgspec.structs.replace(PLAN, sid="RE2", tracks="inbound")))
    scene.say("a", "Yes?")
    scene.say("b", "No.")
    scene.do(scene.media.play("a", 1, [Clip("hello")]))
    scene.passes(3)
    scene.do(scene.media.stop_recording("a", "RE1"))
    scene.do(scene.media.stop_recording("a", "RE1"))
    assert scene.recorded == [("a", "RE1", "Yes? No. Hello", 3_000)]
    scene.do(scene.media.close("a"))
    assert len(scene.recorded) == 1
    scene.do(scene.media.close("b"))
    assert scene.recorded[1:] == [("b", "RE2", "No.", 3_000)]
    scene.passes(0)
    assert scene.events[-2:] == [
        (3.0, RecordingEnded(leg="a", sid="RE1", duration_ms=3_000, cause="stopped")),
        (3.0, RecordingEnded(leg="b", sid="RE2", duration_ms=3_000, cause="closed")),
    ]
    assert (scene.media.length_ms("RE1"), scene.media.length_ms("RE3")) == (3_000, None)


def test_a_recording_is_paused_and_resumed(scene: Scene) -> None:
    scene.do(scene.media.record("a", PLAN))
    scene.passes(1)
    scene.do(scene.media.pause_recording("a", "RE1", silence=False))
    scene.passes(1)
    scene.do(scene.media.resume_recording("a", "RE1"))
    scene.passes(1)
    for work in (scene.media.resume_recording, scene.media.stop_recording):
        scene.do(work("a", "RE9"))
    scene.do(scene.media.pause_recording("a", "RE9", silence=True))
    scene.do(scene.media.stop_recording("a", "RE1"))
    assert scene.recorded == [("a", "RE1", "", 2_000)]


def test_a_recording_ends_by_itself_once(scene: Scene) -> None:
    scene.do(scene.media.record("a", msgspec.structs.replace(PLAN, max_length_s=2)))
    scene.passes(5)
    scene.do(scene.media.close("a"))
    scene.passes(0)
    assert scene.events == [(2.0, RecordingEnded(leg="a", sid="RE1", duration_ms=2_000, cause="length"))]
