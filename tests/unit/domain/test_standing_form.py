"""What a form of sealed configuration shows, and what it takes."""

import pytest

from ringfence.domain.standing import (
    NumberConfig,
    ServiceConfig,
    decode_number_config,
    decode_service_config,
    encode_number_config,
    encode_service_config,
)
from ringfence.domain.standing_form import FieldRefusedError, fields_of, tells_status, with_changes

NUMBER, SERVICE = "number:PN" + "1" * 32, "service:MG" + "1" * 32


def test_a_form_shows_each_field_and_changes_those_that_are_given() -> None:
    value = encode_number_config(NumberConfig(sms_url="https://a.example/t", trunk_sid="TK1"))
    shown = fields_of(NUMBER, value)
    assert shown["sms_url"] == "https://a.example/t"
    assert shown["voice_method"] == "POST"
    assert "trunk_sid" not in shown
    changed = with_changes(
        NUMBER, value, {"sms_url": "", "voice_url": "http://b.example/c#rc=3", "voice_method": "GET"}
    )
    assert decode_number_config(changed) == NumberConfig(
        trunk_sid="TK1", voice_url="http://b.example/c#rc=3", voice_method="GET"
    )


def test_a_new_record_begins_with_nothing_set() -> None:
    assert decode_number_config(with_changes(NUMBER, b"", {})) == NumberConfig()
    assert decode_service_config(with_changes(SERVICE, b"", {"status_callback": "https://a.example"})) == ServiceConfig(
        status_callback="https://a.example"
    )


def test_whether_a_service_has_a_status_callback_is_told() -> None:
    assert tells_status(SERVICE, encode_service_config(ServiceConfig(status_callback="https://a.example")))
    assert not tells_status(SERVICE, encode_service_config(ServiceConfig()))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sms_url", "ftp://a.example"),
        ("sms_url", "https://user:pass@a.example"),
        ("voice_url", "javascript:alert(1)"),
        ("sms_method", "DELETE"),
        ("sms_application_sid", "PN" + "1" * 32),
        ("trunk_sid", "TK" + "1" * 32),
        ("emergency_status", "Active"),
    ],
)
def test_what_a_field_may_not_have_is_refused_without_a_word_of_it(name: str, text: str) -> None:
    with pytest.raises(FieldRefusedError) as refused:
        with_changes(NUMBER, b"", {name: text})
    assert text not in str(refused.value)


def test_other_records_have_no_form() -> None:
    with pytest.raises(ValueError, match="has a form"):
        fields_of("hmac_states:AC1", b"")
    with pytest.raises(ValueError, match="has a form"):
        with_changes("sip_credential:CR1", b"", {})


def test_a_webhook_of_verify_is_its_address_alone_and_never_without_one() -> None:
    record, url = "verify_webhook:YW" + "1" * 32, "https://a.example/told"
    value = with_changes(record, b"", {"url": url})
    assert value == url.encode()
    assert fields_of(record, value) == {"url": url}
    assert not tells_status(record, value)
    assert with_changes(record, value, {}) == value
    for before, changes in ((b"", {}), (value, {"url": ""}), (b"", {"url": "ftp://a.example"})):
        with pytest.raises(FieldRefusedError):
            with_changes(record, before, changes)


def test_where_notices_go_is_shown_and_has_no_form_here() -> None:
    record, url = "notice_address:AC" + "1" * 32, "https://ops.example.org/notices"
    assert fields_of(record, url.encode()) == {"url": url}
    for value in (b"", url.encode()):
        with pytest.raises(FieldRefusedError, match="not changed so"):
            with_changes(record, value, {"url": "https://a.example"})
