"""The fields that a webhook of Verify is told, by its version."""

import pytest

from ringfence.domain.verify_event import VerifyEvent
from ringfence.usecases.webhooks.verify_form import verify_form

SID = "EV00112233445566778899aabbccddeeff"
FACTOR = {"factor": "YF1", "factor_type": "push", "factor_friendly_name": "Ann's telephone"}
COMMON = {
    "uuid": "00112233-4455-6677-8899-aabbccddeeff",
    "type": "factor.verified",
    "account_sid": "AC1",
    "service_sid": "VA1",
    "entity_identity": "ann-7",
    "factor_sid": "YF1",
    "factor_type": "push",
}
DENIED = {"challenge": "YC1", "details": '{"message":"Sign in?"}', "hidden_details": '{"ip":"x"}', "metadata": "{}"}


def happened(**more):
    fields = {"account": "AC1", "service": "VA1", "kind": "factor.verified", "at_ms": 1, "identity": "ann-7"}
    return VerifyEvent(**(fields | FACTOR | more))


def told(event, version):
    form = verify_form(SID, event, version)
    assert len({name for name, _ in form}) == len(form)
    return dict(form)


def test_of_a_factor_everything_but_a_challenge_is_told():
    assert told(happened(), "v2") == COMMON | {"factor_friendly_name": "Ann's telephone"}
    assert told(happened(), "v1") == COMMON


def test_of_a_challenge_its_words_are_told_too():
    denied = happened(kind="challenge.denied", **DENIED)
    common = COMMON | {"type": "challenge.denied", "challenge_sid": "YC1"}
    assert told(denied, "v1") == common
    assert told(denied, "v2") == common | {
        "factor_friendly_name": "Ann's telephone",
        "challenge_details": DENIED["details"],
        "challenge_hidden_details": DENIED["hidden_details"],
        "challenge_metadata": "{}",
    }


@pytest.mark.parametrize(("more", "subject"), [({}, "YF1"), ({"challenge": "YC1"}, "YC1")])
def test_the_subject_is_the_challenge_if_there_is_one(more, subject):
    assert happened(**more).subject == subject


def test_nothing_of_it_is_in_its_repr():
    assert repr(happened(**DENIED)) == "VerifyEvent(factor.verified, YC1)"
