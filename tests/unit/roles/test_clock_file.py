"""The shared clock: one file, read by every process, seen by all at once."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.roles.clock_file import FileClock, parse_offset_ms, write_offset_ms
from ringfence.roles.refusal import RefusalError


def test_a_clock_shows_the_offset_of_its_file_and_every_change(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    write_offset_ms(path, 3_600_000)
    clock = FileClock(path)
    assert abs(clock.now_ms() - time.time() * 1000 - 3_600_000) < 1_000
    write_offset_ms(path, -5_000)
    assert abs(clock.now_ms() - time.time() * 1000 + 5_000) < 1_000


def test_monotonic_time_is_not_moved(tmp_path: Path) -> None:
    write_offset_ms(tmp_path / "clock", 10**12)
    assert abs(FileClock(tmp_path / "clock").monotonic_ms() - time.monotonic_ns() // 1_000_000) < 1_000


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_offset_ms(tmp_path / "clock", 0)
    assert (tmp_path / "clock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("+24h", 86_400_000),
        ("-90m", -5_400_000),
        ("+5s", 5_000),
        ("+2d", 172_800_000),
        ("-7ms", -7),
        ("1970-01-01T00:00:10", 9_000),
        ("1970-01-01T00:00:10Z", 9_000),
        ("1970-01-01T02:00:10+02:00", 9_000),
    ],
)
def test_durations_and_times_become_an_offset(text: str, expected_ms: int) -> None:
    assert parse_offset_ms(text, now_ms=1_000) == expected_ms


@given(st.text())
def test_anything_else_is_refused_not_guessed(text: str) -> None:
    with contextlib.suppress(RefusalError):
        assert isinstance(parse_offset_ms(text, now_ms=0), int)
