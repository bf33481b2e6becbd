"""What a carrier said about a text: kept step by step, without the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.carrier_trail import CarrierStep, Effect, Kind, decode_trail, encode_step, scrub, with_effects
from ringfence.domain.message import Status

steps = st.builds(
    CarrierStep,
    kind=st.sampled_from(Kind),
    at_ms=st.integers(0, 1 << 50),
    heard_ms=st.integers(0, 1 << 50),
    status=st.sampled_from([Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED]),
    error_code=st.none() | st.integers(1, 99_999),
    carrier_ref=st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    raw=st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


@given(st.lists(steps, max_size=5))
def test_a_trail_comes_back_as_it_was_written(said):
    assert decode_trail("".join(map(encode_step, said))) == said


@given(steps)
def test_a_step_is_one_line(step):
    line = encode_step(step)
    assert line.endswith("\n")
    assert line.count("\n") == 1


def said(*statuses):
    return [CarrierStep(kind=Kind.RECEIPT, at_ms=0, heard_ms=0, status=status) for status in statuses]


@pytest.mark.parametrize(
    ("statuses", "effects"),
    [
        ([Status.SENT, Status.DELIVERED], [Effect.APPLIED, Effect.APPLIED]),
        ([Status.SENT, Status.DELIVERED, Status.DELIVERED], [Effect.APPLIED, Effect.APPLIED, Effect.DUPLICATE]),
        ([Status.SENT, Status.UNDELIVERED, Status.DELIVERED], [Effect.APPLIED, Effect.APPLIED, Effect.LATE]),
        ([Status.SENT, Status.SENT], [Effect.APPLIED, Effect.DUPLICATE]),
        ([Status.FAILED], [Effect.APPLIED]),
        ([], []),
    ],
)
def test_only_the_first_of_two_receipts_counts(statuses, effects):
    assert [effect for _, effect in with_effects(said(*statuses))] == effects


def test_the_known_fields_of_a_receipt_stay():
    raw = (
        "id:0123456789 sub:001 dlvrd:001 submit date:2403011200 done date:2403011201 stat:UNDELIV err:00a "
        "text:Your code is 123456"
    )
    assert scrub(raw) == ("stat:UNDELIV err:00a sub:001 dlvrd:001 submit date:2403011200 done date:2403011201")


@pytest.mark.parametrize(
    "raw",
    [
        "Your code is 123456",
        "text:stat:SECRET err:123456",
        "Text: stat:SECRET",
        "stat:+12025550177",
        "err:123456789",
        "stat:secret",
        "id:+12025550177",
        "",
    ],
)
def test_nothing_else_stays(raw):
    assert scrub(raw) == ""


@given(st.text(max_size=40))
def test_what_stands_after_text_never_stays(body):
    assert scrub(f"stat:DELIVRD err:000 text:{body}") == "stat:DELIVRD err:000"
