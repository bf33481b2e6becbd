"""Webhooks of a service are told what happens to factors and challenges, whoever did it, program or device."""

from typing import Any

import pytest
from tests.api.factor_recipes import IDENTITY, code_of
from tests.api.push_device import Telephone
from tests.api.test_verify_webhooks import create

from ringfence.domain.sealing.verify_event import open_verify_event_with
from ringfence.domain.verify_event import VerifyEvent


@pytest.fixture
def service(tenant: Any) -> Any:
    return tenant.client().verify.v2.services.create(friendly_name="Fade & Co")


def told(tenant: Any, subject: str) -> list[VerifyEvent]:
    """As the dispatcher opens them."""
    installation = tenant.installation
    events = []
    for row in installation.run(installation.store.tellings(tenant.sid, subject)):
        (key,) = installation.run(installation.keys.open_records(tenant.sid, [(row.epoch, row.sid)]))
        events.append(open_verify_event_with(key, row.account, row.sid, row.content))
    return events


def kinds(tenant: Any, subject: str) -> list[str]:
    return [event.kind for event in told(tenant, subject)]


def test_of_a_totp_factor_all_is_told(tenant: Any, service: Any) -> None:
    create(service)
    entity = tenant.client().verify.v2.services(service.sid).entities(IDENTITY)
    made = entity.new_factors.create(friendly_name="Alice's", factor_type="totp")
    secret = made.binding["secret"]
    entity.factors(made.sid).update(auth_payload="000")
    assert kinds(tenant, made.sid) == ["factor.created"]
    entity.factors(made.sid).update(auth_payload=code_of(tenant, secret, -1))
    entity.factors(made.sid).update(friendly_name="Alice's own")
    entity.factors(made.sid).delete()
    events = told(tenant, made.sid)
    assert [event.kind for event in events] == ["factor.created", "factor.verified", "factor.deleted"]
    assert {(event.identity, event.factor_type) for event in events} == {(IDENTITY, "totp")}
    assert [event.factor_friendly_name for event in events] == ["Alice's", "Alice's", "Alice's own"]


def test_an_approved_code_is_told_and_a_wrong_one_is_not(tenant: Any, service: Any) -> None:
    create(service)
    entity = tenant.client().verify.v2.services(service.sid).entities(IDENTITY)
    made = entity.new_factors.create(friendly_name="Alice's", factor_type="totp")
    code = code_of(tenant, made.binding["secret"], -1)
    entity.factors(made.sid).update(auth_payload=code)
    challenge = entity.challenges.create(factor_sid=made.sid, auth_payload=code, hidden_details='{"ip": "192.0.2.7"}')
    assert told(tenant, challenge.sid) == []
    entity.challenges(challenge.sid).update(auth_payload=code_of(tenant, made.binding["secret"]))
    (event,) = told(tenant, challenge.sid)
    assert (event.kind, event.factor, event.hidden_details) == ("challenge.approved", made.sid, '{"ip": "192.0.2.7"}')


def test_what_a_device_does_is_told(tenant: Any, service: Any) -> None:
    create(service)
    create(service, "challenge.denied")
    telephone = Telephone.verified(tenant, service.sid)
    assert kinds(tenant, telephone.factor) == ["factor.created", "factor.verified"]
    entity = tenant.client().verify.v2.services(service.sid).entities(IDENTITY)
    first, second = (
        entity.challenges.create(factor_sid=telephone.factor, details_message="Log in?").sid for _ in range(2)
    )
    rings = tenant.installation.bell.rings
    telephone.answer(first, "approved")
    (event,) = told(tenant, first)
    assert (event.kind, event.identity, event.factor) == ("challenge.approved", IDENTITY, telephone.factor)
    assert "Log in?" in event.details
    assert tenant.installation.bell.rings == rings + 1
    telephone.answer(second, "denied")
    assert kinds(tenant, second) == ["challenge.denied"] * 2


def test_where_nobody_listens_a_device_has_nothing_told(tenant: Any, service: Any) -> None:
    create(service, "factor.deleted")
    telephone = Telephone.verified(tenant, service.sid)
    assert kinds(tenant, telephone.factor) == []
