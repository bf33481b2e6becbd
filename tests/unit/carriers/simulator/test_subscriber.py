"""What lookups are told of who has a simulated handset."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringfence.carriers.simulator.network import Network
from ringfence.carriers.simulator.subscriber import Subscriber, category, known_of
from ringfence.domain.clock import ManualClock
from ringfence.domain.lookups.packages import FIELDS, Packages
from ringfence.ports.lookups import Question

PHONE = "+12025550177"
HANDSET = f"/simulator/handsets/{PHONE}"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1_000)


def known(fields: str = "", name: str = "", *, last_verified_date: str = "", **facts: Any) -> Packages:
    question = Question(
        number=PHONE,
        country="US",
        fields=tuple(fields.split()) or FIELDS,
        last_verified_date=last_verified_date,
    )
    return known_of(Subscriber(**facts), name, question, NOW_MS)


def test_only_what_was_asked_for_is_told() -> None:
    assert repr(known("sim_swap line_status")) == "Packages(sim_swap, line_status)"


@pytest.mark.parametrize(
    ("ago", "within"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False), (timedelta(), True)]
)
def test_a_sim_was_swapped_within_a_day_or_not(ago: timedelta, within: bool) -> None:
    package = known(sim_swapped_at=NOW - ago).sim_swap
    assert package is not None
    assert package.last_sim_swap is not None
    assert package.last_sim_swap.swapped_in_period is within


def test_a_sim_that_was_never_swapped_has_no_date() -> None:
    package = known().sim_swap
    assert package is not None
    assert package.last_sim_swap is not None
    assert (package.last_sim_swap.last_sim_swap_date, package.last_sim_swap.swapped_in_period) == (None, False)


@pytest.mark.parametrize(
    ("verified", "answer"), [("20260131", "yes"), ("20260201", "no"), ("20260202", "no"), ("", "no_data_available")]
)
def test_a_number_was_reassigned_after_a_day_or_not(verified: str, answer: str) -> None:
    package = known(reassigned_on=datetime(2026, 2, 1).date(), last_verified_date=verified).reassigned_number
    assert package is not None
    assert package.is_number_reassigned == answer


@pytest.mark.parametrize(("days", "lately"), [(90, True), (91, False)])
def test_a_number_was_blocked_within_three_months_or_not(days: int, lately: bool) -> None:
    package = known(blocked_at=NOW - timedelta(days=days)).sms_pumping_risk
    assert package is not None
    assert (package.number_blocked, package.number_blocked_last_3_months) == (True, lately)
    free = known().sms_pumping_risk
    assert free is not None
    assert (free.number_blocked, free.number_blocked_date, free.number_blocked_last_3_months) == (False, None, False)


def test_a_handset_goes_by_its_name_where_no_other_is_given() -> None:
    assert [
        (found.caller_name, found.caller_type)
        for found in (
            known().caller_name,
            known(name="Sam").caller_name,
            known(name="Sam", caller_name="Fade").caller_name,
        )
        if found is not None
    ] == [(None, "UNDETERMINED"), ("Sam", "CONSUMER"), ("Fade", "CONSUMER")]


@pytest.mark.parametrize(
    ("score", "word"),
    [(0, "low"), (60, "low"), (61, "mild"), (75, "mild"), (76, "moderate"), (90, "moderate"), (91, "high")],
)
def test_a_score_has_a_word(score: int, word: str) -> None:
    assert category(score) == word


def test_quality_is_as_bad_as_the_worst_of_its_scores() -> None:
    found = known(carrier_risk_score=10, disposable_phone_risk_score=95, velocity_risk_score=70)
    package = found.phone_number_quality_score
    assert package is not None
    assert (package.quality_score, package.quality_category, package.velocity_risk_category) == (95, "high", "mild")


def test_nothing_is_known_of_a_number_without_a_handset() -> None:
    network = Network(ManualClock(NOW_MS))
    question = Question(number=PHONE, country="US", fields=FIELDS)
    assert network.know(question) == Packages()
    network.add_handset(PHONE, "Sam")
    caller = network.know(question).caller_name
    assert caller is not None
    assert caller.caller_name == "Sam"


def test_a_subscriber_is_set_and_shown(wire: Any) -> None:
    assert wire.call("PUT", f"{HANDSET}/subscriber", {"calls_forwarded": True}).status == 404
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    facts = {"calls_forwarded": True, "identity": {"first_name": "Sam"}, "sim_swapped_at": "2026-03-01T12:00:00Z"}
    assert wire.call("PUT", f"{HANDSET}/subscriber", facts).status == 200
    shown = wire.call("GET", f"{HANDSET}/subscriber").json
    assert (shown["calls_forwarded"], shown["line_type"]) == (True, "mobile")
    assert (shown["identity"]["first_name"], shown["sim_swapped_at"]) == ("Sam", "2026-03-01T12:00:00Z")
    assert wire.call("PUT", f"{HANDSET}/subscriber", {}).json["calls_forwarded"] is False


@pytest.mark.parametrize(
    "wrong",
    [{"shoe_size": 43}, {"line_type": "shoe"}, {"sim_swapped_at": "2026-03-01T12:00:00"}, {"carrier_risk_score": 101}],
)
def test_a_wrong_fact_is_refused(wire: Any, wrong: dict[str, Any]) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    assert wire.call("PUT", f"{HANDSET}/subscriber", wrong).status == 400
