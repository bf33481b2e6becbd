"""No call is ever stuck: not one whose process died, nor one that no key opens, nor one that waits too long."""

import asyncio
from collections.abc import Sequence

from tests.unit.usecases.voice.stage import ACCOUNT, BASE, Stage, play, until
from tests.unit.usecases.webhooks.conftest import LocalKeys

from ringfence.domain.call import Status
from ringfence.domain.sealing.call import open_step
from ringfence.domain.sealing.record import EpochRecords, RecordSealer
from ringfence.ports.calls import CallChange, CallOrder
from ringfence.ports.freezes import FreezeRow
from ringfence.usecases.access.freeze import freeze
from ringfence.usecases.voice.brakes import BrakeLimits


async def left_behind(stage: Stage, owner: str, *, answered: bool) -> str:
    """A call that another process was running."""
    status = Status.IN_PROGRESS if answered else Status.RINGING
    row = {"owner": owner, "status": status, "answered_ms": stage.clock.now_ms() if answered else None}
    return await stage.queue(of=row, status_callback=f"{BASE}/status", twiml="<Response/>")


def test_calls_of_a_process_that_died_end_and_their_programs_are_told() -> None:
    async def scene(stage: Stage) -> None:
        await stage.store.hold_calls("other", stage.clock.now_ms(), 5_000)
        talking = await left_behind(stage, "other", answered=True)
        ringing = await left_behind(stage, "other", answered=False)
        for sid, status in ((talking, Status.COMPLETED), (ringing, Status.FAILED)):
            row = await stage.over(sid, turns=3_000)
            assert (row.status, row.error_code) == (status, 31005)
            assert (await stage.kinds(sid))[-1] == f"call.{status.value}"

    play(scene)


def test_a_call_that_no_key_opens_fails() -> None:
    async def scene(stage: Stage) -> None:
        sid = await stage.queue(twiml="<Response/>")
        stage.keys.closed.add(sid)
        row = await stage.over(sid, turns=1_000)
        assert row.status is Status.FAILED

    play(scene)


def test_what_happened_is_in_the_timeline_sealed() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = lambda line: line.answers()
        stage.program.pages["/voice"] = "<Response><Say>Hi</Say><Bogus/></Response>"
        sid = await stage.queue(url=f"{BASE}/voice")
        await stage.over(sid)
        await until(lambda: stage.clock.now_ms())
        await asyncio.sleep(1)
        steps = await stage.store.steps(ACCOUNT, sid)
        kinds = [step.kind for step in steps]
        for kind in ("status", "webhook", "document", "warning", "verb", "media"):
            assert kind in kinds
        assert all(b"Bogus" not in step.detail for step in steps)
        records: EpochRecords = stage.keys._records
        sealer = RecordSealer(bytes(32), ACCOUNT)
        sealer._records = records
        warning = next(step for step in steps if step.kind == "warning")
        assert warning.code == 12200
        shown = open_step(sealer, sid, warning.detail)
        assert "Bogus" in shown.text
        assert (shown.line, shown.column) == (1, 24)

    play(scene)


def test_an_order_for_a_call_that_is_over_is_dropped() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = lambda line: line.ends(486)
        sid = await stage.queue(twiml="<Response/>")
        await stage.over(sid)
        assert not await stage.order(sid, "end")

    play(scene)


def test_calls_that_an_account_may_not_begin_yet_wait_in_line() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = lambda line: line.rings()
        for _ in range(7):
            await stage.queue(twiml="<Response/>", timeout_s=100)
        began = []
        for _ in range(3):
            await asyncio.sleep(0.5)
            began.append(len(stage.lines.placed))
            await asyncio.sleep(0.5)
        assert began[0] == 2
        assert began[-1] <= 6
        await until(lambda: len(stage.lines.placed) == 7, turns=1_000)

    play(scene, on=Stage(limits=BrakeLimits(calls_per_s=2)))


def test_a_freeze_ends_calls_under_way_and_those_that_wait_and_turns_away_those_that_come_in() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Say>Hello</Say><Pause length='600'/></Response>"
        talking = stage.comes_in()
        await until(lambda: talking.state == "answered")
        await freeze(stage.store, stage.clock, "platform", "platform")
        await asyncio.sleep(1)
        assert talking.state == "ended"
        waiting = await stage.queue(twiml="<Response/>", status_callback=f"{BASE}/status")
        for row in [await stage.over(each.sid) for each in await stage.all_rows()]:
            answered = row.answered_ms is not None
            assert (row.status, row.error_code) == (Status.COMPLETED if answered else Status.FAILED, 10001)
            await asyncio.sleep(1)
            steps = await stage.store.steps(ACCOUNT, row.sid)
            assert [step.code for step in steps if step.kind == "error"] == [10001]
        assert await stage.kinds(waiting) == ["call.failed"]
        assert not stage.lines.placed
        turned_away = stage.comes_in()
        await until(lambda: turned_away.refused)
        assert turned_away.refused == 480
        assert len(await stage.all_rows()) == 2

    play(scene)


