from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.dates import rfc2822, rfc2822_or_none


def test_the_form_twilio_gives() -> None:
    assert rfc2822(1692853305000) == "Thu, 24 Aug 2023 05:01:45 +0000"


@given(st.integers(0, 4_000_000_000_000))
def test_it_agrees_with_the_standard_library(at_ms: int) -> None:
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    assert rfc2822(at_ms) == format_datetime(at)
    assert parsedate_to_datetime(rfc2822(at_ms)) == at


def test_none_stays_none() -> None:
    assert rfc2822_or_none(None) is None
    assert rfc2822_or_none(0) == "Thu, 01 Jan 1970 00:00:00 +0000"
