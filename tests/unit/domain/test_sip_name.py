"""Which host parts name a SIP Domain."""

import pytest

from ringfence.domain.sip_name import domain_label


@pytest.mark.parametrize(
    ("host", "label"),
    [
        ("shop.sip.twilio.com", "shop"),
        ("SHOP.SIP.Twilio.com.", "shop"),
        ("shop.sip.us1.twilio.com", "shop"),
        ("east.shop.sip.twilio.com", "east.shop"),
        ("shop.calls.example", "shop"),
        ("east.shop.calls.example", "east.shop"),
        ("a-1.calls.example", "a-1"),
        ("calls.example", None),
        ("shop.example", None),
        ("shop.notcalls.example", None),
        ("-shop.sip.twilio.com", None),
        ("shop_.calls.example", None),
        ("sip.twilio.com", None),
        ("shop.sip.twilio.com.evil.example", None),
        (".calls.example", None),
        ("", None),
        ("127.0.0.1", None),
        ("x" * 64 + ".calls.example", None),
        ("a." * 120 + "calls.example", None),
    ],
)
def test_a_label_stands_before_one_of_two_suffixes(host: str, label: str | None) -> None:
    assert domain_label(host, "calls.example") == label
