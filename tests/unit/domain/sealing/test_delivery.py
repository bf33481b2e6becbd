import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing import hkdf
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.delivery import DayKey

SECRET = bytes(range(32))
AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
SM, SM2 = "SM" + "c" * 32, "SM" + "d" * 32
keys = st.binary(min_size=32, max_size=32)


@given(keys, st.integers(0, 2**40))
def test_the_dispatchers_copies_open_again(key: bytes, number: int) -> None:
    day = DayKey(19_000, SECRET)
    assert day.open_epoch(AC, number, day.seal_epoch(AC, number, key)) == key
    assert day.open_index(AC, number, day.seal_index(AC, number, key)) == key
    assert day.open_residue(AC, number, SM, day.seal_residue(AC, number, SM, key)) == key


def test_each_copy_opens_in_its_own_place_only() -> None:
    day = DayKey(19_000, SECRET)
    key = b"k" * 32
    epoch, index, residue = day.seal_epoch(AC, 5, key), day.seal_index(AC, 5, key), day.seal_residue(AC, 5, SM, key)
    for attempt in (
        lambda: day.open_epoch(OTHER, 5, epoch),
        lambda: day.open_epoch(AC, 6, epoch),
        lambda: day.open_index(AC, 5, epoch),
        lambda: day.open_index(OTHER, 5, index),
        lambda: day.open_index(AC, 6, index),
        lambda: day.open_epoch(AC, 5, index),
        lambda: day.open_residue(OTHER, 5, SM, residue),
        lambda: day.open_residue(AC, 6, SM, residue),
        lambda: day.open_residue(AC, 5, SM2, residue),
    ):
        with pytest.raises(UnsealError):
            attempt()


@pytest.mark.parametrize("other", [DayKey(19_001, SECRET), DayKey(19_000, SECRET[::-1])], ids=["day", "secret"])
def test_another_days_key_opens_nothing(other: DayKey) -> None:
    day = DayKey(19_000, SECRET)
    for attempt in (
        lambda: other.open_epoch(AC, 5, day.seal_epoch(AC, 5, b"k" * 32)),
        lambda: other.open_index(AC, 5, day.seal_index(AC, 5, b"k" * 32)),
        lambda: other.open_residue(AC, 5, SM, day.seal_residue(AC, 5, SM, b"k" * 32)),
    ):
        with pytest.raises(UnsealError):
            attempt()


def test_the_days_key_is_derived_from_its_secret_and_never_shown() -> None:
    day = DayKey(19_000, SECRET)
    assert day._key == hkdf.derive(SECRET, b"ringfence/day/v1", b"19000")
    assert day.day == 19_000
    assert repr(day) == "DayKey(19000)"
