"""Verifications in memory."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.domain.verification import Attempt, Status, may_become
from ringfence.ports.verification_attempts import VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow
from ringfence.store.attempt_rows import attempt_row
from ringfence.store.memory_verification_attempts import MemoryVerificationAttempts
from ringfence.store.sqlite_verifications import with_attempt


class MemoryVerifications(MemoryVerificationAttempts):
    """`ports.verifications.VerificationStore` over dictionaries, and that of attempts."""

    def __init__(self) -> None:
        super().__init__()
        self._verifications: dict[tuple[str, str], VerificationRow] = {}
        self._held: dict[tuple[str, str, bytes], str] = {}

    async def begin_verification(self, row: VerificationRow) -> VerificationRow:
        place = (row.account, row.service, row.to_index)
        if (sid := self._held.get(place)) is not None:
            known = self._verifications[row.account, sid]
            if known.expires_ms > row.created_ms:
                return known
            await self.move_verification(row.account, sid, Status.EXPIRED, known.expires_ms)
            self._let_go(known)
        self._held[place] = row.sid
        self._verifications[row.account, row.sid] = row
        self._code_tally.started(row)
        for attempt in row.attempts:
            self._add_attempt(attempt_row(row, attempt))
        return row

    async def verification(self, account: str, sid: str) -> VerificationRow | None:
        return self._verifications.get((account, sid))

    async def verifications_of(self, keys: Sequence[tuple[str, str]]) -> list[VerificationRow | None]:
        return [self._verifications.get(key) for key in keys]

    async def held_verification(
        self, account: str, service: str, to_index: bytes, now_ms: int
    ) -> VerificationRow | None:
        sid = self._held.get((account, service, to_index))
        row = None if sid is None else self._verifications[account, sid]
        return row if row is not None and row.expires_ms > now_ms else None

    async def attempt_verification(
        self, account: str, sid: str, attempt: Attempt, limit: int
    ) -> VerificationRow | None:
        found = self._verifications.get((account, sid))
        row = None if found is None else with_attempt(found, attempt, limit)
        if row is not None:
            self._verifications[account, sid] = row
            self._add_attempt(attempt_row(row, attempt))
        return row

    async def move_verification(self, account: str, sid: str, status: Status, at_ms: int) -> VerificationRow | None:
        row = self._verifications.get((account, sid))
        if row is None or not may_become(row.status, status):
            return None
        if status is not Status.MAX_ATTEMPTS_REACHED:
            self._let_go(row)
        if status is Status.APPROVED:
            self._code_tally.approved(row)
            self._convert_attempts(account, sid)
        moved = self._verifications[account, sid] = replace(row, status=status, updated_ms=at_ms)
        return moved

    async def refuse_attempt(self, row: VerificationAttemptRow, failed: VerificationRow | None = None) -> None:
        if failed is not None:
            self._verifications.setdefault((failed.account, failed.sid), failed)
        self._add_attempt(row)

    def _let_go(self, row: VerificationRow) -> None:
        place = (row.account, row.service, row.to_index)
        if self._held.get(place) == row.sid:
            del self._held[place]
