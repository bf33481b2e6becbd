"""What verifications and their sendings add to the counts of codes by day: one rule, the same in every store."""

from collections.abc import Iterable, Sequence
from typing import Any

from ringfence.ports.code_counts import CodeMeasure, DayCodes
from ringfence.ports.day_counts import DAY_MS
from ringfence.ports.verification_attempts import VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow

Key = tuple[str, int, str, str, str, int, str]
"""Account, day since 1970, service, measure, channel, refusal, currency."""


class CodeTally:
    """Adds up what one transaction changes."""

    def __init__(self) -> None:
        self._sums: dict[Key, list[int]] = {}

    def started(self, row: VerificationRow) -> None:
        self._add(row.account, row.created_ms, row.service, CodeMeasure.STARTED)

    def approved(self, row: VerificationRow) -> None:
        self._add(row.account, row.created_ms, row.service, CodeMeasure.APPROVED)

    def attempt(self, row: VerificationAttemptRow, by: int = 1) -> None:
        """Count a sending as it is now; with `by` -1, take away what it was."""
        measure = CodeMeasure.SENT if row.refusal is None else CodeMeasure.REFUSED
        self._add(row.account, row.at_ms, row.service, measure, row.channel, row.refusal or 0, by)
        if row.converted:
            self._add(row.account, row.at_ms, row.service, CodeMeasure.CONVERTED, row.channel, by=by)

    def converted(self, account: str, service: str, channel: str, at_ms: int) -> None:
        """One that was sent at `at_ms`, and had not converted."""
        self._add(account, at_ms, service, CodeMeasure.CONVERTED, channel)

    def spent(self, account: str, day: int, service: str, channel: str, unit: str, micros: int) -> None:
        self.add((account, day, service, CodeMeasure.SPENT._value_, channel, 0, unit), 0, micros)

    def _add(
        self,
        account: str,
        at_ms: int,
        service: str,
        measure: CodeMeasure,
        channel: str = "",
        refusal: int = 0,
        by: int = 1,
    ) -> None:
        self.add((account, at_ms // DAY_MS, service, measure._value_, channel, refusal, ""), by, 0)

    def add(self, key: Key, number: int, spent_micros: int) -> None:
        """Add to the sums under a key."""
        sums = self._sums.setdefault(key, [0, 0])
        sums[0] += number
        sums[1] += spent_micros

    def changes(self) -> list[tuple[Key, list[int]]]:
        """What there is to add to number and what was spent, in order of the key, in which everybody locks."""
        return sorted((key, sums) for key, sums in self._sums.items() if any(sums))


def codes_of(rows: Iterable[Sequence[Any]]) -> list[DayCodes]:
    """Rows of a key without its account and the two sums, as the port has them."""
    return [
        DayCodes(
            day_ms=day * DAY_MS,
            service=service,
            measure=CodeMeasure(measure),
            channel=channel,
            refusal=refusal,
            price_unit=unit,
            number=number,
            spent_micros=spent_micros,
        )
        for day, service, measure, channel, refusal, unit, number, spent_micros in rows
    ]
