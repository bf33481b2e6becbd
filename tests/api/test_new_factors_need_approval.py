"""Where a service wants it, nobody joins an entity's factors unless one of them has said so.."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.factor_recipes import IDENTITY, code_of, totp_factor
from tests.api.push_device import Telephone
from tests.api.verify_recipes import SERVICES, ask
from twilio.base.exceptions import TwilioRestException


class Household:
    """A service that wants approval, and an entity with one verified factor."""

    def __init__(self, tenant: Any) -> None:
        self.tenant = tenant
        made = ask(tenant, "POST", SERVICES, {"FriendlyName": "Fade & Co", "NewFactorsNeedApproval": "true"})
        assert made.status_code == 201
        self.service = made.json()["sid"]
        self.entity = tenant.client().verify.v2.services(self.service).entities(IDENTITY)
        self.old, self.old_secret = totp_factor(tenant, self.service)

    def add(self) -> tuple[str, str]:
        made = self.entity.new_factors.create(friendly_name="another", factor_type="totp")
        return made.sid, made.binding["secret"]

    def verify(self, factor: str, secret: str) -> tuple[int, int] | str:
        try:
            return str(self.entity.factors(factor).update(auth_payload=code_of(self.tenant, secret)).status)
        except TwilioRestException as refused:
            return refused.status, refused.code

    def approve(self, by: str, secret: str, **details: str) -> str:
        self.step()
        challenge = self.entity.challenges.create(
            factor_sid=by, auth_payload=code_of(self.tenant, secret), hidden_details=json.dumps(details)
        )
        return str(challenge.status)

    def step(self, ms: int = 30_000) -> None:
        """A code is good once: the next one is for the next half minute."""
        self.tenant.installation.clock.offset_ms += ms


@pytest.fixture
def household(tenant: Any) -> Iterator[Household]:
    before_ms = tenant.installation.clock.offset_ms
    yield Household(tenant)
    tenant.installation.clock.offset_ms = before_ms


REFUSED = (403, 60311)


def test_the_first_factor_needs_nobody_and_the_second_the_first(household: Household) -> None:
    new, secret = household.add()
    assert household.verify(new, secret) == REFUSED
    assert household.approve(household.old, household.old_secret, approves_factor=new) == "approved"
    household.step()
    assert household.verify(new, secret) == "verified"


@pytest.mark.parametrize("details", [{}, {"approves_factor": "YF" + "0" * 32}, {"approves": "this"}], ids=str)
def test_an_approval_names_the_factor(household: Household, details: dict[str, str]) -> None:
    new, secret = household.add()
    assert household.approve(household.old, household.old_secret, **details) == "approved"
    household.step()
    assert household.verify(new, secret) == REFUSED


def test_an_approval_is_good_for_ten_minutes(household: Household) -> None:
    new, secret = household.add()
    household.approve(household.old, household.old_secret, approves_factor=new)
    household.step(10 * 60_000 + 1)
    assert household.verify(new, secret) == REFUSED


def test_who_only_asks_for_approval_has_none(household: Household) -> None:
    new, secret = household.add()
    household.entity.challenges.create(factor_sid=household.old, hidden_details=json.dumps({"approves_factor": new}))
    assert household.verify(new, secret) == REFUSED


def test_an_approval_of_one_is_none_of_another(household: Household) -> None:
    first, _ = household.add()
    second, secret = household.add()
    household.approve(household.old, household.old_secret, approves_factor=first)
    household.step()
    assert household.verify(second, secret) == REFUSED


def test_where_all_verified_factors_are_gone_the_next_is_the_first(household: Household) -> None:
    new, secret = household.add()
    household.entity.factors(household.old).delete()
    assert household.verify(new, secret) == "verified"


def test_without_the_setting_nobody_is_asked(household: Household) -> None:
    path = f"{SERVICES}/{household.service}"
    assert ask(household.tenant, "POST", path, {"NewFactorsNeedApproval": "false"}).status_code == 200
    new, secret = household.add()
    assert household.verify(new, secret) == "verified"


def test_a_device_joins_by_its_programs_hand_once_it_is_approved(household: Household, tenant: Any) -> None:
    """A device has no tenant's key, so nobody reads for it what was approved."""
    telephone = Telephone(tenant, household.service)
    assert telephone.enrol().status_code == 201
    assert telephone.verify().json()["code"] == 60311
    word = telephone.signature(telephone.factor)
    with pytest.raises(TwilioRestException) as refused:
        household.entity.factors(telephone.factor).update(auth_payload=word)
    assert refused.value.code == 60311
    household.approve(household.old, household.old_secret, approves_factor=telephone.factor)
    assert telephone.verify().json()["code"] == 60311
    assert household.entity.factors(telephone.factor).update(auth_payload=word).status == "verified"
