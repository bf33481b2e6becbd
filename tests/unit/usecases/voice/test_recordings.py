"""Recordings of a live call, as its tenant begins, pauses, resumes and ends them."""

import asyncio

import msgspec
from tests.unit.usecases.voice.stage import ACCOUNT, BASE, FakeLine, Stage, play, until

from ringfence.domain.call import RecordingOptions, Status
from ringfence.domain.sealing.record import seal_field
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallOrder


def answers(line: FakeLine) -> None:
    line.answers()


async def talking(stage: Stage, **content: object) -> str:
    stage.lines.on_call = answers
    sid = await stage.queue(twiml="<Response><Pause length='500'/></Response>", **content)
    await until(lambda: stage.lines.placed and stage.lines.placed[0].state == "answered")
    while (await stage.row(sid)).status is not Status.IN_PROGRESS:
        await asyncio.sleep(0.01)
    return sid


async def begin(stage: Stage, call: str, options: RecordingOptions) -> str:
    recording = new_sid("RE", stage.clock.now_ms())
    row = await stage.row(call)
    (key,) = await stage.keys.open_records(ACCOUNT, [(row.epoch, call)])
    assert key is not None
    content = seal_field(key, ACCOUNT, call, "order", msgspec.msgpack.encode(options))
    order = CallOrder(
        account=ACCOUNT, call_sid=call, kind="recording.start", argument=recording, content=content, at_ms=1
    )
    assert await stage.store.order(order)
    stage.bell.ring()
    await until(lambda: recording in stage.media.plans)
    return recording


async def status_of(stage: Stage, recording: str) -> str:
    row = await stage.store.recording(ACCOUNT, recording)
    assert row is not None
    return row.status


def test_one_is_begun_paused_resumed_and_stopped() -> None:
    async def scene(stage: Stage) -> None:
        call = await talking(stage)
        options = RecordingOptions(channels=2, callback=f"{BASE}/r", events=("in-progress", "completed"))
        recording = await begin(stage, call, options)
        assert await status_of(stage, recording) == "in-progress"
        await stage.order(call, "recording.pause", argument=recording)
        await until(lambda: "pause silence" in stage.media.said)
        await stage.order(call, "recording.skip", argument="Twilio.CURRENT")
        await until(lambda: "pause skip" in stage.media.said)
        assert await status_of(stage, recording) == "paused"
        await stage.order(call, "recording.resume", argument=recording)
        await until(lambda: "resume" in stage.media.said)
        await stage.order(call, "recording.stop", argument=recording)
        await until(lambda: recording not in stage.media.plans)
        await stage.order(call, "end")
        await stage.over(call)
        assert await status_of(stage, recording) == "completed"
        assert await stage.kinds(call) == ["recording.in-progress", "recording.completed"]

    play(scene)


def test_one_that_still_runs_ends_with_its_call() -> None:
    async def scene(stage: Stage) -> None:
        call = await talking(stage)
        recording = await begin(stage, call, RecordingOptions())
        stage.lines.placed[0].ends()
        await stage.over(call)
        assert await status_of(stage, recording) == "completed"

    play(scene)


def test_one_in_which_nothing_was_heard_is_absent() -> None:
    async def scene(stage: Stage) -> None:
        stage.media.recorded_ms = 0
        call = await talking(stage)
        recording = await begin(stage, call, RecordingOptions(callback=f"{BASE}/r", events=("absent",)))
        await stage.order(call, "end")
        await stage.over(call)
        assert await status_of(stage, recording) == "absent"
        assert await stage.kinds(call) == ["recording.absent"]

    play(scene)


def test_without_a_key_nothing_is_recorded_and_the_call_goes_on() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/voice"] = "<Response><Pause length='1'/><Record/><Say>Later</Say></Response>"
        sid = await stage.queue(url=f"{BASE}/voice")
        await until(lambda: stage.program.asked)
        stage.keys.away = True
        await until(lambda: stage.speech.said, turns=1_500)
        assert not stage.media.plans
        stage.keys.away = False
        assert (await stage.over(sid)).status is Status.COMPLETED

    play(scene)
