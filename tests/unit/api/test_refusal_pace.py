from ringfence.api.refusal_pace import FREE, HELD_MAX, HOLD_MAX_S, PER_SECOND_HELD, RefusalPace
from ringfence.domain.clock import ManualClock


def test_the_first_refusals_are_told_at_once(clock: ManualClock) -> None:
    pace = RefusalPace(clock)
    assert [pace.hold_s("a") for _ in range(FREE)] == [0.0] * FREE
    assert 0 < pace.hold_s("a") < 0.02


def test_the_more_refusals_the_longer_they_take_up_to_a_bound(clock: ManualClock) -> None:
    pace = RefusalPace(clock)
    holds = [pace.hold_s("a") for _ in range(FREE + 10 * PER_SECOND_HELD)]
    assert holds == sorted(holds)
    assert holds[FREE + PER_SECOND_HELD - 1] == 1.0
    assert holds[FREE + 2 * PER_SECOND_HELD - 1] == 2.0
    assert holds[-1] == HOLD_MAX_S


def test_what_was_fades_within_seconds(clock: ManualClock) -> None:
    pace = RefusalPace(clock)
    for _ in range(FREE + PER_SECOND_HELD):
        pace.hold_s("a")
    clock.advance(1_000)
    assert 0.17 < pace.hold_s("a") < 0.18
    clock.advance(5_000)
    assert pace.hold_s("a") == 0.0


def test_one_is_not_held_for_the_other(clock: ManualClock) -> None:
    pace = RefusalPace(clock)
    for _ in range(FREE + PER_SECOND_HELD):
        pace.hold_s("a")
    assert pace.hold_s("b") == 0.0


def test_not_more_are_held_than_may_be(clock: ManualClock) -> None:
    pace = RefusalPace(clock)
    for _ in range(FREE + PER_SECOND_HELD):
        pace.hold_s("a")
    pace.held = HELD_MAX
    assert pace.hold_s("a") == 0.0


def test_it_forgets_who_was_refused_longest_ago(clock: ManualClock) -> None:
    pace = RefusalPace(clock)
    for _ in range(FREE + PER_SECOND_HELD):
        pace.hold_s("first")
    for number in range(10_000):
        pace.hold_s(str(number))
    assert pace.hold_s("first") == 0.0
    assert len(pace._counts) == 10_000
