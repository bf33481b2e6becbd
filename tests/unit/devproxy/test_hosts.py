"""Which hosts are answered here, and what NO_PROXY may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.devproxy.hosts import is_ours, no_proxy, split_authority


@pytest.mark.parametrize("host", ["twilio.com", "api.twilio.com", "API.Twilio.COM.", "api.dublin.ie1.twilio.com"])
def test_twilios_names_are_ours(host: str) -> None:
    assert is_ours(host)


@pytest.mark.parametrize("host", ["nottwilio.com", "api.twilio.com.evil.example", "twilio.org", "com", "", "localhost"])
def test_no_other_name_is(host: str) -> None:
    assert not is_ours(host)


@pytest.mark.parametrize(
    ("authority", "found"),
    [
        ("api.twilio.com:443", ("api.twilio.com", 443)),
        ("a.example", ("a.example", 80)),
        ("[::1]:8080", ("::1", 8080)),
        ("[::1]", ("::1", 80)),
    ],
)
def test_an_authority_is_split(authority: str, found: tuple[str, int]) -> None:
    assert split_authority(authority, 80) == found


@pytest.mark.parametrize("authority", ["", ":80", "a:", "a:0", "a:65536", "a:b", "::1", "::1:80", "a:-1", "a:²"])
def test_what_is_no_authority_is_refused(authority: str) -> None:
    with pytest.raises(ValueError):
        split_authority(authority, 80)


@pytest.mark.parametrize(
    "entry",
    ["*", "com", ".com", "o.com", "twilio.com", ".twilio.com", "*.twilio.com", "api.twilio.com", "Twilio.com:443"],
)
def test_nothing_lets_twilio_past(entry: str) -> None:
    assert no_proxy(entry) == "localhost,127.0.0.1,::1"


def test_other_entries_stay_and_this_machine_is_added_once() -> None:
    before = "corp.example, 10.0.0.0/8 *.svc:8080,localhost"
    assert no_proxy(before) == "corp.example,10.0.0.0/8,*.svc:8080,localhost,127.0.0.1,::1"
    assert no_proxy("") == "localhost,127.0.0.1,::1"


@given(st.text(alphabet="twiliocom.*:4, ", max_size=20))
def test_no_entry_that_stays_is_a_suffix_of_twilio(before: str) -> None:
    for entry in no_proxy(before).split(","):
        assert not "api.twilio.com".endswith(entry.lstrip("*."))
