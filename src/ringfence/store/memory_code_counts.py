"""Counts of codes by day, in memory."""

from ringfence.ports.code_counts import DayCodes
from ringfence.ports.day_counts import DAY_MS
from ringfence.ports.verification_attempts import VerificationAttemptRow
from ringfence.store.code_tally import CodeTally, codes_of
from ringfence.store.day_tally import DayTally


class MemoryCodeCounts:
    """`ports.code_counts.CodeCounts`, beside the attempts and the counts of texts and calls."""

    _day_tally: DayTally
    _code_attempts: dict[tuple[str, str], VerificationAttemptRow]

    def __init__(self) -> None:
        self._code_tally = CodeTally()

    async def codes_by_day(
        self, account: str, from_ms: int, to_ms: int, *, service: str | None = None
    ) -> list[DayCodes]:
        whole = CodeTally()
        for key, sums in self._code_tally.changes():
            whole.add(key, *sums)
        for owner, sid, day, unit, micros in self._day_tally.code_spending():
            attempt = self._code_attempts.get((owner, sid))
            of = ("", "") if attempt is None else (attempt.service, attempt.channel)
            whole.spent(owner, day, *of, unit, micros)
        found = [
            (*key[1:], *sums)
            for key, sums in whole.changes()
            if key[0] == account and from_ms <= key[1] * DAY_MS < to_ms and service in (None, key[2])
        ]
        return codes_of(sorted(found, key=lambda each: (-each[0], *each[1:])))
