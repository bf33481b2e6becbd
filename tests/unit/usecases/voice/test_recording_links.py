"""Links to recordings carry the recording's own key and time, vouched for, and nothing else."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.usecases.webhooks.conftest import LocalKeys

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.medium import TABLE, Capability, decode_capability
from ringfence.domain.sealing.recording import recording_key
from ringfence.usecases.voice.recording_links import VALID_MS, RecordingLinks, told_form

ACCOUNT = "AC" + "a" * 32
SID = "RE" + "1" * 32


def capability_of(url: str) -> Capability:
    found = decode_capability(parse_qs(urlsplit(url).query)["Capability"][0])
    assert found is not None
    return found


def test_a_link_leads_to_the_recording_for_a_day(clock: ManualClock) -> None:
    keys, record_key = LocalKeys(), bytes(range(32))
    links = RecordingLinks(keys, clock, "https://calls.example")
    url = asyncio.run(links.link(ACCOUNT, SID, record_key))
    assert url.startswith(f"https://calls.example/2010-04-01/Accounts/{ACCOUNT}/Recordings/{SID}?Capability=")
    found = capability_of(url)
    assert found.key == recording_key(record_key, SID) != record_key
    assert found.expires_ms == clock.now_ms() + VALID_MS
    (tag,) = asyncio.run(keys.blind(ACCOUNT, TABLE, [found.vouched(SID)]))
    assert found.tag == tag


def test_links_follow_the_installation_to_its_next_address(clock: ManualClock) -> None:
    links = RecordingLinks(LocalKeys(), clock, "https://old.example")
    links.move_to("https://new.example")
    assert asyncio.run(links.link(ACCOUNT, SID, bytes(32))).startswith("https://new.example/")
    assert links.plain(ACCOUNT, SID) == f"https://new.example/2010-04-01/Accounts/{ACCOUNT}/Recordings/{SID}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SID, (SID, "wav")),
        (f"{SID}.wav", (SID, "wav")),
        (f"{SID}.mp3", (SID, "mp3")),
        (f"{SID}.MP3", (SID, "mp3")),
        (f"{SID}.ogg", (f"{SID}.ogg", "wav")),
        ("token.mp3", ("token", "mp3")),
        ("", ("", "wav")),
        (".mp3", ("", "mp3")),
    ],
)
def test_what_stands_behind_says_the_form(text: str, told: tuple[str, str]) -> None:
    assert told_form(text) == told


@given(text=st.text(alphabet="abc-_.", max_size=20))
def test_only_a_known_form_is_taken_away(text: str) -> None:
    name, form = told_form(text)
    assert text in (name, f"{name}.{form}")