def test_the_calls_of_others_go_on_and_so_do_all_after_the_thaw() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Say>Hello</Say><Pause length='600'/></Response>"
        talking = stage.comes_in()
        await until(lambda: talking.state == "answered")
        await stage.store.put_freeze(FreezeRow(kind="account", name="AC" + "b" * 32, at_ms=1))
        await asyncio.sleep(2)
        assert talking.state == "answered"
        await stage.store.put_freeze(FreezeRow(kind="account", name=ACCOUNT, at_ms=1))
        await asyncio.sleep(1)
        assert talking.state == "ended"
        await stage.store.delete_freeze("account", ACCOUNT)
        await asyncio.sleep(1)
        again = stage.comes_in()
        await until(lambda: again.state == "answered")

    play(scene)


def test_a_waiting_call_that_is_frozen_ends_once_the_key_service_is_back() -> None:
    async def scene(stage: Stage) -> None:
        await freeze(stage.store, stage.clock, "platform", "platform")
        await asyncio.sleep(1)
        waiting = await stage.queue(twiml="<Response/>")
        stage.keys.away = True
        await asyncio.sleep(5)
        assert (await stage.row(waiting)).status is Status.QUEUED
        stage.keys.away = False
        row = await stage.over(waiting)
        assert (row.status, row.error_code) == (Status.FAILED, 10001)

    play(scene)


async def queued_before_the_keys_leave(stage: Stage) -> str:
    stage.keys.away = False
    sid = await stage.queue(twiml="<Response/>", status_callback=f"{BASE}/status")
    stage.keys.away = True
    await asyncio.sleep(5)
    return sid


async def taken_while_the_keys_are_away(stage: Stage) -> str:
    """A call that this process owns and cannot open."""
    stage.lines.on_call = lambda line: line.answers()
    sid = await queued_before_the_keys_leave(stage)
    row = await stage.row(sid)
    assert (row.status, row.owner) == (Status.QUEUED, "voice")
    return sid


def test_a_call_taken_while_the_key_service_is_away_rings_once_it_is_back() -> None:
    async def scene(stage: Stage) -> None:
        first = await taken_while_the_keys_are_away(stage)
        # Nor is more taken, which another process might ring.
        second = await queued_before_the_keys_leave(stage)
        assert (await stage.row(second)).owner == ""
        stage.keys.away = False
        for sid in (first, second):
            assert (await stage.over(sid, turns=1_000)).status is Status.COMPLETED
        assert len(stage.lines.placed) == 2
        assert await stage.kinds(first) == ["call.completed"]

    play(scene)


def test_a_call_that_waits_for_the_key_service_is_called_off_and_never_rings() -> None:
    async def scene(stage: Stage) -> None:
        sid = await taken_while_the_keys_are_away(stage)
        await stage.store.order(CallOrder(account=ACCOUNT, call_sid=sid, kind="end", at_ms=1))
        await asyncio.sleep(5)
        stage.keys.away = False
        assert (await stage.over(sid, turns=1_000)).status is Status.CANCELED
        assert not stage.lines.placed

    play(scene)


def test_a_call_that_waits_for_the_key_service_is_frozen() -> None:
    async def scene(stage: Stage) -> None:
        sid = await taken_while_the_keys_are_away(stage)
        await freeze(stage.store, stage.clock, "platform", "platform")
        await asyncio.sleep(2)
        stage.keys.away = False
        row = await stage.over(sid, turns=1_000)
        assert (row.status, row.error_code) == (Status.FAILED, 10001)
        assert not stage.lines.placed

    play(scene)


def test_a_call_that_another_process_ended_meanwhile_does_not_ring() -> None:
    async def scene(stage: Stage) -> None:
        sid = await taken_while_the_keys_are_away(stage)
        assert await stage.store.move_call(ACCOUNT, sid, CallChange(status=Status.FAILED, at_ms=1))
        stage.keys.away = False
        other = await stage.queue(twiml="<Response/>")
        await stage.over(other, turns=1_000)
        assert len(stage.lines.placed) == 1

    play(scene)


def test_a_call_that_no_key_opens_fails_though_the_key_service_goes_away_just_then() -> None:
    class Leaving(LocalKeys):
        async def open_records(self, account: str, records: Sequence[tuple[int, str]]) -> list[bytes | None]:
            keys = await super().open_records(account, records)
            self.away = None in keys
            return keys

    async def scene(stage: Stage) -> None:
        stage.keys.closed.add(sid := await stage.queue(twiml="<Response/>"))
        await until(lambda: stage.keys.away)
        await asyncio.sleep(5)
        stage.keys.away = False
        assert (await stage.over(sid, turns=1_000)).status is Status.FAILED

    stage = Stage()
    stage.keys = Leaving()
    play(scene, on=stage)
