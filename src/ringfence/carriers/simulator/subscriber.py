"""What the simulated network knows of who has a handset, for lookups: set by whoever tests.

Reference: docs/reference/simulator.md.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ringfence.domain.lookups.identity import Identity, match
from ringfence.domain.lookups.packages import (
    CallerName,
    CallForwarding,
    LastSimSwap,
    LineStatus,
    LineType,
    LineTypeIntelligence,
    Packages,
    PhoneNumberQualityScore,
    ReassignedNumber,
    SimSwap,
    SmsPumpingRisk,
)
from ringfence.ports.lookups import Question

SWAP_PERIOD_H = 24
BLOCKED_LATELY_DAYS = 90

Score = Annotated[int, Meta(ge=0, le=100)]
Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=100)]


class Subscriber(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subscriber; every member has a default, which is that of a mobile that nothing is wrong with.

    Without a `caller_name` the handset's own name stands in. `reassigned_on` is the day on which the number became
    theirs; None where that is not known.
    """

    caller_name: Text = ""
    caller_type: Literal["BUSINESS", "CONSUMER", "UNDETERMINED"] = "CONSUMER"
    carrier_name: Text = "Simulated Mobile"
    mobile_country_code: Text = "001"
    mobile_network_code: Text = "01"
    line_type: LineType = "mobile"
    line_status: Literal["active", "reachable", "unreachable", "inactive", "unknown"] = "active"
    sim_swapped_at: Moment | None = None
    calls_forwarded: bool = False
    reassigned_on: date | None = None
    identity: Identity | None = None
    sms_pumping_risk_score: Score = 0
    carrier_risk_score: Score = 0
    disposable_phone_risk_score: Score = 0
    velocity_risk_score: Score = 0
    blocked_at: Moment | None = None

    def __repr__(self) -> str:
        return "Subscriber(…)"


def known_of(subscriber: Subscriber, name: str, question: Question, now_ms: int) -> Packages:
    """What is answered about the subscriber of a handset called `name`."""
    now = datetime.fromtimestamp(now_ms / 1_000, UTC)
    who = subscriber.caller_name or name
    known = Packages(
        caller_name=CallerName(caller_name=who or None, caller_type=subscriber.caller_type if who else "UNDETERMINED"),
        sim_swap=SimSwap(
            last_sim_swap=_last_swap(subscriber.sim_swapped_at, now),
            carrier_name=subscriber.carrier_name,
            mobile_country_code=subscriber.mobile_country_code,
            mobile_network_code=subscriber.mobile_network_code,
        ),
        call_forwarding=CallForwarding(call_forwarding_enabled=subscriber.calls_forwarded),
        line_status=LineStatus(status=subscriber.line_status),
        line_type_intelligence=LineTypeIntelligence(
            mobile_country_code=subscriber.mobile_country_code,
            mobile_network_code=subscriber.mobile_network_code,
            carrier_name=subscriber.carrier_name,
            type=subscriber.line_type,
        ),
        identity_match=match(question.claimed, subscriber.identity or Identity()),
        reassigned_number=ReassignedNumber(is_number_reassigned=_reassigned(subscriber, question.last_verified_date)),
        sms_pumping_risk=SmsPumpingRisk(
            carrier_risk_category=category(subscriber.carrier_risk_score),
            number_blocked=subscriber.blocked_at is not None,
            number_blocked_date=None if subscriber.blocked_at is None else _iso(subscriber.blocked_at),
            number_blocked_last_3_months=subscriber.blocked_at is not None
            and now - subscriber.blocked_at <= timedelta(days=BLOCKED_LATELY_DAYS),
            sms_pumping_risk_score=subscriber.sms_pumping_risk_score,
        ),
        phone_number_quality_score=_quality(subscriber),
    )
    unasked = {field: None for field in Packages.__struct_fields__ if field not in question.fields}
    return msgspec.structs.replace(known, **unasked)


def category(score: int) -> str:
    """Twilio's word for a score: low up to 60, mild up to 75, moderate up to 90, then high."""
    return "low" if score <= 60 else "mild" if score <= 75 else "moderate" if score <= 90 else "high"


def _last_swap(swapped_at: datetime | None, now: datetime) -> LastSimSwap:
    return LastSimSwap(
        last_sim_swap_date=None if swapped_at is None else _iso(swapped_at),
        swapped_period=f"PT{SWAP_PERIOD_H}H",
        swapped_in_period=swapped_at is not None and now - swapped_at <= timedelta(hours=SWAP_PERIOD_H),
    )


def _reassigned(subscriber: Subscriber, last_verified: str) -> str:
    if subscriber.reassigned_on is None or not last_verified:
        return "no_data_available"
    return "yes" if f"{subscriber.reassigned_on:%Y%m%d}" > last_verified else "no"


def _quality(subscriber: Subscriber) -> PhoneNumberQualityScore:
    scores = (subscriber.carrier_risk_score, subscriber.disposable_phone_risk_score, subscriber.velocity_risk_score)
    return PhoneNumberQualityScore(
        carrier_risk_score=scores[0],
        carrier_risk_category=category(scores[0]),
        disposable_phone_risk_score=scores[1],
        disposable_phone_risk_category=category(scores[1]),
        velocity_risk_score=scores[2],
        velocity_risk_category=category(scores[2]),
        quality_score=max(scores),
        quality_category=category(max(scores)),
    )


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
