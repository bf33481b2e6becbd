import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.standing import (
    NumberConfig,
    decode_number_config,
    encode_number_config,
    hmac_states_record,
    number_record,
)


@given(st.builds(NumberConfig))
def test_a_config_reads_back_as_it_was_sealed(config: NumberConfig) -> None:
    assert decode_number_config(encode_number_config(config)) == config


def test_what_is_unset_costs_nothing() -> None:
    assert msgspec.msgpack.decode(encode_number_config(NumberConfig())) == {}


def test_what_is_not_a_config_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_number_config(b"\xc1")


def test_its_repr_shows_no_url() -> None:
    assert "example" not in repr(NumberConfig(sms_url="https://example.org/hook?key=1"))


def test_record_names_differ_by_kind() -> None:
    assert number_record("PN1") == "number:PN1"
    assert hmac_states_record("AC1") == "hmac_states:AC1"
