import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing import epoch, hpke
from ringfence.domain.sealing.aead import UnsealError

AC = "AC" + "a" * 32
HOUR = 3_600_000


def test_the_numbers_of_an_hour() -> None:
    at_ms = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC, hour 472222
    assert epoch.first_epoch(at_ms) == 472_222 * 256
    assert epoch.last_epoch(at_ms) == 472_222 * 256 + 255
    assert epoch.ended_ms(epoch.first_epoch(at_ms)) == 472_223 * HOUR
    assert epoch.ended_ms(epoch.last_epoch(at_ms)) == 472_223 * HOUR
    assert epoch.closes_ms(epoch.first_epoch(at_ms)) == 472_223 * HOUR + 600_000
    assert epoch.RECORDS_PER_EPOCH == 2**16


@given(st.integers(0, 2**45))
def test_a_moment_lies_in_its_epochs_hour(at_ms: int) -> None:
    for number in (epoch.first_epoch(at_ms), epoch.last_epoch(at_ms)):
        assert epoch.ended_ms(number) - HOUR <= at_ms < epoch.ended_ms(number)


def test_days_are_utc_and_their_index_copies_close_ten_minutes_later() -> None:
    assert epoch.index_day(86_399_999) == 0
    assert epoch.index_day(86_400_000) == 1
    assert epoch.index_closes_ms(0) == 86_400_000 + 600_000


def test_keys_are_fresh_and_32_bytes() -> None:
    keys = {epoch.new_key() for _ in range(20)}
    assert len(keys) == 20
    assert {len(key) for key in keys} == {32}


@settings(max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**40))
def test_an_epoch_key_opens_for_its_tenant_epoch_and_nothing_else(key: bytes, number: int) -> None:
    tenant = hpke.Recipient(b"t" * 32)
    sealed = epoch.seal_epoch_key(key, tenant.public, AC, number)
    assert epoch.open_epoch_key(sealed, tenant, AC, number) == key
    for account, other in (("AC" + "b" * 32, number), (AC, number + 1)):
        with pytest.raises(UnsealError):
            epoch.open_epoch_key(sealed, tenant, account, other)
    with pytest.raises(UnsealError):
        epoch.open_epoch_key(sealed, hpke.Recipient(b"u" * 32), AC, number)
    with pytest.raises(UnsealError):
        epoch.open_index_key(sealed, tenant, AC, number)


@settings(max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**16))
def test_an_index_key_opens_for_its_tenant_day_and_nothing_else(key: bytes, day: int) -> None:
    tenant = hpke.Recipient(b"t" * 32)
    sealed = epoch.seal_index_key(key, tenant.public, AC, day)
    assert epoch.open_index_key(sealed, tenant, AC, day) == key
    for account, other in (("AC" + "b" * 32, day), (AC, day + 1)):
        with pytest.raises(UnsealError):
            epoch.open_index_key(sealed, tenant, account, other)
    with pytest.raises(UnsealError):
        epoch.open_epoch_key(sealed, tenant, AC, day)
