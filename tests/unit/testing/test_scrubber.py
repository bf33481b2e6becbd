"""What is scrubbed says what happened, and neither to whom nor about what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.testing.scrubber import SECRET, Scrubber, is_scrubbed

SID = "SM0123456789abcdef0123456789abcdef"
NUMBER = "+447700900123"


def test_a_message_keeps_what_happened_alone() -> None:
    scrubber = Scrubber()
    message = {
        "sid": SID, "to": NUMBER, "from": "+12065550100", "body": "Your code is 482913", "status": "queued",
        "num_segments": "1", "price": None, "error_code": 30005, "auth_token": "0123456789abcdef0123456789abcdef",
        "uri": f"/2010-04-01/Accounts/{SID}/Messages.json?To=%2B447700900123", "friendly_name": "Ada's shop",
        "status_callback": "https://shop.example.com/hook?key=s3cret",
        "date_created": "Sun, 01 Mar 2026 09:00:00 +0000",
    }  # fmt: skip
    assert scrubber.field("", message) == {
        "sid": "SM" + "1".rjust(32, "0"), "to": "+12025550100", "from": "+12025550101",
        "body": "(text of 19 characters)", "status": "queued", "num_segments": "1", "price": None, "error_code": 30005,
        "auth_token": SECRET,
        "uri": "/2010-04-01/Accounts/SM" + "1".rjust(32, "0") + "/Messages.json?To=%2B12025550100",
        "friendly_name": "(text of 10 characters)", "status_callback": "https://url-1.example/",
        "date_created": "Sun, 01 Mar 2026 09:00:00 +0000",
    }  # fmt: skip


def test_the_same_stays_the_same_and_another_is_another() -> None:
    scrubber = Scrubber()
    first, again, other = (scrubber.identifiers(text) for text in (SID, SID, SID[:-1] + "0"))
    assert first == again != other
    numbers = [scrubber.identifiers(f"+1206555{place:04}") for place in range(150)]
    assert len(set(numbers)) == 150


def test_a_field_that_is_kept_is_kept_without_numbers() -> None:
    kept = Scrubber(keep=["Body"])
    assert kept.field("Body", f"Call {NUMBER}") == kept.field("body", f"Call {NUMBER}") == "Call +12025550100"


def test_a_document_keeps_its_verbs() -> None:
    twiml = f'<Response>\n <Message to="{NUMBER}" action="https://a.example.com/x">Hello &amp; bye</Message></Response>'
    assert Scrubber().document(twiml) == (
        '<Response>\n <Message to="+12025550100" action="https://url-1.example/">'
        "(text of 15 characters)</Message></Response>"
    )
    assert ">Hello &amp; bye<" in Scrubber(keep=["Body"]).document(twiml)


@pytest.mark.parametrize("value", ["(text of 1 character)", SECRET, NUMBER, SID, "https://url-1.example/"])
def test_what_stands_for_something_else_is_known(value: str) -> None:
    assert is_scrubbed(value)


@pytest.mark.parametrize("value", ["queued", "", 7, None, True, "text of 3 characters"])
def test_what_was_kept_is_known(value: Any) -> None:
    assert not is_scrubbed(value)


CANARY = "c4n4ry"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(CANARY) | st.text().map(lambda text: text + CANARY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Body", "to", "note", "AuthToken"]), inner, max_size=3)
    ),
)


@given(JSON)
def test_no_text_is_left_whatever_the_shape(value: Any) -> None:
    assert CANARY not in repr(Scrubber().field("", value))
