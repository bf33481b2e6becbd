"""What a duty keeps opens under its record's key alone, in its place alone, and leads back to no content."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.retention.facts import FIELDS, Facts, Field, in_order
from ringfence.domain.sealing.aead import UnsealError, place, seal
from ringfence.domain.sealing.epoch import DAY_MS, HOUR_MS, first_epoch
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sealing.retained import (
    END,
    START,
    EpochRetention,
    RecordRetention,
    epoch_key,
    open_retained,
    record_key,
    seal_retained,
    until_ms,
)

ACCOUNT, SID = "AC" + "a" * 32, "CA" + "1" * 32
SECRET = bytes(range(32))
FACTS = Facts(
    kind="call", direction="inbound", local="+15550100", remote="+15550199", accepted_at=1_702_123_200, duration_s=61
)


def wanted(*fields: Field, part: int = START) -> RecordRetention:
    epoch = EpochRetention(duty=3, fields=fields, days=30, epoch=first_epoch(0), key=epoch_key(SECRET, ACCOUNT, 3, 0))
    return epoch.of(SID, part)


@given(st.sets(st.sampled_from(FIELDS), min_size=1))
def test_the_two_parts_hold_what_is_named_and_nothing_else(fields: set[Field]) -> None:
    found: dict[str, object] = {}
    for part in (START, END):
        retention = wanted(*in_order(fields), part=part)
        sealed = seal_retained(retention, ACCOUNT, SID, FACTS)
        if sealed is not None:
            opened = open_retained(retention.key, ACCOUNT, SID, part, sealed)
            found |= {field: value for field in FIELDS if (value := getattr(opened, field)) is not None}
    assert found == {field: getattr(FACTS, field) for field in fields}


def test_a_part_of_which_nothing_is_named_is_not_kept() -> None:
    assert seal_retained(wanted("remote", part=END), ACCOUNT, SID, FACTS) is None
    assert seal_retained(wanted("duration_s"), ACCOUNT, SID, FACTS) is None


def test_it_opens_nowhere_else() -> None:
    retention = wanted(*FIELDS)
    sealed = seal_retained(retention, ACCOUNT, SID, FACTS) or b""
    for key, account, sid, part in (
        (retention.key, "AC" + "b" * 32, SID, START),
        (retention.key, ACCOUNT, "CA" + "2" * 32, START),
        (retention.key, ACCOUNT, SID, END),
        (record_key(epoch_key(SECRET, ACCOUNT, 3, 0), "CA2", START), ACCOUNT, SID, START),
        (wanted(*FIELDS, part=END).key, ACCOUNT, SID, START),
        (SECRET, ACCOUNT, SID, START),
    ):
        with pytest.raises(UnsealError):
            open_retained(key, account, sid, part, sealed)


def test_what_is_no_set_of_facts_does_not_open() -> None:
    sealed = seal(bytes(32), b"\xc1", place("ringfence/retained/v1", ACCOUNT, SID, "0"))
    with pytest.raises(UnsealError):
        open_retained(bytes(32), ACCOUNT, SID, START, sealed)


def test_keys_are_derived_as_the_construction_says() -> None:
    def hkdf(material: bytes, salt: bytes, info: bytes) -> bytes:
        extracted = hmac.new(salt, material, hashlib.sha256).digest()
        return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()

    of_epoch = hkdf(SECRET, b"ringfence/retained-epoch/v1", b"AC%s|3|0" % (b"a" * 32))
    assert epoch_key(SECRET, ACCOUNT, 3, 0) == of_epoch
    assert wanted("remote").key == hkdf(of_epoch, b"ringfence/retained-record/v1", f"{SID}|0".encode())
    assert wanted("remote").key != EpochRecords(SECRET).key(SID)


@given(st.integers(0, 30_000 * DAY_MS), st.integers(1, 3_653))
def test_it_lasts_so_many_days_from_the_end_of_its_utc_day(at_ms: int, days: int) -> None:
    end_ms = until_ms(first_epoch(at_ms), days)
    assert end_ms % DAY_MS == 0
    assert days * DAY_MS < end_ms - at_ms <= (days + 1) * DAY_MS
    assert wanted("remote").until_ms == until_ms(0, 30) == 31 * DAY_MS
    assert until_ms(first_epoch(DAY_MS - HOUR_MS) | 255, 1) == 2 * DAY_MS


def test_keys_and_numbers_are_not_shown() -> None:
    retention = wanted("remote")
    assert repr(retention) == f"RecordRetention(duty=3, epoch={retention.epoch})"
    epoch = EpochRetention(duty=3, fields=("remote",), days=30, epoch=256, key=bytes(32))
    assert repr(epoch) == "EpochRetention(duty=3, epoch=256)"
