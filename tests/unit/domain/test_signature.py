"""Signatures that the official validator accepts. `twilio.request_validator` is the oracle."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio import request_validator
from twilio.request_validator import RequestValidator

from ringfence.domain.signature import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    signature_base,
    signature_header,
    signed_url,
    with_body_hash,
)
from ringfence.domain.web_url import parse_url

TOKEN = "12345"
VALIDATOR = RequestValidator(TOKEN)


class MultiForm(dict):
    """A form as Flask gives it to the validator: several values a name."""

    def getall(self, name):
        return self[name]


def sign(base, algorithm="sha1"):
    return signature_header(hmac.digest(TOKEN.encode(), base, algorithm))


def test_the_example_of_twilios_documentation():
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature_base(url, form) == (
        b"https://mycompany.com/myapp.php?foo=1&bar=2"
        b"CallSidCA1234567890ABCDECaller+14158675309Digits1234From+14158675309To+18005551212"
    )
    assert sign(signature_base(url, reversed(form))) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_a_get_signs_its_url_alone():
    assert signature_base("https://a.example/x?Body=hi&From=%2B1") == b"https://a.example/x?Body=hi&From=%2B1"


def test_values_of_one_name_are_sorted_and_count_once():
    assert signature_base("u", [("B", "2"), ("A", "z"), ("B", "1"), ("B", "2"), ("A", "")]) == b"uAAzB1B2"


def test_headers_are_named_as_validators_look_for_them():
    assert request_validator.SIGNATURE_HEADER == SIGNATURE_HEADER
    assert request_validator.SIGNATURE_SETTINGS_HEADER == SIGNATURE_SETTINGS_HEADER


def test_a_lone_surrogate_does_not_raise_with_the_text_in_its_error():
    assert signature_base("u", [("a", "\ud800")]) == b"ua\xed\xa0\x80"


@pytest.mark.parametrize(
    ("configured", "seen"),
    [
        ("http://Localhost:80", "http://Localhost/"),
        ("https://a.example:443/x?y=1#rc=2", "https://a.example/x?y=1"),
        ("HTTPS://a.example:8443/x", "https://a.example:8443/x"),
        ("http://a.example?x=1", "http://a.example/?x=1"),
        ("http://127.0.0.1:5000/sms", "http://127.0.0.1:5000/sms"),
        ("http://[::1]:5000/sms", "http://[::1]:5000/sms"),
    ],
)
def test_the_url_is_signed_as_the_program_sees_it(configured, seen):
    assert signed_url(parse_url(configured)) == seen


@pytest.mark.parametrize(
    ("url", "expected"),
    [("https://a/x", "https://a/x?bodySHA256="), ("https://a/x?y=1", "https://a/x?y=1&bodySHA256=")],
)
def test_a_body_that_is_no_form_is_hashed_into_the_url(url, expected):
    body = b'{"a":"\xc3\xa9"}'
    hashed = with_body_hash(url, body)
    assert hashed == expected + hashlib.sha256(body).hexdigest()
    assert VALIDATOR.validate(hashed, body.decode(), sign(signature_base(hashed)))
    assert not VALIDATOR.validate(hashed, body.decode() + " ", sign(signature_base(hashed)))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
forms = st.dictionaries(texts, st.lists(texts, min_size=1, max_size=3), max_size=6)
urls = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["a.example", "127.0.0.1", "localhost"]),
    st.sampled_from(["", ":80", ":443", ":8420"]),
    st.from_regex(r"[a-z0-9/%._~-]{0,12}(\?[a-z0-9=&%+-]{1,12})?", fullmatch=True),
)


@given(urls, forms, st.sampled_from(["sha1", "sha256"]))
def test_the_official_validator_accepts_what_is_signed(url, form, algorithm):
    pairs = [(name, value) for name, values in form.items() for value in values]
    seen = signed_url(parse_url(url))
    signature = sign(signature_base(seen, pairs), algorithm)
    for received in (seen, url):
        assert VALIDATOR.validate(received, MultiForm(form), signature, f"HMAC_{algorithm.upper()}")


@given(urls, forms, texts, texts)
def test_the_official_validator_refuses_what_was_changed(url, form, name, value):
    seen = signed_url(parse_url(url))
    signature = sign(signature_base(seen, [(key, one) for key, values in form.items() for one in values]))
    changed = MultiForm({**form, name: [*form.get(name, []), value]})
    if signature_base("", [(key, one) for key, values in changed.items() for one in values]) != signature_base(
        "", [(key, one) for key, values in form.items() for one in values]
    ):
        assert not VALIDATOR.validate(seen, changed, signature)
