"""D19: of codes that are pumped hardly any come to telephones, and people are not kept from theirs."""

from collections import Counter

import pytest

from ringfence.drills.design import OURS, control
from ringfence.drills.pumping import FRAUD_MAX_A_RANGE, judged, pumping
from ringfence.drills.report import Finding


def figure(finding: Finding, name: str) -> int:
    return int(dict(finding.rows)[name].partition(" ")[0])


def test_d19_pumped_ranges_get_hardly_a_code_and_people_get_theirs() -> None:
    ours = pumping(OURS, 2, starts=60, people=30)
    assert ours.reached == 0, ours.rows
    assert 0 < figure(ours, "texts to the ranges that are pumped") <= 2 * FRAUD_MAX_A_RANGE
    assert figure(ours, "people refused") == 0
    assert 30 < figure(ours, "people who brought their code back") < 60


def test_d19_without_the_guard_every_code_is_sent() -> None:
    without = control()
    assert without is not None, "a checkout has the control build"
    theirs = pumping(without, 2, starts=30, people=10)
    assert theirs.reached == 2
    assert figure(theirs, "texts to the ranges that are pumped") == 60


@pytest.mark.parametrize(
    ("texts", "refused", "people", "reached"),
    [
        ([5] * 5, 0, 1_000, 0),
        ([6, 0, 0, 0, 0], 0, 1_000, 1),
        ([5] * 5 + [1], 0, 1_000, 6),
        ([6], 0, 1_000, 1),
        ([0] * 10, 1, 1_000, 0),
        ([0] * 10, 2, 1_000, 10),
    ],
    ids=str,
)
def test_a_range_that_got_too_much_counts_and_all_do_where_people_were_harmed(
    texts: list[int], refused: int, people: int, reached: int
) -> None:
    by_range = Counter({f"+4479000{n}": count for n, count in enumerate(texts)})
    assert judged(by_range, refused, people) == reached
