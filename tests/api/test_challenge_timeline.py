"""A challenge's timeline says what happened and when, and no word of what was asked."""

from typing import Any

import pytest
import requests
from msgspec.structs import replace
from tests.api.factor_recipes import IDENTITY
from tests.api.push_device import Telephone
from tests.api.test_verify_webhooks import create


@pytest.fixture
def service(tenant: Any) -> Any:
    return tenant.client().verify.v2.services.create(friendly_name="Fade & Co")


@pytest.fixture
def telephone(tenant: Any, service: Any) -> Telephone:
    return Telephone.verified(tenant, service.sid)


def push(tenant: Any, telephone: Telephone) -> str:
    entity = tenant.client().verify.v2.services(telephone.service).entities(IDENTITY)
    made = entity.challenges.create(factor_sid=telephone.factor, details_message="Log in to Fade & Co?")
    return str(made.sid)


def timeline(tenant: Any, telephone: Telephone, sid: str) -> Any:
    account = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}"
    answer = requests.get(
        f"{account}/Services/{telephone.service}/Challenges/{sid}/Timeline", auth=(tenant.sid, tenant.token), timeout=10
    )
    assert answer.status_code == 200
    assert "Fade" not in answer.text
    assert IDENTITY not in answer.text
    return answer.json()


def kinds(shown: Any) -> list[str]:
    return [step["kind"] for step in shown["steps"]]


def test_it_is_asked_and_answered_and_told(tenant: Any, service: Any, telephone: Telephone) -> None:
    webhook = create(service)
    sid = push(tenant, telephone)
    shown = timeline(tenant, telephone, sid)
    assert (kinds(shown), shown["status"], shown["final"], shown["tellings"]) == (["asked"], "pending", False, [])
    telephone.answer(sid, "approved")
    shown = timeline(tenant, telephone, sid)
    assert (kinds(shown), shown["status"], shown["final"]) == (["asked", "approved"], "approved", True)
    (told,) = shown["tellings"]
    assert (told["kind"], told["webhook_sid"]) == ("challenge.approved", webhook.sid)
    assert shown["steps"][1]["at"] == told["at"]


def test_nobody_answers(tenant: Any, service: Any, telephone: Telephone) -> None:
    sid = push(tenant, telephone)
    store, key = tenant.installation.store, (tenant.sid, telephone.service, sid)
    store._challenges[key] = replace(store._challenges[key], expires_ms=1_700_000_000_000)
    shown = timeline(tenant, telephone, sid)
    assert (kinds(shown), shown["status"]) == (["asked", "expired"], "expired")
    assert shown["steps"][1]["at"] == "2023-11-14T22:13:20.000Z"


def test_a_wrong_number_ends_it(tenant: Any, service: Any, telephone: Telephone) -> None:
    service.update(push_include_date=False)
    path = f"{tenant.installation.url}/verify/v2/Services/{telephone.service}"
    requests.post(path, {"Push.NumberMatching": "true"}, auth=(tenant.sid, tenant.token), timeout=10)
    sid = push(tenant, telephone)
    telephone.answer(sid, "approved", number="1")
    assert kinds(timeline(tenant, telephone, sid)) == ["asked", "over"]
