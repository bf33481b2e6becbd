"""A device is woken when it is asked, and again when its program wishes; what wakes it says nothing of the question."""

from typing import Any

import pytest
from tests.api.factor_recipes import IDENTITY, totp_factor
from tests.api.notification_recipes import TOKEN, woken
from tests.api.push_device import Telephone
from twilio.base.exceptions import TwilioRestException

from ringfence.carriers.simulator.faults import Fault, FaultKind

NUMBER = "+12025550177"
QUESTION = "Log in from Paris?"


def challenges_of(telephone: Telephone) -> Any:
    return telephone.tenant.client().verify.v2.services(telephone.service).entities(IDENTITY).challenges


def asked(telephone: Telephone) -> Any:
    challenges = challenges_of(telephone)
    return challenges(challenges.create(factor_sid=telephone.factor, details_message=QUESTION).sid)


def shown(tenant: Any) -> list[str]:
    handset = tenant.installation.network.handset(NUMBER)
    return [] if handset is None else [text.body for text in handset.texts if text.sender == "Push"]


@pytest.fixture(autouse=True)
def quiet(tenant: Any) -> None:
    tenant.installation.network.reset()


def refusal(action: Any, **more: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refused:
        action(**more)
    return refused.value.status, refused.value.code


def test_a_device_is_woken_when_it_is_asked_and_when_its_program_wishes(tenant: Any) -> None:
    challenge = asked(woken(tenant))
    assert len(shown(tenant)) == 1
    made = challenge.notifications.create(ttl=150)
    assert (made.challenge_sid, made.identity) == (challenge._solution["sid"], IDENTITY)
    assert (made.priority, made.ttl) == ("high", 150)
    assert made.sid.startswith("NT")
    assert challenge.notifications.create().ttl == 300
    assert len(shown(tenant)) == 3
    assert not any("Paris" in body or challenge._solution["sid"] in body for body in shown(tenant))


def test_nobody_is_woken_again_and_again(tenant: Any) -> None:
    challenge = asked(woken(tenant))
    for _ in range(3):
        challenge.notifications.create()
    assert refusal(challenge.notifications.create) == (429, 60312)
    assert len(shown(tenant)) == 4


def test_a_challenge_that_is_over_wakes_nobody(tenant: Any) -> None:
    telephone = woken(tenant)
    answered, over = asked(telephone), asked(telephone)
    telephone.answer(answered._solution["sid"], "approved")
    assert refusal(answered.notifications.create) == (403, 60324)
    before_ms = tenant.installation.clock.offset_ms
    tenant.installation.clock.offset_ms += 300_000
    try:
        assert refusal(over.notifications.create) == (403, 60323)
    finally:
        tenant.installation.clock.offset_ms = before_ms


def test_who_cannot_be_woken_is_asked_all_the_same(tenant: Any) -> None:
    sleeper = Telephone.verified(tenant, tenant.client().verify.v2.services.create(friendly_name="Fade & Co").sid)
    assert refusal(asked(sleeper).notifications.create) == (400, 60200)
    assert shown(tenant) == []
    assert len(sleeper.asked()) == 1
    gone = woken(tenant, token="x" * 40)
    asked(gone).notifications.create()
    assert shown(tenant) == []
    factor, _ = totp_factor(tenant, gone.service)
    challenges = challenges_of(gone)
    assert refusal(challenges(challenges.create(factor_sid=factor).sid).notifications.create) == (400, 60200)


def test_a_network_that_is_away_does_not_stop_a_challenge(tenant: Any) -> None:
    telephone = woken(tenant)
    fault = tenant.installation.network.add_fault(Fault(kind=FaultKind.DISCONNECT))
    try:
        challenge = asked(telephone)
        assert refusal(challenge.notifications.create)[0] == 503
    finally:
        tenant.installation.network.remove_fault(fault.id)
    assert challenge.fetch().status == "pending"
    challenge.notifications.create()
    assert len(shown(tenant)) == 1


def test_another_tenants_device_is_not_woken(tenant: Any, installation: Any) -> None:
    telephone = woken(tenant)
    challenge = asked(telephone)
    other = installation.new_tenant().client().verify.v2.services(telephone.service).entities(IDENTITY)
    assert refusal(other.challenges(challenge._solution["sid"]).notifications.create) == (404, 20404)
    assert len(shown(tenant)) == 1


def test_where_no_network_wakes_devices_it_is_501(tenant: Any) -> None:
    challenge = asked(woken(tenant, token=TOKEN))
    notifier = tenant.installation.deps.factoring.notifier
    sender, notifier._sender = notifier._sender, None
    try:
        assert refusal(challenge.notifications.create)[0] == 501
        assert asked(woken(tenant)).fetch().status == "pending"
    finally:
        notifier._sender = sender
