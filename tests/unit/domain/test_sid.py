"""Identifiers: Twilio's form, ordered by time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sid import LENGTH, is_sid, made_ms, new_sid


@given(st.integers(0, 2**48 - 1))
def test_a_sid_has_twilios_form_and_tells_when_it_was_made(now_ms):
    sid = new_sid("SM", now_ms)
    assert is_sid(sid, "SM")
    assert len(sid) == LENGTH == 34
    assert made_ms(sid) == now_ms


def test_all_48_bits_of_the_time_are_kept_and_no_more():
    assert made_ms(new_sid("SM", 2**48 - 1)) == 2**48 - 1
    assert made_ms(new_sid("SM", 2**48 + 5)) == 5


def test_any_prefix_will_do_unless_one_is_asked_for():
    assert is_sid(new_sid("XX"))


def test_without_a_time_it_is_made_now():
    before_ms = time.time_ns() // 1_000_000
    assert before_ms <= made_ms(new_sid("AC")) <= time.time_ns() // 1_000_000


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
def test_sids_sort_by_the_time_they_were_made(one_ms, other_ms):
    if one_ms < other_ms:
        assert new_sid("SM", one_ms) < new_sid("SM", other_ms)


def test_two_of_one_millisecond_differ():
    assert len({new_sid("SM", 1) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("text", "prefix", "valid"),
    [
        ("SM" + "0" * 32, "SM", True),
        ("SM" + "0" * 32, "", True),
        ("SM" + "f" * 32, "S", True),
        ("SM" + "0" * 32, "MM", False),
        ("SM" + "0" * 31, "SM", False),
        ("SM" + "0" * 33, "SM", False),
        ("SM" + "F" * 32, "SM", False),
        ("sm" + "0" * 32, "sm", False),
        ("SM" + "0" * 32 + "\n", "SM", False),
        ("SM" + "٠" * 32, "SM", False),
        ("", "", False),
    ],
)
def test_what_is_a_sid(text, prefix, valid):
    assert is_sid(text, prefix) is valid
