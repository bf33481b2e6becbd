"""What is secret of entities, leaves, factors and challenges opens where it belongs and nowhere else."""

import pytest

from ringfence.domain.challenge import ChallengeSecret
from ringfence.domain.device_token import EnrolmentSecret
from ringfence.domain.factor import FactorSecret
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.factor import (
    open_challenge,
    open_enrolment,
    open_factor,
    open_identity,
    seal_challenge,
    seal_enrolment,
    seal_factor,
    seal_identity,
)
from ringfence.domain.sealing.record import RecordSealer

SEALER = RecordSealer(b"k" * 32, "AC1")
FACTOR = FactorSecret(friendly_name="Alice's", config='{"a":1}', metadata='{"b":2}', binding='{"c":3}')
CHALLENGE = ChallengeSecret(details='{"a":1}', hidden_details='{"b":2}', state="{}")

CASES = [
    (seal_identity, open_identity, "alice-0001"),
    (seal_enrolment, open_enrolment, EnrolmentSecret(identity="alice-0001", friendly_name="Alice's")),
    (seal_factor, open_factor, FACTOR),
    (seal_challenge, open_challenge, CHALLENGE),
]


@pytest.mark.parametrize(("seal", "open_", "secret"), CASES)
def test_it_opens_as_what_it_was(seal, open_, secret):
    assert open_(SEALER, "X1", seal(SEALER, "X1", secret)) == secret


@pytest.mark.parametrize(("seal", "open_", "secret"), CASES)
def test_it_opens_nowhere_else(seal, open_, secret):
    sealed = seal(SEALER, "X1", secret)
    for sealer, sid in ((SEALER, "X2"), (RecordSealer(b"k" * 32, "AC2"), "X1"), (RecordSealer(b"l" * 32, "AC1"), "X1")):
        with pytest.raises(UnsealError):
            open_(sealer, sid, sealed)


def test_one_kind_does_not_open_as_another():
    with pytest.raises(UnsealError):
        open_challenge(SEALER, "X1", seal_factor(SEALER, "X1", FACTOR))
