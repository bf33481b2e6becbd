"""What an outcome makes of a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.message import FINAL, Direction, Status, may_become
from ringfence.ports.store import Lease, Outcome
from ringfence.store.progress import TOLD, WAITING, Progress, change_by, event_of, in_queue_of, is_queued, rated_of

AT = 1_000

progress = st.builds(
    Progress,
    account=st.just("AC"),
    sid=st.just("SM"),
    direction=st.sampled_from(Direction),
    status=st.sampled_from(Status),
    local=st.just("+1"),
    carrier=st.just("c"),
    carrier_ref=st.none() | st.just("old"),
    error_code=st.none() | st.just(1),
    price_micros=st.none() | st.just(5),
    price_unit=st.just("USD"),
    num_segments=st.integers(1, 3),
    sequence=st.integers(0, 3),
    sent_ms=st.none() | st.just(7),
    has_callback=st.booleans(),
)
outcomes = st.builds(
    Outcome,
    account=st.just("AC"),
    sid=st.just("SM"),
    status=st.sampled_from(Status),
    at_ms=st.just(AT),
    error_code=st.none() | st.just(2),
    carrier_ref=st.none() | st.just("new"),
    price_micros=st.none() | st.just(6),
    trail=st.just("said"),
)


@given(progress, outcomes)
def test_the_table_of_moves_decides(before, outcome):
    assert (change_by(before, outcome) is not None) is may_become(before.status, outcome.status)


@given(progress, outcomes)
def test_what_an_outcome_does_not_say_stays(before, outcome):
    change = change_by(before, outcome)
    if change is not None:
        assert (change.account, change.sid, change.status, change.updated_ms) == ("AC", "SM", outcome.status, AT)
        assert change.error_code == (outcome.error_code or before.error_code)
        assert change.carrier_ref == (outcome.carrier_ref or before.carrier_ref)
        assert change.price_micros == (outcome.price_micros or before.price_micros)


@given(progress, outcomes)
def test_a_price_of_nothing_is_a_price(before, outcome):
    free = Outcome(account="AC", sid="SM", status=outcome.status, at_ms=AT, price_micros=0)
    change = change_by(before, free)
    assert change is None or change.price_micros == 0


@given(progress, outcomes)
def test_a_message_is_sent_once(before, outcome):
    change = change_by(before, outcome)
    if change is not None:
        first = outcome.status in (Status.SENT, Status.DELIVERED)
        assert change.sent_ms == (before.sent_ms if before.sent_ms is not None else AT if first else None)


@given(progress, outcomes)
def test_only_what_tenants_are_told_of_is_counted_and_told(before, outcome):
    change = change_by(before, outcome)
    if change is not None:
        told = outcome.status in TOLD
        assert change.sequence == before.sequence + told
        event = event_of(before, change, outcome)
        assert (event is not None) is (told and before.has_callback)
        if event is not None:
            assert event.kind == f"message.{outcome.status.value}"
            assert (event.sequence, event.at_ms, event.raw) == (change.sequence, AT, "")
            assert change.trail == "said"
            assert event.error_code == change.error_code


@given(progress, outcomes)
def test_it_stands_in_its_queue_until_it_is_sent(before, outcome):
    change = change_by(before, outcome)
    if change is not None:
        assert change.queued is is_queued(before.direction, outcome.status)
        assert change.final is (outcome.status in FINAL)


def test_told_and_waiting_are_what_they_say():
    assert {status.value for status in TOLD} == {"sent", "delivered", "undelivered", "failed", "canceled"}
    assert {status.value for status in WAITING} == {"accepted", "scheduled", "queued", "sending"}
    assert not any(is_queued(Direction.INBOUND, status) for status in Status)


@pytest.mark.parametrize(
    ("account", "sender", "carrier", "mine"),
    [("AC", "+1", "c", True), ("AD", "+1", "c", False), ("AC", "+2", "c", False), ("AC", "+1", "d", False)],
)
def test_a_queue_is_an_account_a_sender_and_a_carrier(account, sender, carrier, mine):
    before = Progress(
        "AC", "SM", 0, Direction.OUTBOUND_API, Status.QUEUED, "+1", "c", None, None, None, "USD", 1, 0, None, False
    )
    lease = Lease(account=account, sender=sender, carrier=carrier, fence=1, until_ms=0)
    assert in_queue_of(lease, before) is mine


@given(progress, st.sampled_from(Status), st.none() | st.integers(0, 9))
def test_every_final_message_is_rated(before, status, price):
    rated = rated_of(before, status, price, AT)
    assert (rated is not None) is (status in FINAL)
    if rated is not None:
        assert (rated.account, rated.sid, rated.status, rated.at_ms) == ("AC", "SM", status, AT)
        assert (rated.price_micros, rated.price_unit, rated.segments) == (price or 0, "USD", before.num_segments)
