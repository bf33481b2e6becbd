import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing import hkdf
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.standing import StandingSealer, table_key

KEY = bytes(range(32))
AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32


@given(st.binary(max_size=1_000))
def test_standing_configuration_opens_again(value: bytes) -> None:
    sealed = StandingSealer(KEY, AC).seal("PN1", value)
    assert StandingSealer(KEY, AC).open("PN1", sealed) == value


@pytest.mark.parametrize(
    ("key", "account", "name"),
    [(KEY[::-1], AC, "PN1"), (KEY, OTHER, "PN1"), (KEY, AC, "PN2")],
    ids=["key", "account", "name"],
)
def test_moved_elsewhere_it_does_not_open(key: bytes, account: str, name: str) -> None:
    sealed = StandingSealer(KEY, AC).seal("PN1", b"https://example.com/sms")
    with pytest.raises(UnsealError):
        StandingSealer(key, account).open(name, sealed)


def test_each_account_has_its_own_keys() -> None:
    assert table_key(KEY, AC) == hkdf.derive(KEY, b"ringfence/tables/v1", AC.encode())
    assert StandingSealer(KEY, AC)._key == hkdf.derive(KEY, b"ringfence/standing/v1", AC.encode())
