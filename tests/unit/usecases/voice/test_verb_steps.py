"""Every verb that begins is in the timeline, in order, with what decides what it does."""

import asyncio

from tests.unit.usecases.voice.stage import ACCOUNT, BASE, Stage, play

from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.call import open_step
from ringfence.domain.sealing.record import RecordSealer

DOCUMENT = (
    '<Response><Pause length="1"/><Gather numDigits="2" timeout="1" finishOnKey="*"><Say>Choose</Say></Gather>'
    "<Redirect>/next</Redirect></Response>"
)
NEXT = '<Response><Sms to="+12025550177">Bye</Sms><Hangup/></Response>'


async def verbs(stage: Stage, sid: str) -> list[StepDetail]:
    sealer = RecordSealer(bytes(32), ACCOUNT)
    sealer._records = stage.keys._records
    await stage.over(sid)
    # Steps are written a moment after they happen.
    await asyncio.sleep(1)
    steps = await stage.store.steps(ACCOUNT, sid)
    return [open_step(sealer, sid, step.detail) for step in steps if step.kind == "verb"]


def test_verbs_are_noted_as_they_begin() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = lambda line: line.answers()
        stage.program.pages["/voice"], stage.program.pages["/next"] = DOCUMENT, NEXT
        seen = await verbs(stage, await stage.queue(url=f"{BASE}/voice"))
        assert [step.text for step in seen] == ["Pause", "Gather", "Say", "Redirect", "Sms", "Hangup"]
        assert dict(seen[0].fields) == {"length": "1"}
        assert dict(seen[1].fields) == {"numDigits": "2", "timeout": "1", "finishOnKey": "*"}
        assert (seen[3].url, dict(seen[3].fields)) == ("/next", {"method": "POST"})

    play(scene)


def test_a_verb_that_runs_again_is_noted_again() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = lambda line: line.answers()
        stage.program.pages["/voice"] = "<Response><Pause/><Pause/></Response>"
        seen = await verbs(stage, await stage.queue(url=f"{BASE}/voice"))
        assert [step.text for step in seen] == ["Pause", "Pause"]

    play(scene)
