"""Attempts to bring a code and their summary, as the official SDK sees them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from msgspec.structs import replace
from tests.api.lookup_recipes import known
from tests.api.test_verifications import Verify, other_than, refused

from ringfence.domain import call
from ringfence.domain.message import Status
from ringfence.ports.calls import CallChange

TO, OTHER, KNOWN = "+12025550177", "+447900900123", "+12025550166"


@pytest.fixture
def verify(tenant: Any) -> Verify:
    return Verify(tenant)


def sid_of(verification: Any, nth: int = -1) -> str:
    return str(verification.send_code_attempts[nth]["attempt_sid"])


def test_an_attempt_tells_whose_it_is(verify: Verify) -> None:
    started = verify.start()
    (found,) = verify.client.verify.v2.verification_attempts.list()
    assert found.sid == sid_of(started)
    assert (found.account_sid, found.service_sid) == (verify.tenant.sid, verify.service.sid)
    assert (found.verification_sid, found.channel) == (started.sid, "sms")
    assert (found.conversion_status, found.price) == ("unconverted", None)
    assert found.channel_data == {
        "verification_sid": started.sid,
        "to": TO,
        "status": "unconfirmed",
        "country": "US",
        "code_length": 6,
        "locale": "en",
        "mcc": None,
        "mnc": None,
        "carrier": None,
        "message_status": "queued",
    }
    assert found.url.endswith(f"/v2/Attempts/{found.sid}")
    fetched = verify.client.verify.v2.verification_attempts(found.sid).fetch()
    assert (fetched.sid, fetched.channel_data) == (found.sid, found.channel_data)
    assert fetched.date_created == found.date_created


def test_it_tells_the_language_and_the_length_of_each(verify: Verify) -> None:
    verify = Verify(verify.tenant, code_length=8)
    first = sid_of(verify.start(locale="de"))
    again = sid_of(verify.start(locale="fr"))
    told = {one.sid: one.channel_data for one in verify.client.verify.v2.verification_attempts.list()}
    assert (told[first]["locale"], told[first]["code_length"]) == ("de", 8)
    assert (told[again]["locale"], told[again]["code_length"]) == ("fr", 8)
    installation = verify.tenant.installation
    row = installation.run(installation.store.verification(verify.tenant.sid, told[first]["verification_sid"]))
    assert b"fr" not in row.attempts[1].locale


def test_one_that_is_fetched_tells_whose_line_it_was_where_the_service_looks_up(verify: Verify) -> None:
    known(verify.tenant, KNOWN, carrier_name="Owl Mobile", mobile_country_code="310", mobile_network_code="999")
    looking = Verify(verify.tenant, lookup_enabled=True)
    attempts = verify.client.verify.v2.verification_attempts
    data = attempts(sid_of(looking.start(KNOWN))).fetch().channel_data
    assert (data["mcc"], data["mnc"], data["carrier"]) == ("310", "999", "Owl Mobile")
    assert attempts(sid_of(verify.start(KNOWN))).fetch().channel_data["carrier"] is None
    # A list looks nothing up.
    assert {one.channel_data["carrier"] for one in attempts.list()} == {None}


def test_entering_the_code_converts_all_attempts_of_a_verification(verify: Verify) -> None:
    verify.start()
    started = verify.start(channel="call")
    verify.start("+12025550188")
    verify.check(verify.code(started))
    told = {
        one.sid: (one.conversion_status, one.channel_data["status"], one.channel)
        for one in verify.client.verify.v2.verification_attempts.list()
    }
    assert told[sid_of(started, 0)] == ("converted", "confirmed", "sms")
    assert told[sid_of(started, 1)] == ("converted", "confirmed", "call")
    assert sorted(told.values())[-1] == ("unconverted", "unconfirmed", "sms")
    converted = verify.client.verify.v2.verification_attempts.list(status="converted")
    assert {one.sid for one in converted} == {sid_of(started, 0), sid_of(started, 1)}


def test_it_tells_what_became_of_its_text(verify: Verify) -> None:
    started = verify.start()
    installation, sid = verify.tenant.installation, sid_of(started)
    messages = installation.store._messages
    row = messages[verify.tenant.sid, sid]
    messages[verify.tenant.sid, sid] = replace(
        row, status=Status.UNDELIVERED, error_code=30005, price_micros=7_900, updated_ms=row.updated_ms + 5_000
    )
    found = verify.client.verify.v2.verification_attempts(sid).fetch()
    assert (found.channel_data["message_status"], found.channel_data["error_code"]) == ("undelivered", "30005")
    assert found.price == {"value": "0.00790", "currency": "usd"}
    assert found.date_updated - found.date_created >= timedelta(seconds=5)


def test_it_tells_what_became_of_its_call(verify: Verify) -> None:
    started = verify.start(channel="call")
    installation, sid = verify.tenant.installation, sid_of(started)
    at_ms = installation.clock.now_ms()
    change = CallChange(status=call.Status.BUSY, at_ms=at_ms, sip_status=486)
    installation.run(installation.store.move_call(verify.tenant.sid, f"CA{sid[2:]}", change))
    found = verify.client.verify.v2.verification_attempts(sid).fetch()
    assert found.channel_data["call_status"] == "busy"
    assert "message_status" not in found.channel_data


def test_filters_leave_what_they_name(tenant: Any, verify: Verify) -> None:
    elsewhere = Verify(tenant)
    mine = [sid_of(verify.start()), sid_of(verify.start(channel="call")), sid_of(verify.start(OTHER))]
    theirs = sid_of(elsewhere.start())
    verification = verify.of_service.verifications(TO).fetch().sid

    def found(**wanted: Any) -> set[str]:
        return {one.sid for one in verify.client.verify.v2.verification_attempts.list(**wanted)}

    assert found() == {*mine, theirs}
    assert found(channel="call") == {mine[1]}
    assert found(country="GB") == {mine[2]}
    assert found(verify_service_sid=elsewhere.service.sid) == {theirs}
    assert found(verification_sid=verification) == {mine[0], mine[1]}
    assert found(channel_data_to=TO) == {mine[0], mine[1], theirs}
    assert found(channel_data_to=TO, verify_service_sid=verify.service.sid) == {mine[0], mine[1]}
    assert found(channel_data_to="+12025550199") == set()
    now = datetime.now(UTC)
    assert found(date_created_after=now + timedelta(hours=1)) == set()
    assert found(date_created_before=now - timedelta(hours=1)) == set()
    hour = {"date_created_after": now - timedelta(hours=1), "date_created_before": now + timedelta(hours=1)}
    assert found(**hour) == {*mine, theirs}


def test_pages_go_on_where_the_last_one_ended(verify: Verify) -> None:
    made = [sid_of(verify.start(f"+1202555018{n}")) for n in range(5)]
    listed = verify.client.verify.v2.verification_attempts
    page = listed.page(page_size=2)
    walked = [one.sid for one in page]
    while (page := page.next_page()) is not None:
        walked += [one.sid for one in page]
    assert sorted(walked) == sorted(made)
    assert len(walked) == 5


def test_a_summary_counts_what_was_made_and_what_converted(tenant: Any, verify: Verify) -> None:
    summary = verify.client.verify.v2.verification_attempts_summary
    nothing = summary().fetch()
    assert (nothing.total_attempts, nothing.conversion_rate_percentage) == (0, "0.000000000")
    started = verify.start()
    verify.check(other_than(verify.code(started)))
    verify.check(verify.code(started))
    verify.start(OTHER)
    Verify(tenant).start("+12025550188", channel="call")
    found = summary().fetch()
    assert (found.total_attempts, found.total_converted, found.total_unconverted) == (3, 1, 2)
    assert found.conversion_rate_percentage == "33.333333333"
    assert found.url.endswith("/v2/Attempts/Summary")
    assert summary().fetch(verify_service_sid=verify.service.sid).total_attempts == 2
    assert summary().fetch(country="GB").total_attempts == 1
    assert summary().fetch(channel="call").total_attempts == 1
    of_prefix = summary().fetch(destination_prefix="+1202555017")
    assert (of_prefix.total_attempts, of_prefix.total_converted) == (1, 1)
    assert summary().fetch(destination_prefix="+1202").total_attempts == 2
    assert summary().fetch(destination_prefix="+49").total_attempts == 0
    assert summary().fetch(date_created_after=datetime.now(UTC) + timedelta(hours=1)).total_attempts == 0


@pytest.mark.parametrize(
    "query",
    ["Country=USA", "Channel=pigeon", "VerifyServiceSid=VAx", "VerificationSid=VEx", "Status=maybe", "PageSize=x"],
)
def test_a_wrong_filter_is_refused(tenant: Any, query: str) -> None:
    url = f"{tenant.installation.url}/verify/v2/Attempts?{query}"
    assert requests.get(url, auth=(tenant.sid, tenant.token), timeout=10).status_code == 400


def test_a_prefix_is_digits(tenant: Any) -> None:
    url = f"{tenant.installation.url}/verify/v2/Attempts/Summary?DestinationPrefix=x"
    answer = requests.get(url, auth=(tenant.sid, tenant.token), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, 60200)


def test_another_accounts_attempts_are_nowhere(installation: Any, verify: Verify) -> None:
    started = verify.start()
    stranger = installation.new_tenant().client().verify.v2
    assert stranger.verification_attempts.list() == []
    assert refused(stranger.verification_attempts(sid_of(started)).fetch) == (404, 20404)
    assert stranger.verification_attempts_summary().fetch().total_attempts == 0


def test_an_attempt_that_is_not_there_is_404(verify: Verify) -> None:
    assert refused(verify.client.verify.v2.verification_attempts("VL" + "0" * 32).fetch) == (404, 20404)
