"""Forms of who may use an account: whatever stands in one is read, or refused by the name of its field."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.access_change import (
    CLIENT_KEYS,
    NETWORKS,
    NOTICE_ADDRESS,
    ClientKeysChanged,
    KeyLimited,
    NetworksSet,
    NoticeAddressSet,
    key_limits_record,
    new_key_record,
    new_key_sid,
    read_change,
    read_new_key,
)
from ringfence.domain.standing_form import FieldRefusedError

SK, CR, NOW_MS = "SK" + "1" * 32, "CR" + "1" * 32, 1_700_000_000_000
RECORDS = [NETWORKS, CLIENT_KEYS, NOTICE_ADDRESS, key_limits_record(SK)]
FIELDS = [
    "networks",
    "policy",
    "canary",
    "watched",
    "reaction",
    "add",
    "friendly_name",
    "remove",
    "required",
    "ends_ms",
    "url",
]
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.lists(st.text(max_size=3), max_size=3)


@given(st.sampled_from(RECORDS), st.binary(max_size=60) | st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_form_is_a_change_or_a_refusal(record: str, form: Any) -> None:
    written = form if isinstance(form, bytes) else msgspec.json.encode(form)
    for read in (lambda: read_change(record, written, NOW_MS), lambda: read_new_key(SK, written, NOW_MS)):
        with contextlib.suppress(FieldRefusedError):
            read()


def test_networks_and_limits_are_kept_in_one_spelling() -> None:
    assert read_change(NETWORKS, b'{"networks": "192.0.2.0/24,\\n::1"}', NOW_MS) == NetworksSet(
        networks="192.0.2.0/24 ::1/128"
    )
    limits = read_change(key_limits_record(SK), b'{"canary": false, "networks": ""}', NOW_MS)
    assert limits == KeyLimited(sid=SK, canary=False, networks="")


def test_an_end_is_a_time_to_come_or_none_and_what_is_not_said_stays() -> None:
    record, day_ms = key_limits_record(SK), 86_400_000
    for ends_ms in (0, NOW_MS + 1, NOW_MS + 3_660 * day_ms):
        form = msgspec.json.encode({"ends_ms": ends_ms})
        assert read_change(record, form, NOW_MS) == KeyLimited(sid=SK, ends_ms=ends_ms)
    assert read_change(record, b"{}", NOW_MS) == KeyLimited(sid=SK, ends_ms=None)
    for ends_ms in (-1, 1, NOW_MS, NOW_MS + 3_660 * day_ms + 1):
        with pytest.raises(FieldRefusedError, match="ends_ms: expected a time to come"):
            read_change(record, msgspec.json.encode({"ends_ms": ends_ms}), NOW_MS)


def test_of_public_keys_what_is_not_said_stays() -> None:
    assert read_change(CLIENT_KEYS, b"{}", NOW_MS) == ClientKeysChanged()
    changed = msgspec.json.encode({"remove": CR, "required": False})
    assert read_change(CLIENT_KEYS, changed, NOW_MS) == ClientKeysChanged(remove=CR, required=False)


def test_an_address_for_notices_is_read_as_any_webhooks_and_nothing_of_it_is_shown() -> None:
    url = "https://ops.example.org/?token=s3cret"
    change = read_change(NOTICE_ADDRESS, msgspec.json.encode({"url": url}), NOW_MS)
    assert change == NoticeAddressSet(standing=url.encode())
    assert "s3cret" not in repr(change)
    assert read_change(NOTICE_ADDRESS, b'{"url": ""}', NOW_MS) == NoticeAddressSet(standing=b"")
    with pytest.raises(FieldRefusedError, match=r"^url: ") as refused:
        read_change(NOTICE_ADDRESS, b'{"url": "https://user:s3cret@ops.example.org"}', NOW_MS)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("record", ["", "networks:AC1", "key_limits:", f"key_limits:{CR}", "number:PN1", "new_key:x"])
def test_a_form_that_there_is_not_is_refused(record: str) -> None:
    with pytest.raises(FieldRefusedError, match="no such form"):
        read_change(record, b"{}", NOW_MS)


def test_a_keys_form_names_a_key() -> None:
    assert new_key_sid(new_key_record(SK)) == SK
    for record in (SK, new_key_record(CR), "new_key:", new_key_record(SK) + "0", key_limits_record(SK)):
        assert new_key_sid(record) is None
