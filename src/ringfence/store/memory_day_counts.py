"""Counts of texts, calls and recordings by day, in memory."""

from collections.abc import Iterable

from ringfence.ports.day_counts import DAY_MS, DayCalls, DayRecordings, DayTexts
from ringfence.ports.store import MessageRow
from ringfence.store.day_tally import CALL, RECORDING, TEXT, DayTally, Key, calls_of, recordings_of, texts_of

Counted = tuple[int, bool, str, str, str, int, int, int]


class MemoryDayCounts:
    """`ports.day_counts.DayCounts`."""

    def __init__(self) -> None:
        self._day_tally = DayTally()

    def _waiting_texts(self, account: str) -> Iterable[MessageRow]:
        """Those in the account's sender queues, where there are any."""
        return ()

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayTexts]:
        whole = DayTally()
        whole.add_all(self._day_tally)
        for row in self._waiting_texts(account):
            whole.add_waiting(row)
        return texts_of(_of_days(whole.changes(), account, TEXT, from_ms, to_ms))

    async def calls_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCalls]:
        return calls_of(_of_days(self._day_tally.changes(), account, CALL, from_ms, to_ms))

    async def recordings_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayRecordings]:
        return recordings_of(_of_days(self._day_tally.changes(), account, RECORDING, from_ms, to_ms))


def _of_days(counts: list[tuple[Key, list[int]]], account: str, kind: str, from_ms: int, to_ms: int) -> list[Counted]:
    found = [
        (*key[2:], number, size, spent_micros)
        for key, (number, size, spent_micros) in counts
        if key[:2] == (account, kind) and from_ms <= key[2] * DAY_MS < to_ms and (number or spent_micros)
    ]
    return sorted(found, key=lambda each: (-each[0], *each[1:]))
