"""What a duty keeps of calls: of each its start and its end, and an error where the key service was away at its end."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from structlog.testing import capture_logs
from tests.unit.usecases.voice.stage import ACCOUNT, CALLER, NUMBER, OTHER, Stage, play, until
from tests.unit.usecases.webhooks.conftest import LocalKeys

from ringfence.domain.call import Status
from ringfence.domain.retention.facts import FIELDS, Facts
from ringfence.domain.sealing.retained import EpochRetention, RecordRetention, open_retained
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.retention import RetainedRow
from ringfence.usecases.voice.end_orphans import OrphanEnder

DUTY = EpochRetention(duty=3, fields=FIELDS, days=1, epoch=9, key=bytes(32))
TALK = "<Response><Say>Welcome</Say></Response>"


async def kept(stage: Stage) -> dict[tuple[str, int], Facts]:
    rows: list[RetainedRow] = await stage.store.retained(ACCOUNT, 3, 0, 100)
    return {
        (row.sid, row.part): open_retained(DUTY.of(row.sid, row.part).key, ACCOUNT, row.sid, row.part, row.sealed)
        for row in rows
    }


async def first(stage: Stage) -> str:
    """The call that came in, once it is there."""
    await until(lambda: len(stage.calls.live) or stage.program.asked)
    return (await stage.all_rows())[0].sid


def missed(logs: Sequence[Mapping[str, object]]) -> list[tuple[object, object]]:
    """Of the errors: which call, and why."""
    return [
        (log["call_sid"], log["error"])
        for log in logs
        if (log["event"], log["log_level"]) == ("retention.missed", "error")
    ]


def test_of_a_call_that_comes_in_its_start_and_how_long_it_lasted_are_kept() -> None:
    async def scene(stage: Stage) -> None:
        stage.keys.duty = DUTY
        stage.program.pages["/voice"] = TALK
        stage.comes_in()
        row = await stage.over(await first(stage))
        assert row.answered_ms is not None
        assert row.ended_ms is not None
        assert await kept(stage) == {
            (row.sid, 0): Facts(
                kind="call", direction="inbound", local=NUMBER, remote=CALLER, accepted_at=row.created_ms // 1_000
            ),
            (row.sid, 1): Facts(duration_s=-(-(row.ended_ms - row.answered_ms) // 1_000)),
        }

    play(scene)


def test_of_a_call_that_nobody_answers_it_is_kept_that_it_lasted_nothing() -> None:
    async def scene(stage: Stage) -> None:
        stage.keys.duty = DUTY
        stage.program.pages["/voice"] = "<Response><Reject reason='busy'/></Response>"
        stage.comes_in()
        row = await stage.over(await first(stage))
        assert row.status is Status.BUSY
        assert (await kept(stage))[row.sid, 1] == Facts(duration_s=0)

    play(scene)


def test_the_call_to_a_party_is_kept_as_one_of_its_own() -> None:
    async def scene(stage: Stage) -> None:
        stage.keys.duty = DUTY
        stage.program.pages["/voice"] = f"<Response><Dial><Number>{OTHER}</Number></Dial></Response>"
        stage.comes_in()
        await until(lambda: stage.lines.placed)
        party = (await stage.all_rows())[1]
        facts = (await kept(stage))[party.sid, 0]
        assert (facts.direction, facts.local, facts.remote) == ("outbound", NUMBER, OTHER)
        stage.lines.placed[0].ends(486)
        for row in await stage.all_rows():
            await stage.over(row.sid)
        assert sorted(part for _, part in await kept(stage)) == [0, 0, 1, 1]

    play(scene)


def test_undeclared_keeps_nothing_of_calls() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = TALK
        stage.comes_in()
        await stage.over(await first(stage))
        assert stage.store._retained == {}

    play(scene)


def test_a_call_ends_though_the_key_service_stays_away_and_what_is_missed_is_said() -> None:
    async def scene(stage: Stage) -> None:
        stage.keys.duty = DUTY
        stage.program.pages["/voice"] = "<Response><Pause length='2'/></Response>"
        with capture_logs() as logs:
            stage.comes_in()
            sid = await first(stage)
            stage.keys.away = True
            began_ms = stage.clock.monotonic_ms()
            assert (await stage.over(sid, turns=2_000)).status in (Status.COMPLETED, Status.FAILED)
            assert stage.clock.monotonic_ms() - began_ms >= 5_000
        assert missed(logs) == [(sid, "ConnectionError")]
        assert list(await kept(stage)) == [(sid, 0)]

    play(scene)


async def abandoned(stage: Stage, **of: object) -> CallRow:
    """A call whose process is dead."""
    return await stage.row(await stage.queue(of={"owner": "dead", "status": Status.RINGING, **of}))


def test_a_key_service_that_is_away_for_a_moment_loses_nothing() -> None:
    async def scene(stage: Stage) -> None:
        stage.keys.duty = DUTY
        row = await abandoned(stage)
        stage.keys.away = True
        with capture_logs() as logs:
            asked = asyncio.create_task(stage.calls.desk.ends.of(row, row.created_ms))
            await asyncio.sleep(4)
            stage.keys.away = False
            assert await asked is not None
        assert missed(logs) == []

    play(scene)


def test_while_no_duty_stands_no_call_ends_later_for_it() -> None:
    async def scene(stage: Stage) -> None:
        row, ends = await abandoned(stage), stage.calls.desk.ends
        assert await ends.of(row, row.created_ms) is None
        stage.keys.away = True
        began_ms = stage.clock.monotonic_ms()
        with capture_logs() as logs:
            assert await ends.of(row, row.created_ms) is None
        assert stage.clock.monotonic_ms() == began_ms
        assert missed(logs) == []
        stage.keys.away, stage.keys.duty = False, DUTY
        assert await ends.of(row, row.created_ms) is not None
        stage.keys.away = True
        with capture_logs() as logs:
            assert await ends.of(row, row.created_ms) is None
        assert missed(logs) == [(row.sid, "ConnectionError")]

    play(scene)


def test_a_refusal_is_said_too() -> None:
    class Refusing(LocalKeys):
        async def retention_of(self, account: str, sid: str) -> RecordRetention | None:
            if self.duty is None:
                return None
            raise KeyRefusedError("no such account")

    async def scene(stage: Stage) -> None:
        row, ends = await abandoned(stage), stage.calls.desk.ends
        assert await ends.of(row, row.created_ms) is None
        stage.keys.duty = DUTY
        with capture_logs() as logs:
            assert await ends.of(row, row.created_ms) is None
        assert missed(logs) == [(row.sid, "KeyRefusedError")]

    stage = Stage()
    stage.keys = Refusing()
    play(scene, on=stage)


@pytest.mark.parametrize("opens", [True, False])
def test_of_a_call_whose_process_died_its_end_is_kept_whether_it_opens_or_not(opens: bool) -> None:
    async def scene(stage: Stage) -> None:
        stage.keys.duty = DUTY
        row = await abandoned(stage, status=Status.IN_PROGRESS, answered_ms=stage.clock.now_ms() - 61_000)
        if not opens:
            stage.keys.closed.add(row.sid)
        await OrphanEnder(stage.calls.desk).end([row])
        ended = await stage.row(row.sid)
        assert ended.ended_ms is not None
        assert ended.answered_ms is not None
        seconds = -(-(ended.ended_ms - ended.answered_ms) // 1_000)
        assert seconds >= 61
        assert await kept(stage) == {(row.sid, 1): Facts(duration_s=seconds)}

    play(scene)
