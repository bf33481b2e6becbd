"""Lookups through the official SDK: what a number is, what is known of it, and what a tenant sets for itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.api.lookup_recipes import ALL, LINE_TYPE, NUMBER, ask, known
from twilio.base.exceptions import TwilioRestException
from twilio.rest.lookups.v2.bucket import BucketInstance
from twilio.rest.lookups.v2.lookup_override import LookupOverrideInstance
from twilio.rest.lookups.v2.query import QueryList

from ringfence.domain.lookups.identity import Identity

NOBODYS = "+12025550199"
FIXED = "+442079460000"


def number(tenant: Any, text: str = NUMBER) -> Any:
    return tenant.client().lookups.v2.phone_numbers(text)


def refusal(work: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refused:
        work()
    return refused.value.status, refused.value.code


# Form


def test_a_number_is_told_in_every_form(tenant: Any) -> None:
    found = number(tenant, FIXED).fetch()
    assert (found.phone_number, found.national_format) == (FIXED, "020 7946 0000")
    assert (found.country_code, found.calling_country_code) == ("GB", "44")
    assert (found.valid, found.validation_errors) == (True, [])
    assert found.url.endswith(f"/lookups/v2/PhoneNumbers/{FIXED}")
    assert {found.line_type_intelligence, found.caller_name, found.sim_swap, found.pre_fill} == {None}


@pytest.mark.parametrize(("text", "country"), [("(202) 555-0177", None), ("202.555.0177", "us"), ("12025550177", "US")])
def test_a_national_number_is_read_in_its_country(tenant: Any, text: str, country: str | None) -> None:
    assert number(tenant, text).fetch(country_code=country or "").phone_number == NUMBER


@pytest.mark.parametrize(
    ("text", "shown", "error"),
    [
        ("+141599299600", "+141599299600", "TOO_LONG"),
        ("+1415", "+1415", "TOO_SHORT"),
        ("notanumber", "+1notanumber", "NOT_A_NUMBER"),
        ("+999123456", "+999123456", "INVALID_COUNTRY_CODE"),
        ("+11111111111", "+11111111111", "INVALID_BUT_POSSIBLE"),
    ],
)
def test_what_is_no_number_is_answered_with_the_reason(tenant: Any, text: str, shown: str, error: str) -> None:
    found = number(tenant, text).fetch(fields=ALL)
    assert (found.valid, found.validation_errors, found.phone_number) == (False, [error], shown)
    assert {found.national_format, found.country_code, found.line_type_intelligence} == {None}


def test_a_wrong_parameter_is_refused(tenant: Any) -> None:
    assert refusal(lambda: number(tenant).fetch(fields="caller_name,shoe_size")) == (400, 20001)
    assert refusal(lambda: number(tenant).fetch(country_code="ZZ")) == (400, 20001)


# What is known


def test_everything_that_is_known_is_told(tenant: Any) -> None:
    swapped = datetime.now(UTC) - timedelta(hours=2)
    known(
        tenant,
        NUMBER,
        carrier_name="Owl Mobile",
        sim_swapped_at=swapped,
        calls_forwarded=True,
        reassigned_on=date(2026, 2, 1),
        sms_pumping_risk_score=80,
        blocked_at=swapped - timedelta(days=100),
        disposable_phone_risk_score=95,
        identity=Identity(first_name="Sam", last_name="Rivera", city="Austin", postal_code="73301"),
    )
    found = number(tenant).fetch(
        fields=ALL,
        last_verified_date="20260131",
        first_name="SAM",
        last_name="Riviera",
        postal_code="73302",
        state="TX",
    )
    line = {"mobile_country_code": "001", "mobile_network_code": "01", "carrier_name": "Owl Mobile"}
    assert found.line_type_intelligence == {**line, "type": "mobile", "error_code": None}
    assert found.caller_name == {"caller_name": "Sam Rivera", "caller_type": "CONSUMER", "error_code": None}
    swap = {"last_sim_swap_date": f"{swapped:%Y-%m-%dT%H:%M:%SZ}", "swapped_period": "PT24H", "swapped_in_period": True}
    assert found.sim_swap == {"last_sim_swap": swap, **line, "error_code": None}
    assert found.call_forwarding == {"call_forwarding_enabled": True, "error_code": None}
    assert found.line_status == {"status": "active", "error_code": None}
    assert found.reassigned_number == {
        "last_verified_date": "2026-01-31",
        "is_number_reassigned": "yes",
        "error_code": None,
    }
    assert found.sms_pumping_risk["sms_pumping_risk_score"] == 80
    assert found.sms_pumping_risk["number_blocked"] is True
    assert found.sms_pumping_risk["number_blocked_last_3_months"] is False
    assert found.phone_number_quality_score["quality_category"] == "high"
    matches = {name: word for name, word in found.identity_match.items() if word is not None}
    assert matches == {
        "first_name_match": "exact_match",
        "last_name_match": "high_partial_match",
        "postal_code_match": "no_match",
        "state_match": "no_data_available",
        "summary_score": 63,
    }


def test_of_a_number_that_nobody_knows_the_plan_tells_the_type(tenant: Any) -> None:
    fields = "line_type_intelligence,caller_name,sms_pumping_risk,reassigned_number"
    found = number(tenant, NOBODYS).fetch(fields=fields, last_verified_date="20260131")
    assert found.line_type_intelligence["type"] == "unknown"
    assert found.line_type_intelligence["error_code"] is None
    assert found.caller_name["error_code"] == found.sms_pumping_risk["error_code"] == 60600
    assert found.reassigned_number["error_code"] == "60600"
    types = {text: number(tenant, text).fetch(fields=LINE_TYPE).line_type_intelligence["type"] for text in PLANNED}
    assert types == PLANNED


PLANNED = {FIXED: "landline", "+447400123456": "mobile", "+18005550199": "tollFree", "+19005551234": "premium"}


@pytest.mark.parametrize(
    ("field", "more", "code"),
    [
        ("identity_match", {}, 60617),
        ("reassigned_number", {}, "60617"),
        ("reassigned_number", {"last_verified_date": "2026-1-1"}, "60618"),
        ("reassigned_number", {"last_verified_date": "20260230"}, "60618"),
        ("sms_pumping_risk", {"partner_sub_id": "x" * 65}, 60618),
        ("pre_fill", {}, 60617),
        ("pre_fill", {"verification_sid": "VE" + "0" * 32}, 60623),
    ],
)
def test_a_package_that_cannot_be_had_says_why(tenant: Any, field: str, more: dict[str, str], code: object) -> None:
    known(tenant)
    found = number(tenant).fetch(fields=f"{field},caller_name", **more)
    assert getattr(found, field)["error_code"] == code
    assert found.caller_name["caller_name"] == "Sam Rivera"


def test_only_mobiles_have_sims_and_are_forwarded(tenant: Any) -> None:
    found = number(tenant, FIXED).fetch(fields="sim_swap,call_forwarding,line_status")
    assert found.sim_swap["error_code"] == found.call_forwarding["error_code"] == 60612
    assert found.line_status["error_code"] == 60600


def test_many_numbers_are_asked_for_at_once(tenant: Any) -> None:
    known(tenant)
    request = QueryList.LookupRequest(
        {
            "phone_numbers": [
                QueryList.LookupBatchRequest(
                    {
                        "correlation_id": "a",
                        "phone_number": "2025550177",
                        "country_code": "US",
                        "fields": ["caller_name", "reassigned_number"],
                        "reassigned_number": {"last_verified_date": "20260131"},
                    }
                ),
                QueryList.LookupBatchRequest({"correlation_id": "b", "phone_number": "x"}),
            ]
        }
    )
    one, other = tenant.client().lookups.v2.query.create(lookup_request=request).phone_numbers
    assert (one["correlation_id"], one["phone_number"]) == ("a", NUMBER)
    assert one["caller_name"]["caller_name"] == "Sam Rivera"
    assert one["reassigned_number"]["is_number_reassigned"] == "no_data_available"
    assert (other["correlation_id"], other["validation_errors"]) == ("b", ["NOT_A_NUMBER"])


@pytest.mark.parametrize(
    "body",
    [
        {"phone_numbers": [{"phone_number": NUMBER}] * 101},
        {"phone_numbers": [{"phone_number": NUMBER, "fields": ["shoe_size"]}]},
        {"phone_numbers": [{"phone_number": NUMBER, "country_code": "ZZ"}]},
        {"phone_numbers": [{"correlation_id": "a"}]},
        {"phone_numbers": NUMBER},
        [],
    ],
)
def test_a_wrong_batch_is_refused_without_its_numbers(tenant: Any, body: object) -> None:
    answer = ask(tenant, "POST", "/v2/batch/query", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert "5550177" not in answer.text


def test_a_body_must_be_json_where_json_is_taken(tenant: Any) -> None:
    assert ask(tenant, "POST", "/v2/batch/query", data={"phone_numbers": NUMBER}).status_code == 415
    headers = {"Content-Type": "application/json"}
    assert ask(tenant, "POST", "/v2/batch/query", data=b"{", headers=headers).json()["code"] == 20001
    assert ask(tenant, "POST", "/v2/batch/query", data=b"\xff", headers=headers).json()["code"] == 20001
    assert ask(tenant, "POST", "/v2/batch/query", data=b"", headers=headers).json() == {"phone_numbers": []}


# The first version


def test_the_first_version_tells_carrier_and_caller_name(tenant: Any) -> None:
    known(tenant)
    lookups = tenant.client().lookups.v1
    found = lookups.phone_numbers(NUMBER).fetch(type=["carrier", "caller-name"])
    assert found.carrier == {
        "mobile_country_code": "001",
        "mobile_network_code": "01",
        "name": "Simulated Mobile",
        "type": "mobile",
        "error_code": None,
    }
    assert found.caller_name["caller_name"] == "Sam Rivera"
    assert (found.national_format, found.country_code) == ("(202) 555-0177", "US")
    plain = lookups.phone_numbers("020 7946 0000").fetch(country_code="GB")
    assert (plain.phone_number, plain.carrier, plain.caller_name) == (FIXED, None, None)
    assert lookups.phone_numbers("+18005550199").fetch(type=["carrier"]).carrier["type"] is None


def test_the_first_version_does_not_find_what_is_no_number(tenant: Any) -> None:
    lookups = tenant.client().lookups.v1
    assert refusal(lambda: lookups.phone_numbers("+1415").fetch()) == (404, 20404)
    assert refusal(lambda: lookups.phone_numbers(NUMBER).fetch(add_ons=["owl"])) == (501, 20501)


# Overrides


def override(tenant: Any, text: str = NUMBER, field: str = LINE_TYPE) -> Any:
    return tenant.client().lookups.v2.lookup_overrides(field, text)


def said(line_type: str | None, reason: str | None = None) -> Any:
    return LookupOverrideInstance.OverridesRequest({"line_type": line_type, "reason": reason})


def test_an_override_is_told_instead_until_it_is_erased(tenant: Any) -> None:
    known(tenant)
    made = override(tenant).create(overrides_request=said("nonFixedVoip", "They said so."))
    assert (made.original_line_type, made.overridden_line_type) == ("mobile", "nonFixedVoip")
    assert (made.override_reason, made.overridden_by_account_sid) == ("They said so.", tenant.sid)
    assert made.phone_number == NUMBER
    found = number(tenant).fetch(fields=LINE_TYPE).line_type_intelligence
    assert (found["type"], found["carrier_name"]) == ("nonFixedVoip", "Simulated Mobile")
    assert tenant.client().lookups.v1.phone_numbers(NUMBER).fetch(type=["carrier"]).carrier["type"] == "voip"
    changed = override(tenant).update(overrides_request=said("pager"))
    assert (changed.original_line_type, changed.overridden_line_type) == ("mobile", "pager")
    assert override(tenant).fetch().override_reason == "They said so."
    assert override(tenant).update(overrides_request=said(None, "On paper.")).overridden_line_type == "pager"
    assert override(tenant).delete() is True
    assert number(tenant).fetch(fields=LINE_TYPE).line_type_intelligence["type"] == "mobile"
    assert refusal(override(tenant).fetch) == (404, 20404)
    assert refusal(override(tenant).delete) == (404, 20404)
    assert refusal(lambda: override(tenant).update(overrides_request=said("pager"))) == (404, 20404)


def test_an_override_is_of_one_account_and_one_number(tenant: Any) -> None:
    override(tenant).create(overrides_request=said("pager", "owl"))
    other = tenant.installation.new_tenant()
    assert refusal(override(other).fetch) == (404, 20404)
    assert refusal(override(other).delete) == (404, 20404)
    assert number(other).fetch(fields=LINE_TYPE).line_type_intelligence["type"] != "pager"
    assert number(tenant, NOBODYS).fetch(fields=LINE_TYPE).line_type_intelligence["type"] != "pager"
    assert override(tenant, "(202) 555-0177").fetch().overridden_line_type == "pager"


def test_a_wrong_override_is_refused(tenant: Any) -> None:
    made = lambda request, **at: lambda: override(tenant, **at).create(overrides_request=request)  # noqa: E731
    assert refusal(made(said("pager"), field="caller_name")) == (400, 20001)
    assert refusal(made(said("pager"), text="+1415")) == (400, 20001)
    assert refusal(made(said("shoe"))) == (400, 20001)
    assert refusal(made(said(None, "why"))) == (400, 20001)
    assert refusal(made(said("pager", "x" * 1_025))) == (400, 20001)
    override(tenant).create(overrides_request=said("pager"))
    assert refusal(made(said("uan"))) == (400, 20001)
    assert override(tenant).fetch().overridden_line_type == "pager"


def test_neither_number_nor_reason_is_at_rest_in_the_clear(tenant: Any) -> None:
    override(tenant).create(overrides_request=said("pager", "the owl said so"))
    rows = [row for row in tenant.installation.store._overrides.values() if row.account == tenant.sid]
    assert len(rows) == 1
    at_rest = repr(rows).encode()
    assert b"owl" not in at_rest
    assert b"5550177" not in at_rest


# Rate limits


def bucket(tenant: Any, name: str = "hourly", field: str = "sim_swap") -> Any:
    return tenant.client().lookups.v2.bucket(field, name)


def limit(count: int | None, ttl: int | None = None) -> Any:
    return BucketInstance.RateLimitRequest({"limit": count, "ttl": ttl})


def test_a_rate_limit_holds_for_its_field(tenant: Any) -> None:
    known(tenant)
    made = bucket(tenant).update(rate_limit_request=limit(2, 3_600))
    assert (made.field, made.bucket, made.limit, made.ttl, made.owner) == ("sim_swap", "hourly", 2, 3_600, tenant.sid)
    codes = []
    for text in (NUMBER, NOBODYS, NUMBER):
        found = number(tenant, text).fetch(fields="sim_swap,caller_name")
        codes.append((found.sim_swap["error_code"], found.caller_name["error_code"]))
    assert codes == [(None, None), (60600, 60600), (60616, None)]
    other = tenant.installation.new_tenant()
    assert number(other).fetch(fields="sim_swap").sim_swap["error_code"] is None
    bucket(tenant).delete()
    assert number(tenant).fetch(fields="sim_swap").sim_swap["error_code"] is None


def test_numbers_are_counted_apart_in_the_bucket_of_numbers(tenant: Any) -> None:
    known(tenant)
    known(tenant, NOBODYS)
    try:
        bucket(tenant, "phone_number").update(rate_limit_request=limit(1))
        codes = [number(tenant, text).fetch(fields="sim_swap").sim_swap["error_code"] for text in (NUMBER, NOBODYS) * 2]
        assert codes == [None, None, 60626, 60626]
    finally:
        network = tenant.installation.network
        network.remove_handset(NOBODYS)


def test_rate_limits_are_listed_changed_and_erased(tenant: Any) -> None:
    bucket(tenant).update(rate_limit_request=limit(2))
    bucket(tenant, "all", "caller_name").update(rate_limit_request=limit(0, 5))
    changed = bucket(tenant).update(rate_limit_request=limit(None, 7))
    assert (changed.limit, changed.ttl) == (2, 7)
    limits = tenant.client().lookups.v2.rate_limits
    assert [(each["field"], each["limit"], each["ttl"]) for each in limits.fetch().rate_limits] == [
        ("caller_name", 0, 5),
        ("sim_swap", 2, 7),
    ]
    assert [each["field"] for each in limits.fetch(fields=["sim_swap"]).rate_limits] == ["sim_swap"]
    assert bucket(tenant).fetch().limit == 2
    assert bucket(tenant).delete() is True
    assert refusal(bucket(tenant).fetch) == (404, 20404)
    assert refusal(bucket(tenant).delete) == (404, 20404)
    other = tenant.installation.new_tenant()
    assert other.client().lookups.v2.rate_limits.fetch().rate_limits == []


def test_a_wrong_rate_limit_is_refused(tenant: Any) -> None:
    update = lambda request, *at: lambda: bucket(tenant, *at).update(rate_limit_request=request)  # noqa: E731
    assert refusal(update(limit(1), "hourly", "validation")) == (400, 20001)
    assert refusal(update(limit(1), "two words")) == (400, 20001)
    assert refusal(update(limit(-1))) == (400, 20001)
    assert refusal(update(limit(1, 0))) == (400, 20001)
    assert refusal(update(limit(None, 5))) == (400, 20001)
    assert tenant.client().lookups.v2.rate_limits.fetch().rate_limits == []
