"""What a grant may cover."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import EPOCHS_MAX, RECORDS_MAX, Scope, check_scope, epoch_name, epoch_of, scope_of
from ringfence.domain.sealing.epoch import first_epoch
from ringfence.domain.sid import new_sid

HOUR_MS = 3_600_000
NOW_MS = 400_000 * HOUR_MS
SM = [new_sid("SM", n) for n in range(RECORDS_MAX + 1)]


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(records=(SM[0],), epochs=(1,)),
        Scope(records=(SM[0], SM[0])),
        Scope(epochs=(1, 1)),
        Scope(records=("SM1",)),
        Scope(records=("epoch:5",)),
        Scope(records=("AC" + "0" * 32,)),
        Scope(records=(SM[0], "sm" + "0" * 32)),
        Scope(records=tuple(SM)),
        Scope(epochs=tuple(range(EPOCHS_MAX + 1))),
    ],
)
def test_a_scope_is_records_or_hours_each_once_and_not_too_many(scope: Scope) -> None:
    with pytest.raises(AccessRefusedError) as refused:
        check_scope(scope, NOW_MS)
    assert refused.value.refusal is Refusal.SCOPE


def test_the_bounds_themselves_are_within() -> None:
    check_scope(Scope(records=tuple(SM[:RECORDS_MAX])), NOW_MS)
    check_scope(Scope(epochs=tuple(range(EPOCHS_MAX))), NOW_MS)
    check_scope(Scope(records=tuple(kind + "0" * 32 for kind in ("SM", "MM", "CA", "RE"))), NOW_MS)


def test_an_hour_is_to_be_had_when_it_has_ended_and_no_millisecond_before() -> None:
    epoch = first_epoch(NOW_MS)
    check_scope(Scope(epochs=(epoch,)), NOW_MS + HOUR_MS)
    for scope, now_ms in ((Scope(epochs=(epoch,)), NOW_MS + HOUR_MS - 1), (Scope(epochs=(-1,)), NOW_MS)):
        with pytest.raises(AccessRefusedError) as refused:
            check_scope(scope, now_ms)
        assert refused.value.refusal is Refusal.EPOCH_OPEN


def test_names_lead_back_to_their_scope_and_a_mix_to_one_that_is_refused() -> None:
    for scope in (Scope(records=(SM[1], SM[0])), Scope(epochs=(9, 7))):
        assert scope_of(scope.names) == scope
    for names in ([SM[0], "epoch:7"], ["epoch:07"], ["epoch:7", "epoch:"], [], [SM[0], SM[0]]):
        with pytest.raises(AccessRefusedError):
            check_scope(scope_of(names), NOW_MS)


def test_the_digest_is_of_the_names_a_line_each() -> None:
    assert Scope(epochs=(7, 9)).names == ("epoch:7", "epoch:9")
    assert Scope(epochs=(7, 9)).digest == hashlib.sha256(b"epoch:7\nepoch:9").hexdigest()
    assert Scope(records=(SM[0], SM[1])).digest != Scope(records=(SM[1], SM[0])).digest


@given(st.integers(0, 1 << 40))
def test_an_hours_name_leads_back_to_it(epoch: int) -> None:
    assert epoch_of(epoch_name(epoch)) == epoch


@pytest.mark.parametrize(
    "name", ["SM" + "0" * 32, "7", "epoch:", "epoch:-1", "epoch:٧", "epoch:7a", "epoch:07", "epoch:" + "7" * 16]
)
def test_no_other_name_is_an_hours(name: str) -> None:
    assert epoch_of(name) is None
