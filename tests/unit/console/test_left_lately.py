"""How many texts left in a second of late, told from two looks at what is counted by day."""

import pytest

from ringfence.console.tenant.left_lately import ACCOUNTS_MAX, APART_MS, WITHIN_MS, LeftLately
from ringfence.domain.clock import ManualClock
from ringfence.domain.message import Direction, Status
from ringfence.ports.day_counts import DAY_MS, DayTexts

AC = "AC" + "a" * 32


def texts(
    count: int, status: Status = Status.SENT, day: int = 0, direction: Direction = Direction.OUTBOUND_API
) -> DayTexts:
    return DayTexts(day_ms=day * DAY_MS, direction=direction, status=status, texts=count, segments=count)


def test_a_first_look_tells_nothing_and_one_that_follows_at_once_neither(clock: ManualClock) -> None:
    lately = LeftLately(clock)
    assert lately.rate_mps(AC, [texts(50)]) is None
    clock.advance(APART_MS - 1)
    assert lately.rate_mps(AC, [texts(90)]) is None
    clock.advance(1)
    assert lately.rate_mps(AC, [texts(90)]) == 40 / (APART_MS / 1_000)


def test_what_left_is_compared_over_a_minute_at_most(clock: ManualClock) -> None:
    lately = LeftLately(clock)
    lately.rate_mps(AC, [texts(0)])
    clock.advance(WITHIN_MS // 2)
    assert lately.rate_mps(AC, [texts(300)]) == 10
    clock.advance(WITHIN_MS // 2)
    assert lately.rate_mps(AC, [texts(300)]) == 5
    clock.advance(1)
    assert lately.rate_mps(AC, [texts(300)]) == pytest.approx(0)
    clock.advance(WITHIN_MS + 1)
    assert lately.rate_mps(AC, [texts(900)]) is None


def test_of_what_is_counted_only_what_left_counts(clock: ManualClock) -> None:
    lately, stayed = LeftLately(clock), (Status.ACCEPTED, Status.SCHEDULED, Status.QUEUED, Status.SENDING)
    lately.rate_mps(AC, [texts(7, Status.QUEUED)])
    clock.advance(10_000)
    counts = [texts(100, each) for each in (*stayed, Status.CANCELED)]
    counts += [texts(100, Status.RECEIVED, direction=Direction.INBOUND)]
    counts += [texts(10, each) for each in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED)]
    assert lately.rate_mps(AC, counts) == 4


def test_a_day_that_is_read_no_more_takes_nothing_away(clock: ManualClock) -> None:
    lately = LeftLately(clock)
    lately.rate_mps(AC, [texts(1_000, day=0), texts(5, day=1)])
    clock.advance(10_000)
    assert lately.rate_mps(AC, [texts(15, day=1), texts(10, day=2)]) == 2


def test_accounts_are_apart_and_those_looked_at_longest_ago_are_forgotten(clock: ManualClock) -> None:
    lately = LeftLately(clock)
    for each in range(ACCOUNTS_MAX + 1):
        assert lately.rate_mps(f"AC{each}", [texts(each)]) is None
    clock.advance(10_000)
    assert lately.rate_mps("AC1", [texts(11)]) == 1
    assert lately.rate_mps("AC0", [texts(10)]) is None
