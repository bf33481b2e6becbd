import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.standing import (
    NumberConfig,
    ServiceConfig,
    decode_number_config,
    decode_service_config,
    encode_number_config,
    encode_service_config,
    hmac_states_record,
    number_record,
    service_record,
)


@given(st.builds(NumberConfig))
def test_a_config_reads_back_as_it_was_sealed(config: NumberConfig) -> None:
    assert decode_number_config(encode_number_config(config)) == config


@given(st.builds(ServiceConfig))
def test_so_does_a_services(config: ServiceConfig) -> None:
    assert decode_service_config(encode_service_config(config)) == config


def test_a_service_says_what_its_numbers_do_when_texted() -> None:
    config = ServiceConfig(
        inbound_request_url="https://a.example/sms",
        inbound_method="GET",
        fallback_url="https://b.example/sms",
        fallback_method="GET",
        status_callback="https://c.example/status",
    )
    assert config.of_its_numbers == NumberConfig(
        sms_url="https://a.example/sms",
        sms_method="GET",
        sms_fallback_url="https://b.example/sms",
        sms_fallback_method="GET",
    )


def test_what_is_unset_costs_nothing() -> None:
    assert msgspec.msgpack.decode(encode_number_config(NumberConfig())) == {}


def test_what_is_not_a_config_is_refused() -> None:
    for decode in (decode_number_config, decode_service_config):
        with pytest.raises(msgspec.DecodeError):
            decode(b"\xc1")


def test_its_repr_shows_no_url() -> None:
    assert "example" not in repr(NumberConfig(sms_url="https://example.org/hook?key=1"))
    assert "example" not in repr(ServiceConfig(inbound_request_url="https://example.org/hook?key=1"))


def test_record_names_differ_by_kind() -> None:
    assert number_record("PN1") == "number:PN1"
    assert service_record("MG1") == "service:MG1"
    assert hmac_states_record("AC1") == "hmac_states:AC1"
