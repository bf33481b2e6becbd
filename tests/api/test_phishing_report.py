"""How many of a tenant's sign-ins could have been phished, over the API."""

from typing import Any

import requests
from tests.api.test_verifications import Verify


def read(tenant: Any, account: Any = None, **query: str) -> requests.Response:
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{(account or tenant).sid}/PhishingReport"
    return requests.get(url, auth=(tenant.sid, tenant.token), params=query, timeout=10)


def test_approved_codes_are_counted_and_pending_ones_are_not(tenant: Any) -> None:
    verify = Verify(tenant)
    for to, channel in (("+12025550161", "sms"), ("+12025550162", "sms"), ("sam@example.com", "email")):
        started = verify.start(to, channel)
        verify.check(verify.code(started), to)
    verify.start("+12025550163")
    shown = read(tenant).json()
    assert (shown["account_sid"], shown["sign_ins"], shown["phishable"]) == (tenant.sid, 3, 3)
    assert [(line["channel"], line["sign_ins"]) for line in shown["lines"]] == [("sms", 2), ("email", 1)]
    assert {line["service_sid"] for line in shown["lines"]} == {verify.service.sid}
    assert all("passkeys" in line["advice"] for line in shown["lines"])
    assert "+1202555" not in str(shown)


def test_a_period_is_named_by_days_or_times(tenant: Any) -> None:
    verify = Verify(tenant)
    verify.check(verify.code(verify.start()))
    assert read(tenant, StartDate="2020-01-01", EndDate="2020-02-01").json()["sign_ins"] == 0
    shown = read(tenant, StartDate="2020-01-01", EndDate="2020-02-01").json()
    assert (shown["start_date"], shown["end_date"]) == ("2020-01-01T00:00:00.000Z", "2020-02-01T00:00:00.000Z")
    backwards = {"StartDate": "2020-02-01", "EndDate": "2020-01-01"}
    for query in ({"StartDate": "never"}, backwards, {"StartDate": "2001-01-01"}):
        assert read(tenant, **query).status_code == 400


def test_nobody_else_may_read_it(tenant: Any, installation: Any) -> None:
    other = installation.new_tenant()
    assert read(other, tenant).status_code == 404
