"""The table of faults: which one strikes, how often, and repeatably."""

import pytest

from ringfence.carriers.simulator import faults as faults_module
from ringfence.carriers.simulator.faults import Fault, FaultKind, FaultTable

PHONE, OTHER = "+12025550177", "+12025550178"


def test_codes_and_defaults_are_those_documented() -> None:
    assert list(faults_module.FAILURE_CODES) == [30003, 30004, 30005, 30006, 30007, 30008]
    fault = Fault(kind=FaultKind.FAIL)
    assert (fault.code, fault.delay_ms, fault.probability, fault.remaining) == (30008, 2_000, 1.0, None)


def test_nothing_strikes_an_empty_table() -> None:
    assert FaultTable().strikes(FaultKind.FAIL, PHONE) is None


def test_a_fault_strikes_its_own_kind_and_handset_only() -> None:
    table = FaultTable()
    fault = table.add(Fault(kind=FaultKind.FAIL, number=PHONE, code=30005))
    assert table.strikes(FaultKind.FAIL, PHONE) == fault
    assert table.strikes(FaultKind.FAIL, OTHER) is None
    assert table.strikes(FaultKind.FAIL) is None
    assert table.strikes(FaultKind.DELAY, PHONE) is None


def test_a_general_fault_strikes_all_but_the_handsets_own_comes_first() -> None:
    table = FaultTable()
    general = table.add(Fault(kind=FaultKind.FAIL, code=30003))
    own = table.add(Fault(kind=FaultKind.FAIL, number=PHONE, code=30005))
    assert table.strikes(FaultKind.FAIL, PHONE) == own
    assert table.strikes(FaultKind.FAIL, OTHER) == general
    assert table.strikes(FaultKind.FAIL) == general


def test_the_same_place_is_replaced_under_a_new_id() -> None:
    table = FaultTable()
    first = table.add(Fault(kind=FaultKind.FAIL, code=30003))
    second = table.add(Fault(kind=FaultKind.FAIL, code=30005))
    assert list(table) == [second]
    assert first.id != second.id
    assert not table.remove(first.id)
    assert table.remove(second.id)
    assert list(table) == []


def test_a_counted_fault_wears_out() -> None:
    table = FaultTable()
    table.add(Fault(kind=FaultKind.REFUSE, remaining=3))
    assert [table.strikes(FaultKind.REFUSE) is not None for _ in range(5)] == [True, True, True, False, False]
    assert list(table) == []


def test_chance_is_repeatable_and_begins_again_after_clear() -> None:
    def draws(table: FaultTable) -> list[bool]:
        table.add(Fault(kind=FaultKind.FAIL, probability=0.5))
        return [table.strikes(FaultKind.FAIL) is not None for _ in range(64)]

    table = FaultTable(seed=7)
    first = draws(table)
    assert 10 < sum(first) < 54
    table.clear()
    assert draws(table) == first
    assert draws(FaultTable(seed=7)) == first
    assert draws(FaultTable(seed=8)) != first


def test_a_fault_without_chance_never_strikes_nor_wears_out() -> None:
    table = FaultTable()
    table.add(Fault(kind=FaultKind.FAIL, probability=0.0, remaining=1))
    assert table.strikes(FaultKind.FAIL) is None
    assert len(list(table)) == 1


def test_when_its_own_fault_spares_a_handset_the_general_one_may_strike() -> None:
    table = FaultTable()
    table.add(Fault(kind=FaultKind.FAIL, number=PHONE, probability=0.0))
    general = table.add(Fault(kind=FaultKind.FAIL, code=30007))
    assert table.strikes(FaultKind.FAIL, PHONE) == general


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults_module, "MAX_FAULTS", 1)
    table = FaultTable()
    table.add(Fault(kind=FaultKind.FAIL))
    table.add(Fault(kind=FaultKind.FAIL, code=30003))
    with pytest.raises(OverflowError):
        table.add(Fault(kind=FaultKind.DELAY))
