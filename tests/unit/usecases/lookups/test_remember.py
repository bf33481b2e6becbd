"""What a source told is remembered where it lasts, and asked again where it does not."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.clock import ManualClock
from ringfence.domain.lookups.packages import CallerName, LineStatus, LineTypeIntelligence, Packages
from ringfence.ports.lookups import Question
from ringfence.usecases.lookups.remember import DAY_MS, Remembering

LINE, NAME, STATUS = "line_type_intelligence", "caller_name", "line_status"
KINDS: dict[str, Any] = {
    LINE: LineTypeIntelligence(type="mobile"),
    NAME: CallerName(caller_name="Owl"),
    STATUS: LineStatus(status="active"),
}


class Source:
    """Knows everything of every number, but for what it is told not to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.packages = dict(KINDS)

    async def know(self, question: Question) -> Packages:
        self.asked.append((question.number, question.fields))
        return Packages(**{field: self.packages.get(field) for field in question.fields})


class Scene:
    """A source behind a memory."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock(0)
        self.source = Source()
        self.memory = Remembering(self.source, self.clock, **options)

    def know(self, number: str, *fields: str) -> Packages:
        return asyncio.run(self.memory.know(Question(number=number, country="US", fields=fields)))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_lasts_is_asked_once_and_the_rest_each_time(scene: Scene) -> None:
    for _ in range(2):
        assert scene.know("+1", LINE, STATUS, NAME) == Packages(**KINDS)
    assert scene.source.asked == [("+1", (LINE, STATUS, NAME)), ("+1", (STATUS,))]
    assert scene.know("+1", NAME) == Packages(caller_name=KINDS[NAME])
    assert len(scene.source.asked) == 2


def test_each_number_is_asked_for_itself(scene: Scene) -> None:
    scene.know("+1", LINE)
    scene.know("+2", LINE)
    assert scene.source.asked == [("+1", (LINE,)), ("+2", (LINE,))]


def test_a_day_later_it_is_asked_again(scene: Scene) -> None:
    scene.know("+1", LINE)
    scene.clock.advance(DAY_MS - 1)
    scene.know("+1", LINE)
    assert len(scene.source.asked) == 1
    scene.clock.advance(1)
    scene.know("+1", LINE)
    assert len(scene.source.asked) == 2


@pytest.mark.parametrize("missing", [None, LineTypeIntelligence(error_code=60600)])
def test_what_was_not_known_is_asked_again(scene: Scene, missing: LineTypeIntelligence | None) -> None:
    scene.source.packages[LINE] = missing
    assert scene.know("+1", LINE).line_type_intelligence == missing
    scene.source.packages[LINE] = KINDS[LINE]
    assert scene.know("+1", LINE).line_type_intelligence == KINDS[LINE]


def test_the_least_used_is_forgotten_first() -> None:
    scene = Scene(kept=2)
    for number in ("+1", "+2", "+1", "+3", "+1", "+2"):
        scene.know(number, LINE)
    assert [number for number, _ in scene.source.asked] == ["+1", "+2", "+3", "+2"]
    assert repr(scene.memory) == "Remembering(2)"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["+1", "+2", "+3"]),
            st.lists(st.sampled_from([LINE, NAME, STATUS]), unique=True, max_size=3),
            st.sampled_from([0, 1, DAY_MS // 2, DAY_MS]),
        ),
        max_size=30,
    )
)
def test_a_memory_answers_as_its_source_does(steps: list[tuple[str, list[str], int]]) -> None:
    scene = Scene(kept=3)
    for number, fields, passing_ms in steps:
        assert scene.know(number, *fields) == Packages(**{field: KINDS[field] for field in fields})
        scene.clock.advance(passing_ms)
