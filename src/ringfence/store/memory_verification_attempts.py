"""Attempts to bring a code, in memory."""

from msgspec.structs import replace

from ringfence.ports.verification_attempts import AttemptCount, AttemptFilter, VerificationAttemptRow
from ringfence.store.attempt_rows import PLACE_DIGITS, counted, place
from ringfence.store.memory_code_counts import MemoryCodeCounts
from ringfence.store.paging import END_OF_TIME_MS, place_after


class MemoryVerificationAttempts(MemoryCodeCounts):
    """`ports.verification_attempts.VerificationAttemptStore` over a dictionary, but for `refuse_attempt`."""

    def __init__(self) -> None:
        MemoryCodeCounts.__init__(self)
        self._code_attempts: dict[tuple[str, str], VerificationAttemptRow] = {}

    async def verification_attempt(self, account: str, sid: str) -> VerificationAttemptRow | None:
        return self._code_attempts.get((account, sid))

    async def verification_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 50
    ) -> list[VerificationAttemptRow]:
        known = None if before is None else self._code_attempts.get((account, before))
        end = place_after(before, None if known is None else known.at_ms, wanted.to_ms)
        found = [
            row
            for row in self._code_attempts.values()
            if row.account == account and place(row) < end and _matches(row, wanted)
        ]
        return sorted(found, key=place, reverse=True)[:limit]

    async def count_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 10_000
    ) -> AttemptCount:
        rows = await self.verification_attempts(account, wanted, before=before, limit=limit)
        accepted = sum(row.refusal is None for row in rows)
        last = f"{rows[-1].at_ms:0{PLACE_DIGITS}}{rows[-1].sid}" if rows else None
        return counted(len(rows), accepted, sum(row.converted for row in rows), last, limit=limit)

    async def mark_refused(self, account: str, sid: str, code: int, why: str = "") -> None:
        if (row := self._code_attempts.get((account, sid))) is not None:
            marked = self._code_attempts[account, sid] = replace(row, refusal=code, why=why)
            self._code_tally.attempt(row, -1)
            self._code_tally.attempt(marked)

    def _add_attempt(self, row: VerificationAttemptRow) -> None:
        if (row.account, row.sid) not in self._code_attempts:
            self._code_attempts[row.account, row.sid] = row
            self._code_tally.attempt(row)

    def _convert_attempts(self, account: str, verification: str) -> None:
        for key, row in self._code_attempts.items():
            if (row.account, row.verification, row.refusal) == (account, verification, None) and not row.converted:
                self._code_tally.converted(account, row.service, row.channel, row.at_ms)
                self._code_attempts[key] = replace(row, converted=True)


def _matches(row: VerificationAttemptRow, wanted: AttemptFilter) -> bool:
    return (
        wanted.service in (None, row.service)
        and wanted.verification in (None, row.verification)
        and wanted.channel in (None, row.channel)
        and wanted.country in (None, row.country)
        and wanted.converted in (None, row.converted)
        and (wanted.to is None or row.to_index in wanted.to)
        and (wanted.from_ms or 0) <= row.at_ms < (END_OF_TIME_MS if wanted.to_ms is None else wanted.to_ms)
    )
