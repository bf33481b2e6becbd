"""The fragment of a webhook's URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.usecases.webhooks.connection_overrides import ConnectionOverrides, read_overrides


def test_without_a_fragment_twilio_s_defaults_hold() -> None:
    assert read_overrides("") == ConnectionOverrides(
        connect_ms=5_000, read_ms=15_000, total_ms=15_000, retries=1, retry_on=frozenset({"ct"})
    )


def test_every_parameter_is_read() -> None:
    assert read_overrides("ct=200&rt=300&tt=400&rc=3&rp=5xx,rt") == ConnectionOverrides(
        connect_ms=200, read_ms=300, total_ms=400, retries=3, retry_on=frozenset({"5xx", "rt"})
    )


@pytest.mark.parametrize(
    ("fragment", "field", "value"),
    [
        ("ct=1", "connect_ms", 100),
        ("ct=99999", "connect_ms", 10_000),
        ("rt=1", "read_ms", 100),
        ("rt=15001", "read_ms", 15_000),
        ("tt=99", "total_ms", 100),
        ("tt=15001", "total_ms", 15_000),
        ("rc=0", "retries", 0),
        ("rc=6", "retries", 5),
        ("rc=-1", "retries", 1),
        ("rc=", "retries", 1),
        ("rc=x", "retries", 1),
        ("rc=²", "retries", 1),
        ("rc=9999999999", "retries", 1),
        ("rp=all", "retry_on", frozenset({"4xx", "5xx", "ct", "rt"})),
        ("rp=4xx", "retry_on", frozenset({"4xx"})),
        ("rp=6xx", "retry_on", frozenset({"ct"})),
        ("rp=", "retry_on", frozenset({"ct"})),
        ("e=ashburn&sni=y&rc=2", "retries", 2),
        ("section-two", "retries", 1),
    ],
)
def test_bounds_and_nonsense(fragment: str, field: str, value: object) -> None:
    assert getattr(read_overrides(fragment), field) == value


@given(st.text(alphabet="crtp=&,4x5al0129", max_size=40))
def test_any_fragment_is_within_bounds(fragment: str) -> None:
    overrides = read_overrides(fragment)
    assert 100 <= overrides.connect_ms <= 10_000
    assert 100 <= overrides.read_ms <= 15_000
    assert 100 <= overrides.total_ms <= 15_000
    assert 0 <= overrides.retries <= 5
    assert overrides.retry_on
