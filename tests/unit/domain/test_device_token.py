"""What a device signs in with: every part of it is of the right kind, or it is nobody's."""

import pytest

from ringfence.domain.device_token import (
    LOGIN,
    DeviceOf,
    Enrolment,
    enrolment_claimed,
    enrolment_claims,
    is_good_now,
    login_claimed,
)
from ringfence.domain.jws import read_jws, write_hs256

ACCOUNT, SERVICE, FACTOR, TOKEN = ("AC" + "a" * 32, "VA" + "b" * 32, "YF" + "c" * 32, "YK" + "d" * 32)
GRANT = {"service_sid": SERVICE, "factor_sid": FACTOR}
ENROLMENT = Enrolment(
    sid=TOKEN,
    account=ACCOUNT,
    service=SERVICE,
    identity="alice-0001",
    friendly_name="Alice's",
    issued_s=1_000,
    expires_s=1_060,
)


def token(claims, cty=LOGIN):
    return read_jws(write_hs256(b"k", {"cty": cty}, claims))


def login(**more):
    return token({"sub": ACCOUNT, "grants": {"verify_push": GRANT}, **more})


def test_a_login_says_whose_device_it_is():
    assert login_claimed(login()) == DeviceOf(account=ACCOUNT, service=SERVICE, factor=FACTOR)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": FACTOR},
        {"sub": None},
        {"grants": None},
        {"grants": {}},
        {"grants": {"verify_push": []}},
        {"grants": {"verify_push": {**GRANT, "factor_sid": SERVICE}}},
        {"grants": {"verify_push": {**GRANT, "factor_sid": 1}}},
        {"grants": {"verify_push": {**GRANT, "service_sid": ""}}},
    ],
)
def test_what_is_no_login_is_nobodys(claims):
    assert login_claimed(login(**claims)) is None
    assert login_claimed(token({"sub": ACCOUNT, "grants": {"verify_push": GRANT}}, cty="twilio-fpa;v=1")) is None


@pytest.mark.parametrize(
    ("claims", "is_good"),
    [
        ({"exp": 1_001}, True),
        ({"exp": 1_000}, False),
        ({}, False),
        ({"exp": "1001"}, False),
        ({"exp": True}, False),
        ({"exp": 1_660}, True),
        ({"exp": 1_661}, False),
        ({"exp": 1_001, "nbf": 1_060}, True),
        ({"exp": 1_001, "nbf": 1_061}, False),
    ],
)
def test_a_login_is_good_for_minutes(claims, is_good):
    assert is_good_now(login(**claims), 1_000) is is_good


def test_an_enrolment_is_read_as_it_was_signed():
    claims = enrolment_claims(ENROLMENT)
    assert enrolment_claimed(token(claims, cty="ringfence-enrolment;v=1")) == ENROLMENT
    # One kind of token is not the other.
    assert enrolment_claimed(token(claims)) is None
    assert login_claimed(token(claims)) is None


@pytest.mark.parametrize("change", ["jti", "sub", "iat", "exp", "grants"])
def test_an_enrolment_lacks_nothing(change):
    claims = {name: value for name, value in enrolment_claims(ENROLMENT).items() if name != change}
    assert enrolment_claimed(token(claims, cty="ringfence-enrolment;v=1")) is None


def test_an_enrolment_is_for_an_identity():
    claims = enrolment_claims(ENROLMENT)
    claims["grants"]["verify_push"]["identity"] = "x"
    assert enrolment_claimed(token(claims, cty="ringfence-enrolment;v=1")) is None


def test_an_enrolment_does_not_show_for_whom_it_is():
    assert repr(ENROLMENT) == f"Enrolment({TOKEN})"
