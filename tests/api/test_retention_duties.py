"""An account's program is told which legal duties to retain metadata were declared, and which one stands."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from tests.api.conftest import LIMITS, Installation
from tests.api.test_restricted_keys import READ, made

from ringfence.domain.retention.declaration import declare
from ringfence.domain.retention.officer import OfficerKey
from ringfence.ports.retention import Duty

OFFICERS = [OfficerKey(name, bytes([n]) * 32).officer for n, name in enumerate(("ann", "bob", "eve"), start=1)]
BASIS = "Telecommunications Act, section 113b"


@pytest.fixture
def installation(tmp_path: Any) -> Iterator[Installation]:
    """One of its own: a duty is every account's."""
    own = Installation(tmp_path, LIMITS)
    own.start()
    yield own
    own.stop()


def answer(tenant: Any, auth: tuple[str, str] | None = None) -> requests.Response:
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/RetentionDuties"
    return requests.get(url, auth=auth or (tenant.sid, tenant.token), timeout=10)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_undeclared_there_is_none(tenant: Any) -> None:
    assert answer(tenant).json() == {"account_sid": tenant.sid, "duties": []}


def test_each_that_was_declared_is_told_the_newest_first(tenant: Any) -> None:
    run, keys = tenant.installation.run, tenant.installation.keys
    began = datetime.now(UTC).replace(microsecond=0)
    run(keys.declare_duty(declare(["remote", "kind"], 30, BASIS, OFFICERS)))
    (only,) = answer(tenant).json()["duties"]
    assert began <= moment(only["date_declared"]) <= datetime.now(UTC)
    assert only == {
        "number": 1,
        "fields": ["kind", "remote"],
        "days": 30,
        "basis": BASIS,
        "officers": ["ann", "bob", "eve"],
        "date_declared": only["date_declared"],
        "date_ended": None,
        "erased": False,
    }
    run(keys.declare_duty(declare(["kind"], 7, BASIS, OFFICERS)))
    newer, older = answer(tenant).json()["duties"]
    assert (newer["number"], newer["fields"], newer["days"], newer["date_ended"]) == (2, ["kind"], 7, None)
    assert older["number"] == 1
    assert moment(older["date_declared"]) <= moment(older["date_ended"])
    run(keys.end_duty(True))
    assert [(each["erased"], each["date_ended"] is None) for each in answer(tenant).json()["duties"]] == [
        (True, False),
        (True, False),
    ]


def test_it_is_for_the_accounts_own_credentials_and_for_keys_that_may_read_the_ledger(tenant: Any) -> None:
    client = tenant.client()
    standard, reads, other = (
        client.new_keys.create(),
        made(tenant, "/ringfence/ledger/entries/read"),
        made(tenant, READ),
    )
    assert answer(tenant, (standard.sid, standard.secret)).status_code == 200
    assert answer(tenant, (reads.sid, reads.secret)).status_code == 200
    refused = answer(tenant, (other.sid, other.secret))
    assert (refused.status_code, refused.json()["code"]) == (401, 70051)
    stranger = tenant.installation.new_tenant()
    assert answer(tenant, (stranger.sid, stranger.token)).status_code == 404


def test_with_the_key_service_away_it_is_not_known(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> Sequence[Duty]:
        raise ConnectionError("nothing answers")

    monkeypatch.setattr(tenant.installation.keys, "duties", away)
    assert answer(tenant).status_code == 503
