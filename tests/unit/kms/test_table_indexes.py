"""Blind indexes of tables: by account, table and value, with a key for each account that is derived once."""

import pytest

from ringfence.domain.sealing.blind_index import blind_index
from ringfence.domain.sealing.standing import table_key
from ringfence.kms import table_indexes
from ringfence.kms.table_indexes import TableIndexes

MASTER = b"m" * 32


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accounts whose key was derived, in order."""
    seen: list[str] = []

    def watched(master: bytes, account: str) -> bytes:
        seen.append(account)
        return table_key(master, account)

    monkeypatch.setattr(table_indexes, "table_key", watched)
    return seen


def test_each_value_has_the_index_of_its_account_and_table_in_order() -> None:
    indexes = TableIndexes(MASTER)
    for account in ("AC1", "AC2", "AC1"):
        key = table_key(MASTER, account)
        for table in ("opt_out", "safe_list"):
            expected = [blind_index(key, value, table) for value in ("+12025550101", "+12025550102")]
            assert indexes.of(account, table, ["+12025550101", "+12025550102"]) == expected
    assert indexes.of("AC1", "opt_out", []) == []


def test_an_accounts_key_is_derived_once_and_so_many_are_kept(
    monkeypatch: pytest.MonkeyPatch, derived: list[str]
) -> None:
    monkeypatch.setattr(table_indexes, "KEPT_MAX", 2)
    indexes = TableIndexes(MASTER)
    for account in ("AC1", "AC2", "AC1", "AC2", "AC3", "AC3", "AC1"):
        indexes.of(account, "opt_out", ["+12025550101"])
    assert derived == ["AC1", "AC2", "AC3", "AC1"]
