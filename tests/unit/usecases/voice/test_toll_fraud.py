"""A stolen credential calls high-cost ranges: 2,400 calls in a quarter of an hour cost little, and stop at once.

Source: the drill D20; the ranges are those of real cases, with islands of the North American plan among them.
"""

import asyncio
from itertools import cycle, islice

from tests.unit.usecases.voice.stage import ACCOUNT, CALLER, FakeLine, Stage, play, until

from ringfence.domain.call import Direction, Status
from ringfence.domain.clock import ManualClock
from ringfence.domain.dialing.destination import destination_of, rate_of
from ringfence.domain.dialing.permissions import CountryPermission, VoiceSettings, encode_settings
from ringfence.usecases.voice.brakes import GEO_PERMISSION, NOT_ALLOWED, BrakeLimits

RANGES = ("+18095550", "+18765550", "+447624000", "+88213123", "+25261234", "+37126123", "+19005550")
CALLS = 2_400
QUARTER_S = 15 * 60
LIMIT_MICROS = 10_000_000
STOP_MS = 10_000
TWIML = "<Response><Pause length='3600'/></Response>"


def numbers(count: int) -> list[str]:
    """Calls to all ranges in turn."""
    return [f"{prefix}{n % 1_000:03}" for n, prefix in enumerate(islice(cycle(RANGES), count))]


def region_of(number: str) -> str:
    destination = destination_of(number)
    assert destination is not None
    return destination.region


def answers(line: FakeLine) -> None:
    line.rings()
    line.answers()


async def queue(stage: Stage, number: str) -> str:
    of = {"remote_region": region_of(number), "rate_micros": rate_of(Direction.OUTBOUND_API, number, "")}
    return await stage.queue(number, twiml=TWIML, of=of)


async def spent(stage: Stage) -> int:
    """What the account is charged, and what its calls under way have cost so far."""
    return (await stage.store.burden(ACCOUNT, 0, stage.clock.now_ms())).micros


async def permit_everything(stage: Stage) -> None:
    everything = CountryPermission(True, True, True)
    settings = VoiceSettings(countries={region_of(number): everything for number in numbers(len(RANGES))})
    await stage.store.put_voice_settings(ACCOUNT, encode_settings(settings), was=None)


def test_without_permission_no_call_begins_and_none_costs_anything() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sids = [await queue(stage, number) for number in numbers(70)]
        for sid in sids:
            row = await stage.over(sid, turns=5_000)
            assert (row.status, row.error_code) == (Status.FAILED, GEO_PERMISSION)
        assert stage.lines.placed == []
        assert await spent(stage) == 0

    play(scene, on=Stage(ManualClock()))


def test_with_every_permission_2400_calls_cost_ten_dollars_at_most() -> None:
    limits = BrakeLimits(max_rate_micros=5_000_000, spend_micros=LIMIT_MICROS, new_countries=100)

    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        await permit_everything(stage)
        highest = 0
        for n, number in enumerate(numbers(CALLS)):
            await queue(stage, number)
            await asyncio.sleep(QUARTER_S / CALLS)
            if n % 20 == 0:
                highest = max(highest, await spent(stage))
        await until(lambda: not len(stage.calls.live))
        rows = list(stage.store._calls.values())
        assert max(highest, await spent(stage)) <= LIMIT_MICROS
        assert sum(row.price_micros or 0 for row in rows) <= LIMIT_MICROS
        begun = [row for row in rows if row.answered_ms is not None]
        assert 0 < len(begun) <= 5
        assert len(stage.lines.placed) == len(begun)
        # From the first call on it takes seconds until no other begins.
        assert max(row.created_ms for row in begun) - min(row.created_ms for row in rows) <= STOP_MS
        refused = [row for row in rows if row.answered_ms is None]
        assert len(refused) == CALLS - len(begun)
        assert {row.error_code for row in refused} == {NOT_ALLOWED}

    play(scene, on=Stage(ManualClock(), limits))


def test_calls_under_way_end_before_another_minute_of_them_costs_too_much() -> None:
    limits = BrakeLimits(max_rate_micros=5_000_000, spend_micros=6_000_000, new_countries=100)

    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        await permit_everything(stage)
        sids = [await queue(stage, number) for number in numbers(2)]
        await until(lambda: len(stage.lines.placed) == 2)
        rows = [await stage.over(sid, turns=20_000) for sid in sids]
        assert [row.status for row in rows] == [Status.COMPLETED] * 2
        assert {row.error_code for row in rows} == {NOT_ALLOWED}
        # A second minute of both would make eight dollars, so both end before it begins.
        assert sum(row.price_micros or 0 for row in rows) == 4_000_000
        assert all(54_000 <= (row.ended_ms or 0) - (row.answered_ms or 0) <= 60_000 for row in rows)

    play(scene, on=Stage(ManualClock(), limits))


def test_an_honest_caller_is_not_held() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        for _ in range(20):
            sid = await stage.queue(CALLER, twiml="<Response><Pause length='30'/></Response>")
            row = await stage.over(sid, turns=5_000)
            assert (row.status, row.error_code) == (Status.COMPLETED, None)

    play(scene, on=Stage(ManualClock()))
