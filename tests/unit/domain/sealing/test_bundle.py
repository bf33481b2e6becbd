import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing import aead, bundle

KEY = bytes(range(32))
AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32


@given(st.dictionaries(st.integers(0, 2**63), st.binary(min_size=32, max_size=32), max_size=50))
def test_a_bundle_opens_to_the_keys_it_was_made_of(keys: dict[int, bytes]) -> None:
    sealed = bundle.seal_bundle(KEY, AC, bundle.EPOCHS, 3, keys)
    assert bundle.open_bundle(KEY, AC, bundle.EPOCHS, 3, sealed) == keys
    assert len(sealed) == 28 + 40 * len(keys)


def test_keys_stand_by_rising_number() -> None:
    sealed = bundle.seal_bundle(KEY, AC, bundle.EPOCHS, 3, {2: b"b" * 32, 1: b"a" * 32})
    assert list(bundle.open_bundle(KEY, AC, bundle.EPOCHS, 3, sealed)) == [1, 2]
    where = aead.place("ringfence/bundle/v1", AC, "epochs", "3")
    assert aead.unseal(KEY, sealed, where) == bytes(7) + b"\x01" + b"a" * 32 + bytes(7) + b"\x02" + b"b" * 32


@pytest.mark.parametrize(
    ("key", "account", "kind", "span"),
    [
        (KEY[::-1], AC, bundle.EPOCHS, 3),
        (KEY, OTHER, bundle.EPOCHS, 3),
        (KEY, AC, bundle.INDEXES, 3),
        (KEY, AC, bundle.EPOCHS, 4),
    ],
)
def test_elsewhere_it_does_not_open(key: bytes, account: str, kind: str, span: int) -> None:
    sealed = bundle.seal_bundle(KEY, AC, bundle.EPOCHS, 3, {1: b"a" * 32})
    with pytest.raises(aead.UnsealError):
        bundle.open_bundle(key, account, kind, span, sealed)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="length"):
        bundle.seal_bundle(KEY, AC, bundle.EPOCHS, 3, {1: b"a" * length})


def test_a_span_is_thirty_two_days() -> None:
    day = 32 * 600
    assert bundle.index_span(day) == bundle.index_span(day + 31) == 600
    assert bundle.index_span(day + 32) == 601
    assert bundle.epoch_span((day * 24) << 8) == bundle.epoch_span(((day + 32) * 24 << 8) - 1) == 600
    assert bundle.epoch_span((day + 32) * 24 << 8) == 601
