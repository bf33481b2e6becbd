"""Recordings of a test: what they hold and how long they are, on a clock that is moved."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, Literal

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.ports.media import RecordingPlan
from ringfence.ports.recordings import RecordingGoneError, RecordingUnreadableError
from ringfence.testing.still_loop import StillLoop
from ringfence.testing.still_recordings import Silence, StillRecording, StillRecordingFiles

ACCOUNT, SID = "AC" + "a" * 32, "RE" + "b" * 32
HEADER = 44


class Scene:
    """A recording in a still loop."""

    def __init__(self, **plan: Any) -> None:
        self.clock = ManualClock(0)
        self.loop = StillLoop(self.clock)
        self.causes: list[str] = []
        self.plan = RecordingPlan(account=ACCOUNT, sid=SID, key=b"", **plan)
        self.recording: StillRecording = self._in_loop(lambda: StillRecording("leg", self.plan, self.causes.append))

    def _in_loop(self, work: Any) -> Any:
        async def done() -> Any:
            return work()

        return self.loop.run_task(done())

    def passes(self, seconds: float) -> None:
        """Time, in steps as its timers want them."""
        until_ms = self.clock.now_ms() + round(seconds * 1_000)
        self.loop.run_ready()
        while (due_ms := self.loop.next_timer_ms) is not None and self.clock.now_ms() + due_ms <= until_ms:
            self.clock.advance(due_ms)
            self.loop.run_ready()
        self.clock.advance(until_ms - self.clock.now_ms())
        self.loop.run_ready()

    def sound(self, words: str = "Hello", lasts_s: float = 1.0, *, inbound: bool = True) -> None:
        self._in_loop(lambda: self.recording.sound(words, lasts_s, inbound=inbound))

    def do(self, what: Literal["pause", "mute", "resume"]) -> None:
        work = {"resume": self.recording.resume}.get(what, lambda: self.recording.pause(silence=what == "mute"))
        self._in_loop(work)

    def end(self) -> int:
        return int(self._in_loop(self.recording.end))

    def close(self) -> None:
        self.loop.close()


Begin = Callable[..., Scene]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Begins recordings, whose loops are closed in the end."""
    with contextlib.ExitStack() as stack:

        def made(**plan: Any) -> Scene:
            return stack.enter_context(contextlib.closing(Scene(**plan)))

        yield made


def test_it_is_as_long_as_it_ran(begin: Begin) -> None:
    scene = begin()
    scene.passes(3.2)
    assert scene.end() == 3_200
    scene.passes(20_000)
    assert scene.causes == []


def test_it_ends_at_its_length_and_at_no_other_time(begin: Begin) -> None:
    scene = begin(max_length_s=10)
    scene.passes(9.999)
    assert scene.causes == []
    scene.passes(0.001)
    assert scene.causes == ["length"]


def test_silence_ends_it_after_the_last_sound(begin: Begin) -> None:
    scene = begin(silence_timeout_s=5)
    scene.passes(4)
    scene.sound(lasts_s=3)
    scene.passes(7.999)
    assert scene.causes == []
    scene.passes(0.001)
    assert scene.causes == ["silence"]


def test_a_pause_is_left_out_and_does_not_count(begin: Begin) -> None:
    scene = begin(max_length_s=10, silence_timeout_s=4)
    scene.passes(2)
    scene.do("pause")
    scene.sound("unheard")
    scene.passes(100)
    assert scene.causes == []
    scene.do("resume")
    scene.passes(1.999)
    assert scene.causes == []
    scene.passes(0.001)
    assert scene.causes == ["silence"]
    assert scene.recording.words == []
    assert scene.end() == 4_000


def test_a_muted_span_counts_and_holds_nothing(begin: Begin) -> None:
    scene = begin()
    scene.do("mute")
    scene.sound("unheard")
    scene.passes(2)
    scene.do("resume")
    scene.sound("heard")
    scene.passes(1)
    assert scene.recording.words == ["heard"]
    assert scene.end() == 3_000


def test_resuming_what_runs_changes_nothing(begin: Begin) -> None:
    scene = begin(max_length_s=10)
    scene.passes(2)
    scene.do("resume")
    scene.passes(8)
    assert scene.causes == ["length"]
    assert scene.end() == 10_000


@pytest.mark.parametrize(
    ("before", "lasts", "after", "length_ms"),
    [
        (2.0, 1.0, 3.0, 100 + 1_000 + 200),
        (0.0, 1.0, 3.0, 1_000 + 200),
        (0.05, 1.0, 3.0, 50 + 1_000 + 200),
        (2.0, 1.0, 1.1, 100 + 1_000 + 100),
        (2.0, 5.0, 1.0, 100 + 1_000),
    ],
)
def test_trimming_leaves_a_little_about_what_was_heard(
    begin: Begin, before: float, lasts: float, after: float, length_ms: int
) -> None:
    scene = begin(trim=True)
    scene.passes(before)
    scene.sound(lasts_s=lasts)
    scene.passes(after)
    assert scene.end() == length_ms


def test_nothing_is_left_of_silence(begin: Begin) -> None:
    scene = begin(trim=True)
    scene.passes(5)
    assert scene.end() == 0


def test_trimming_reaches_from_the_first_sound_to_the_last(begin: Begin) -> None:
    scene = begin(trim=True)
    scene.passes(1)
    scene.sound("", lasts_s=4)
    scene.sound("Hello", lasts_s=1)
    scene.passes(10)
    assert scene.recording.words == ["Hello"]
    assert scene.end() == 100 + 4_000 + 200


@pytest.mark.parametrize(("tracks", "words"), [("both", ["in", "out"]), ("inbound", ["in"]), ("outbound", ["out"])])
def test_it_holds_the_tracks_it_is_to_hold(begin: Begin, tracks: str, words: list[str]) -> None:
    scene = begin(tracks=tracks)
    scene.sound("in", inbound=True)
    scene.sound("out", inbound=False)
    assert scene.recording.words == words


def read(made: AsyncGenerator[bytes]) -> bytes:
    async def whole() -> bytes:
        return b"".join([piece async for piece in made])

    return asyncio.run(whole())


def test_its_file_is_silence_of_its_length_in_any_part() -> None:
    silence = Silence(10_000)
    whole = read(silence.wav(0, silence.wav_bytes))
    assert len(whole) == silence.wav_bytes == HEADER + 160_000
    assert set(whole[HEADER:]) == {0}
    for start, end in ((0, 10), (40, 50), (HEADER, HEADER), (HEADER, HEADER + 3), (100, 140_000), (160_000, 200_000)):
        assert read(silence.wav(start, end)) == whole[start:end]
    assert silence.damaged is False
    with pytest.raises(RecordingUnreadableError):
        read(silence.mp3())


def test_a_file_is_gone_once_it_is_erased() -> None:
    files = StillRecordingFiles({SID: 5_000}.get)
    assert asyncio.run(files.open(ACCOUNT, SID, b"")).duration_ms == 5_000
    assert files.can_mp3() is False
    asyncio.run(files.delete(ACCOUNT, SID))
    for sid in (SID, "RE" + "c" * 32):
        with pytest.raises(RecordingGoneError):
            asyncio.run(files.open(ACCOUNT, sid, b""))
