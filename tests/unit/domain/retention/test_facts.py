"""A duty names metadata from a closed list, and what it does not name is not kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.retention.facts import FIELDS, OF_A_START, OF_AN_END, Facts, in_order, only

FACTS = Facts(
    kind="call", direction="inbound", local="+15550100", remote="+15550199", accepted_at=1_702_123_200, duration_s=61
)


@given(st.permutations(FIELDS), st.integers(1, len(FIELDS)))
def test_fields_are_named_once_each_in_their_order(fields: list[str], count: int) -> None:
    wanted = fields[:count]
    assert in_order(wanted + wanted[:1]) == tuple(field for field in FIELDS if field in wanted)


@pytest.mark.parametrize("field", ["body", "content", "subject", "media", "recording", "transcript", "", "Remote"])
def test_what_was_said_or_written_cannot_be_named(field: str) -> None:
    with pytest.raises(ValueError, match=f"no field '{field}' can be retained: a duty names metadata, of kind, "):
        in_order(["remote", field])


def test_a_duty_names_something() -> None:
    with pytest.raises(ValueError, match="one field at least"):
        in_order([])


@given(st.sets(st.sampled_from(FIELDS)))
def test_only_what_is_named_is_left(fields: set[str]) -> None:
    left = only(FACTS, in_order(fields)) if fields else Facts()
    for field in FIELDS:
        assert getattr(left, field) == (getattr(FACTS, field) if field in fields else None)


def test_each_field_is_of_a_records_start_or_of_its_end() -> None:
    assert set(FIELDS) == OF_A_START | OF_AN_END
    assert not OF_A_START & OF_AN_END


def test_facts_are_not_shown() -> None:
    assert repr(FACTS) == "Facts(…)"
