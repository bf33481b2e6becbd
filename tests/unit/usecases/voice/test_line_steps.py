"""What a call's timeline says of its line and its sound: in words, and only what is known."""

import asyncio

from tests.unit.usecases.voice.stage import ACCOUNT, BASE, FakeLine, Stage, play

from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.call import open_step
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.media import LegStats


async def steps(stage: Stage, kind: str, figures: LegStats) -> list[StepDetail]:
    """The steps of one kind of a call that rings, is answered, and ends."""

    def answers(line: FakeLine) -> None:
        line.rings()
        line.answers()

    stage.lines.on_call = answers
    stage.media.figures = figures
    stage.program.pages["/voice"] = "<Response/>"
    sid = await stage.queue(url=f"{BASE}/voice")
    await stage.over(sid)
    sealer = RecordSealer(bytes(32), ACCOUNT)
    sealer._records = stage.keys._records
    # Steps are written a moment after they happen.
    await asyncio.sleep(1)
    return [open_step(sealer, sid, s.detail) for s in await stage.store.steps(ACCOUNT, sid) if s.kind == kind]


def test_a_status_of_the_line_has_its_word() -> None:
    async def scene(stage: Stage) -> None:
        assert [step.text for step in await steps(stage, "sip", LegStats())] == ["180 Ringing", "answered"]

    play(scene)


def test_what_was_heard_is_summed_up_with_what_is_known() -> None:
    async def scene(stage: Stage) -> None:
        heard = LegStats(packets_sent=9, packets_received=8, jitter_ms=1.234, mos=4.4, encoding="PCMU")
        (quality,) = await steps(stage, "media", heard)
        assert quality.text == "quality"
        fields = dict(quality.fields)
        assert (fields["packets_received"], fields["jitter_ms"], fields["mos"]) == ("8", "1.23", "4.40")
        assert fields["encoding"] == "PCMU"
        assert "round_trip_ms" not in fields

    play(scene)


def test_where_nothing_came_there_is_no_mark() -> None:
    async def scene(stage: Stage) -> None:
        (quality,) = await steps(stage, "media", LegStats(packets_sent=9))
        fields = dict(quality.fields)
        assert (fields["packets_sent"], fields["packets_received"]) == ("9", "0")
        assert fields.keys().isdisjoint({"mos", "jitter_ms", "round_trip_ms", "encoding"})

    play(scene)


def test_a_leg_without_sound_has_no_quality() -> None:
    async def scene(stage: Stage) -> None:
        assert await steps(stage, "media", LegStats()) == []

    play(scene)
