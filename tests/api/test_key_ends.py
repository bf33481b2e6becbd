"""When a key ends: set, brought forward, put off and taken away by the account's owner, until it has come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.api.test_restricted_keys import READ, SEND, limits, made

from ringfence.domain.sid import new_sid


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("permission", [READ, SEND])
def test_an_end_is_set_and_taken_away_for_what_is_sealed_too(tenant: Any, permission: str) -> None:
    key = made(tenant, permission)
    assert limits(tenant, key).json()["date_expires"] is None
    for end in (in_days(90), in_days(1), in_days(300)):
        assert limits(tenant, key, "POST", DateExpires=end).json()["date_expires"] == end
        assert limits(tenant, key).json()["date_expires"] == end
    other = limits(tenant, key, "POST", AllowedNetworks="127.0.0.0/8 ::1").json()
    assert other["date_expires"] == end, "what is absent stays"
    assert limits(tenant, key, "POST", DateExpires="", WatchNetworks="true").json()["watch_networks"] is True
    assert limits(tenant, key).json()["date_expires"] is None
    store = tenant.installation.store
    assert tenant.installation.run(store.credential(key.sid)).ends_ms == 0


def test_what_is_no_time_to_come_is_refused_and_changes_nothing(tenant: Any) -> None:
    key, end = made(tenant, READ), in_days(90)
    limits(tenant, key, "POST", DateExpires=end)
    for wrong in ("tomorrow", "2020-01-01T00:00:00Z", in_days(-0.001), in_days(3_661), "0"):
        answer = limits(tenant, key, "POST", DateExpires=wrong, Canary="true")
        assert (answer.status_code, answer.json()["code"]) == (400, 20001), wrong
    row = limits(tenant, key).json()
    assert (row["date_expires"], row["canary"]) == (end, False)


def test_a_key_that_has_ended_is_not_brought_back(tenant: Any) -> None:
    key, store = made(tenant, READ), tenant.installation.store
    past = {"policy": READ, "networks": "", "canary": False, "ends_ms": 1, "at_ms": 1}
    tenant.installation.run(store.restrict_credential(tenant.sid, key.sid, **past))
    for wanted in ("", in_days(1)):
        answer = limits(tenant, key, "POST", DateExpires=wanted)
        assert (answer.status_code, "has ended" in answer.json()["message"]) == (400, True)


def test_nobody_but_its_owner_has_a_key_end_otherwise(installation: Any, tenant: Any) -> None:
    key, other = made(tenant, READ), installation.new_tenant()
    assert limits(other, key, "POST", DateExpires=in_days(1)).status_code == 404
    assert limits(tenant, key).json()["date_expires"] is None
    key.sid = new_sid("SK")
    assert limits(tenant, key, "POST", DateExpires=in_days(1)).status_code == 404
