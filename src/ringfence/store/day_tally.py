"""What changes of texts, calls and recordings add to the counts of their days: one rule, the same in every store.

A text is counted when it leaves its sender queue. Those that wait there are counted as they are asked for: there are
never many of one account, and so accepting one costs nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ringfence.domain import call, message
from ringfence.domain.call_duration import talked_seconds
from ringfence.domain.verification import attempt_sid
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.ports.day_counts import DAY_MS, DayCalls, DayRecordings, DayTexts
from ringfence.store.progress import Moving, is_queued

TEXT, CALL, RECORDING = "text", "call", "recording"

Key = tuple[str, str, int, bool, str, str, str]
"""Account, kind, day since 1970, whether they bring codes, direction, status, currency."""

CODE_TEXT = "VL"

CodeSpending = tuple[str, str, int, str, int]
"""Account, attempt to bring a code, day since 1970, currency, and what its text or call cost in addition."""


class DayTally:
    """Adds up what one transaction changes. What is taken away was counted before."""

    def __init__(self) -> None:
        self._sums: dict[Key, list[int]] = {}
        self._code_spending: dict[tuple[str, str, int, str], int] = {}

    def add_text(self, text: Moving, by: int = 1) -> None:
        """Count a text as it is now; with `by` -1, take away what it was. One that waits counts nothing."""
        if not is_queued(text.direction, text.status):
            self._add_text(text, by)

    def add_waiting(self, text: Moving) -> None:
        """Count one that waits in its queue, for whoever asks."""
        self._add_text(text, 1)

    def _add_text(self, text: Moving, by: int) -> None:
        key = (
            text.account,
            TEXT,
            text.created_ms // DAY_MS,
            text.sid.startswith(CODE_TEXT),
            text.direction._value_,
            text.status._value_,
            text.price_unit,
        )
        self.add(key, by, by * text.num_segments, by * (text.price_micros or 0))
        if text.price_micros and text.sid.startswith(CODE_TEXT):
            self._spend(text.account, text.sid, key[2], text.price_unit, by * text.price_micros)

    def add_call(self, row: CallRow, by: int = 1) -> None:
        """As `add_text`."""
        day, talked = row.created_ms // DAY_MS, talked_seconds(row.answered_ms, row.ended_ms)
        key = (row.account, CALL, day, row.brings_code, row.direction._value_, row.status._value_, row.price_unit)
        self.add(key, by, by * talked, by * (row.price_micros or 0))
        if row.price_micros and row.brings_code:
            self._spend(row.account, attempt_sid(row.sid), day, row.price_unit, by * row.price_micros)

    def add_recording(self, row: RecordingRow) -> None:
        """Count one that has just ended; what was recorded before it is deleted stays counted."""
        if row.status == "completed":
            seconds = -(-(row.duration_ms or 0) // 1_000)
            self.add((row.account, RECORDING, row.created_ms // DAY_MS, False, "", row.status, ""), 1, seconds, 0)

    def _spend(self, account: str, attempt: str, day: int, unit: str, micros: int) -> None:
        key = account, attempt, day, unit
        self._code_spending[key] = self._code_spending.get(key, 0) + micros

    def add(self, key: Key, number: int, size: int, spent_micros: int) -> None:
        """Add to the sums under a key."""
        sums = self._sums.get(key)
        if sums is None:
            self._sums[key] = [number, size, spent_micros]
        else:
            sums[0] += number
            sums[1] += size
            sums[2] += spent_micros

    def add_all(self, other: "DayTally") -> None:
        """Add all that another one has."""
        for key, sums in other.changes():
            self.add(key, *sums)
        for account, attempt, day, unit, micros in other.code_spending():
            self._spend(account, attempt, day, unit, micros)

    def changes(self) -> list[tuple[Key, list[int]]]:
        """What there is to add to number, size and what was spent, in order of the key, in which everybody locks."""
        return sorted((key, sums) for key, sums in self._sums.items() if any(sums))

    def code_spending(self) -> list[CodeSpending]:
        """What codes cost in addition, in order."""
        return sorted((*key, micros) for key, micros in self._code_spending.items() if micros)


def texts_of(rows: Iterable[Sequence[Any]]) -> list[DayTexts]:
    """Rows of day, whether they bring codes, direction, status, currency and the three sums, as the port has them."""
    return [
        DayTexts(
            day_ms=day * DAY_MS,
            brings_code=bool(brings_code),
            direction=message.Direction(direction),
            status=message.Status(status),
            price_unit=unit,
            texts=number,
            segments=segments,
            spent_micros=spent_micros,
        )
        for day, brings_code, direction, status, unit, number, segments, spent_micros in rows
    ]


def calls_of(rows: Iterable[Sequence[Any]]) -> list[DayCalls]:
    """As `texts_of`."""
    return [
        DayCalls(
            day_ms=day * DAY_MS,
            brings_code=bool(brings_code),
            direction=call.Direction(direction),
            status=call.Status(status),
            price_unit=unit,
            calls=number,
            seconds=seconds,
            spent_micros=spent_micros,
        )
        for day, brings_code, direction, status, unit, number, seconds, spent_micros in rows
    ]


def recordings_of(rows: Iterable[Sequence[Any]]) -> list[DayRecordings]:
    """As `texts_of`."""
    return [
        DayRecordings(day_ms=day * DAY_MS, recordings=number, seconds=seconds)
        for day, _, _, _, _, number, seconds, _ in rows
    ]
