"""A factor is verified once."""

from itertools import product

from ringfence.domain.factor import FactorSecret, FactorStatus, may_become


def test_a_factor_is_verified_once_and_stays_so():
    moves = {(before, after) for before, after in product(FactorStatus, repeat=2) if may_become(before, after)}
    assert moves == {(FactorStatus.UNVERIFIED, FactorStatus.VERIFIED)}


def test_a_secret_does_not_show():
    assert repr(FactorSecret(friendly_name="Alice's telephone")) == "FactorSecret(…)"
