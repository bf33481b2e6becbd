"""Blind indexes that the key service computes itself: the key of each account is derived once, and kept.

Such a key opens nothing, and the key that all of them are derived from is in the same memory.
"""

from collections.abc import Sequence
from typing import Final

from ringfence.domain.sealing.blind_index import TableIndexer
from ringfence.domain.sealing.standing import table_key

KEPT_MAX: Final = 4_096


class TableIndexes:
    """Indexes of values of an account's tables."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._kept: dict[str, TableIndexer] = {}

    def of(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        """One for each value, in order."""
        indexer = self._kept.get(account)
        if indexer is None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            indexer = self._kept[account] = TableIndexer(table_key(self._master, account))
        return [indexer.index(value, table) for value in values]
