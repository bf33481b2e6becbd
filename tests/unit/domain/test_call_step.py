"""A step is kept within bounds, and never with what opens a recording."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.call_step import MAX_FIELDS, MAX_TEXT_CHARACTERS, MAX_VALUE_CHARACTERS, StepDetail, bounded

TOKEN = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
URL = f"https://calls.example/2010-04-01/Accounts/AC/Recordings/RE?Capability={TOKEN}"


def test_what_is_short_stays_as_it_is() -> None:
    detail = StepDetail(text="Grüße \ud800", url="https://a.example/?x=1", fields=(("Digits", "1"),))
    assert bounded(detail) == detail


def test_what_is_long_is_cut() -> None:
    cut = bounded(StepDetail(text="t" * 20_000, url="u" * 5_000, fields=(("f", "v" * 5_000),) * 50))
    assert (len(cut.text), len(cut.url)) == (MAX_TEXT_CHARACTERS, MAX_VALUE_CHARACTERS)
    assert [len(value) for _, value in cut.fields] == [MAX_VALUE_CHARACTERS] * MAX_FIELDS


def test_no_capability_is_kept_wherever_it_stands() -> None:
    kept = bounded(
        StepDetail(
            text=f"<Response><Play>{URL}.mp3</Play></Response>",
            url=URL,
            fields=(("RecordingUrl", URL), ("Body", f"RecordingUrl=x%3FCapability%3D{TOKEN}")),
        )
    )
    assert TOKEN not in repr((kept.text, kept.url, kept.fields))
    assert kept.text == f"<Response><Play>{URL.replace(TOKEN, '(left-out)')}.mp3</Play></Response>"
    assert kept.url.endswith("/Recordings/RE?Capability=(left-out)")


@given(before=st.text(max_size=50), room=st.integers(0, 100))
def test_nor_a_part_of_one_that_was_cut(before: str, room: int) -> None:
    padding = "p" * (MAX_VALUE_CHARACTERS - len(before) - room)
    kept = bounded(StepDetail(url=f"{padding}{before}?Capability={TOKEN}"))
    assert TOKEN[:8] not in kept.url
