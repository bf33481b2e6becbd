from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.passkeys.public_key import Algorithm, algorithm_of
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal

P256 = {1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}
ED25519 = {1: 1, 3: -8, -1: 6, -2: bytes(32)}
RSA = {1: 3, 3: -257, -1: b"\x80" + bytes(255), -2: b"\x01\x00\x01"}


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (P256, Algorithm.ES256),
        (ED25519, Algorithm.EDDSA),
        (RSA, Algorithm.RS256),
        (RSA | {-1: b"\x80" + bytes(511)}, Algorithm.RS256),
        (RSA | {-1: b"\xff" + bytes(383)}, Algorithm.RS256),
    ],
)
def test_the_three_kinds_of_keys_are_known(key: dict[int, Any], algorithm: Algorithm) -> None:
    assert algorithm_of(cbor2.dumps(key)) is algorithm


@pytest.mark.parametrize("key", [b"", b"\x80", b"\xa1", cbor2.dumps(P256) + b"\x00", b"\x04" + bytes(64)])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        algorithm_of(key)
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize("alg", [-35, -36, -37, -47, -48, -258, -65535, 7, 0, True, None, "ES256", b"", [], {}])
def test_another_algorithm_is_refused(alg: Any) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        algorithm_of(cbor2.dumps(P256 | {3: alg}))
    assert refused.value.why is Refusal.ALGORITHM


def test_a_key_without_an_algorithm_is_refused() -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        algorithm_of(cbor2.dumps({1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}))
    assert refused.value.why is Refusal.ALGORITHM


@pytest.mark.parametrize("key", [P256, ED25519, RSA], ids=["P-256", "Ed25519", "RSA"])
@given(data=st.data())
def test_a_key_with_one_value_changed_is_another_key_or_none(key: dict[int, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(key.keys() - {3})))
    value = data.draw(st.none() | st.booleans() | st.integers(-9, 9) | st.binary(max_size=600) | st.text(max_size=3))
    try:
        algorithm_of(cbor2.dumps(key | {name: value}))
    except PasskeyRefusedError:
        return
    assert isinstance(value, bytes) or (value == key[name] and value is not True)
