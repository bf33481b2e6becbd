from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.forms import (
    DAY_MS,
    Form,
    Instant,
    MomentFilter,
    Name,
    Rule,
    read_instant,
    read_method,
    read_moment,
    read_url,
)
from ringfence.domain.errors import ApiError


class Sample(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    body: str | None = None
    provide_feedback: bool | None = None
    attempt: int | None = None
    max_price: Decimal | None = None
    media_url: tuple[str, ...] = ()
    send_at: Instant | None = None
    schedule_type: Literal["fixed"] | None = None
    status_callback: Annotated[str, Rule(read_url, 21609)] | None = None
    sms_url: Annotated[str, Rule(read_url, 21402, clears=True)] | None = None
    friendly_name: Name | None = None
    date_sent_before: MomentFilter | None = msgspec.field(default=None, name="DateSent<")


form = Form(Sample)


def refusal(*pairs: tuple[str, str]) -> ApiError:
    with pytest.raises(ApiError) as refused:
        form.read(list(pairs))
    return refused.value


def test_names_are_twilios() -> None:
    assert {"Body", "ProvideFeedback", "MediaUrl", "DateSent<"} <= form.names


def test_each_type_is_read() -> None:
    read = form.read(
        [
            ("Body", "hello"),
            ("ProvideFeedback", "True"),
            ("Attempt", "3"),
            ("MaxPrice", "0.05"),
            ("MediaUrl", "https://a.example/1"),
            ("MediaUrl", "https://a.example/2"),
            ("SendAt", "2030-01-02T03:04:05Z"),
            ("ScheduleType", "fixed"),
            ("StatusCallback", "http://localhost:5000/status"),
        ]
    )
    assert read == Sample(
        body="hello",
        provide_feedback=True,
        attempt=3,
        max_price=Decimal("0.05"),
        media_url=("https://a.example/1", "https://a.example/2"),
        send_at=1893553445000,
        schedule_type="fixed",
        status_callback="http://localhost:5000/status",
    )


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("false", False), ("FALSE", False)])
def test_flags_come_in_any_case(text: str, value: bool) -> None:
    assert form.read([("ProvideFeedback", text)]).provide_feedback is value


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("ProvideFeedback", "maybe", 20001),
        ("Attempt", "3.5", 20001),
        ("Attempt", "٣", 20001),
        ("Attempt", "1" * 19, 20001),
        ("MaxPrice", "NaN", 20001),
        ("MaxPrice", "1e3", 20001),
        ("SendAt", "tomorrow", 20001),
        ("SendAt", "2030-01-02", 20001),
        ("SendAt", "2030-13-02T00:00:00Z", 20001),
        ("ScheduleType", "Fixed", 20001),
        ("StatusCallback", "localhost/status", 21609),
        ("StatusCallback", "ftp://a.example/", 21609),
        ("StatusCallback", "https://", 21609),
        ("StatusCallback", "https://a.example:99999/", 21609),
        ("StatusCallback", "https://a.example/a b", 21609),
        ("SmsUrl", "javascript:alert(1)", 21402),
        ("FriendlyName", "x" * 65, 20001),
        ("DateSent<", "06/11/2019", 20001),
    ],
)
def test_a_wrong_value_is_refused_with_the_fields_code(name: str, text: str, code: int) -> None:
    refused = refusal((name, text))
    assert refused.code == code
    assert refused.status == 400
    assert refused.message.startswith(f"Invalid value for {name}: ")
    assert text not in refused.message


def test_a_single_valued_field_may_not_come_twice() -> None:
    assert refusal(("Body", "a"), ("Body", "b")).code == 20001
    assert refusal(("Body", ""), ("Body", "")).code == 20001


def test_unknown_names_are_ignored() -> None:
    assert form.read([("body", "x"), ("Nonsense", "y")]) == Sample()


def test_an_empty_text_is_a_value_and_an_empty_number_is_none() -> None:
    read = form.read([("Body", ""), ("Attempt", ""), ("StatusCallback", ""), ("ProvideFeedback", "")])
    assert read == Sample(body="")


def test_a_setting_can_be_cleared() -> None:
    assert form.read([("SmsUrl", ""), ("FriendlyName", "")]) == Sample(sms_url="", friendly_name="")


def test_times_without_a_zone_are_utc() -> None:
    assert read_instant("2030-01-02T03:04:05") == read_instant("2030-01-02T03:04:05Z")
    assert read_instant("2030-01-02T03:04:05+01:00") == read_instant("2030-01-02T02:04:05Z")


def test_a_date_is_its_whole_day_and_a_time_its_second() -> None:
    day = read_moment("2008-01-02")
    assert day.to_ms - day.from_ms == DAY_MS
    moment = read_moment("2008-01-02T10:00:00.700Z")
    assert moment.from_ms == day.from_ms + 10 * 3_600_000
    assert moment.to_ms == moment.from_ms + 1000
    assert moment.day_from_ms == day.day_from_ms == day.from_ms


def test_methods_are_get_and_post() -> None:
    assert read_method("post") == "POST"
    with pytest.raises(ValueError):
        read_method("PUT")


@given(st.lists(st.tuples(st.sampled_from(sorted(form.names)), st.text(max_size=30)), max_size=6))
def test_any_pairs_give_a_form_or_a_refusal(pairs: list[tuple[str, str]]) -> None:
    status = 400
    try:
        form.read(pairs)
    except ApiError as refused:
        status = refused.status
    assert status == 400
