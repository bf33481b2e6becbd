import pytest

from ringfence.api.root import root_of

BASE = "https://sms.example.org"


@pytest.mark.parametrize(
    ("scheme", "host", "root"),
    [
        ("http", "sms.example.org", "https://sms.example.org/messaging"),
        ("http", "SMS.example.org", "https://SMS.example.org/messaging"),
        ("http", "localhost:8420", "http://localhost:8420/messaging"),
        ("https", "[::1]:8420", "https://[::1]:8420/messaging"),
        ("http", "messaging.twilio.com", "https://messaging.twilio.com/messaging"),
        ("http", "messaging.twilio.com.evil.example", "http://messaging.twilio.com.evil.example/messaging"),
        ("http", "", "https://sms.example.org/messaging"),
        ("http", "a/b", "https://sms.example.org/messaging"),
        ("http", 'a"b', "https://sms.example.org/messaging"),
        ("http", "a" * 300, "https://sms.example.org/messaging"),
    ],
)
def test_the_address_asked_leads_back(scheme: str, host: str, root: str) -> None:
    assert root_of(BASE, scheme, host, "/messaging") == root
