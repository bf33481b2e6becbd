"""Entities, factors and challenges in memory."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.domain.challenge import ChallengeStatus, status_at
from ringfence.domain.factor import FactorStatus
from ringfence.ports.factors import (
    Answer,
    Brake,
    ChallengeRow,
    ChallengesBrakedError,
    CredentialTakenError,
    EntityRow,
    FactorRow,
    FactorsFullError,
)
from ringfence.ports.verify_events import TellingRow
from ringfence.store.memory_enrolments import MemoryEnrolments
from ringfence.store.memory_tellings import MemoryTellings
from ringfence.store.paging import newest_first, page_of, place_of

Key = tuple[str, str, str]


class MemoryFactors(MemoryTellings, MemoryEnrolments):
    """`ports.factors.FactorStore` over dictionaries, with that of leaves, which go with whom they are for."""

    def __init__(self) -> None:
        MemoryTellings.__init__(self)
        MemoryEnrolments.__init__(self)
        self._entities: dict[Key, EntityRow] = {}
        self._factors: dict[Key, FactorRow] = {}
        self._challenges: dict[Key, ChallengeRow] = {}

    async def begin_entity(self, row: EntityRow) -> EntityRow:
        known = await self.entity(row.account, row.service, row.identity_index)
        if known is not None:
            return known
        self._entities[_key(row)] = row
        return row

    async def entity(self, account: str, service: str, identity_index: bytes) -> EntityRow | None:
        for row in self._entities.values():
            if (row.account, row.service, row.identity_index) == (account, service, identity_index):
                return row
        return None

    async def entities(
        self, account: str, service: str, *, before: str | None = None, limit: int = 50
    ) -> list[EntityRow]:
        rows = [row for row in self._entities.values() if (row.account, row.service) == (account, service)]
        place = None if before is None else _place(before, self._entities.get((account, service, before)))
        return page_of(rows, place, limit)

    async def delete_entity(self, account: str, service: str, sid: str) -> list[FactorRow] | None:
        entity = self._entities.pop((account, service, sid), None)
        if entity is None:
            return None
        self._forget_enrolments(account, service, entity.identity_index)
        gone = [row for row in self._factors.values() if (row.account, row.entity) == (account, sid)]
        for factor in gone:
            del self._factors[_key(factor)]
        self._forget_challenges(
            [row for row in self._challenges.values() if (row.account, row.entity) == (account, sid)]
        )
        return gone

    async def create_factor(self, row: FactorRow, limit: int, tellings: Sequence[TellingRow] = ()) -> bool:
        if (row.account, row.service, row.entity) not in self._entities:
            return False
        if len(await self.factors(row.account, row.entity, limit=limit)) >= limit:
            raise FactorsFullError
        self._check_credential(row)
        self._factors[_key(row)] = row
        self._append_tellings(tellings)
        return True

    async def factor(self, account: str, service: str, sid: str) -> FactorRow | None:
        return self._factors.get((account, service, sid))

    async def factors(
        self, account: str, entity: str, *, before: str | None = None, limit: int = 50
    ) -> list[FactorRow]:
        rows = [row for row in self._factors.values() if (row.account, row.entity) == (account, entity)]
        known = next((row for row in rows if row.sid == before), None)
        return page_of(rows, None if before is None else _place(before, known), limit)

    async def factor_of_credential(self, account: str, service: str, credential_index: bytes) -> FactorRow | None:
        for row in self._factors.values():
            if (row.account, row.service, row.credential_index) == (account, service, credential_index):
                return row
        return None

    async def update_factor(self, row: FactorRow, tellings: Sequence[TellingRow] = ()) -> bool:
        self._check_credential(row)
        known = self._factors.get(_key(row))
        if known is None or known.version != row.version:
            return False
        if known.status is FactorStatus.VERIFIED and row.status is not FactorStatus.VERIFIED:
            return False
        changed = {
            name: getattr(row, name) for name in ("status", "credential_index", "epoch", "content", "updated_ms")
        }
        self._factors[_key(row)] = replace(known, version=known.version + 1, **changed)
        self._append_tellings(tellings)
        return True

    async def delete_factor(self, account: str, service: str, sid: str, tellings: Sequence[TellingRow] = ()) -> bool:
        if self._factors.pop((account, service, sid), None) is None:
            return False
        self._forget_challenges(
            [row for row in self._challenges.values() if (row.account, row.factor) == (account, sid)]
        )
        self._append_tellings(tellings)
        return True

    async def create_challenge(self, row: ChallengeRow, brake: Brake | None = None) -> bool:
        if row.entity and (row.account, row.service, row.entity) not in self._entities:
            return False
        if row.factor and (row.account, row.service, row.factor) not in self._factors:
            return False
        if brake is not None:
            self._check_brake(row, brake)
        self._challenges[_key(row)] = row
        return True

    async def challenge(self, account: str, service: str, sid: str) -> ChallengeRow | None:
        return self._challenges.get((account, service, sid))

    async def challenges(
        self,
        account: str,
        entity: str,
        *,
        factor: str | None = None,
        status: ChallengeStatus | None = None,
        now_ms: int,
        oldest_first: bool = False,
        before: str | None = None,
        limit: int = 50,
    ) -> list[ChallengeRow]:
        ours = [row for row in self._challenges.values() if (row.account, row.entity) == (account, entity)]
        known = next((row for row in ours if row.sid == before), None)
        place = None if before is None else _place(before, known)
        rows = [
            row
            for row in ours
            if factor in (None, row.factor) and status in (None, status_at(row.status, row.expires_ms, now_ms))
        ]
        if not oldest_first:
            return page_of(rows, place, limit)
        return [row for row in sorted(rows, key=newest_first) if place is None or newest_first(row) > place][:limit]

    async def answer_challenge(
        self, account: str, service: str, sid: str, answer: Answer, tellings: Sequence[TellingRow] = ()
    ) -> ChallengeRow | None:
        row = self._challenges.get((account, service, sid))
        if row is None or status_at(row.status, row.expires_ms, answer.at_ms) is not ChallengeStatus.PENDING:
            return None
        factor = self._factors.get((account, service, answer.factor))
        if factor is None or factor.entity != answer.entity:
            return None
        answered = self._challenges[account, service, sid] = replace(
            row,
            status=answer.status,
            updated_ms=answer.at_ms,
            responded_ms=answer.at_ms,
            entity=answer.entity,
            factor=answer.factor,
            metadata=answer.metadata,
        )
        self._append_tellings(tellings)
        return answered

    async def forget_unanswered(self, account: str, made_before_ms: int) -> int:
        gone = [
            row
            for row in self._challenges.values()
            if (row.account, row.entity) == (account, "") and row.created_ms < made_before_ms
        ]
        self._forget_challenges(gone)
        return len(gone)

    def _check_credential(self, row: FactorRow) -> None:
        if row.credential_index is None:
            return
        for other in self._factors.values():
            same = (other.account, other.service, other.credential_index)
            if other.sid != row.sid and same == (row.account, row.service, row.credential_index):
                raise CredentialTakenError

    def _check_brake(self, row: ChallengeRow, brake: Brake) -> None:
        kind = (row.account, row.entity, row.factor_type)
        alike = [
            other for other in self._challenges.values() if (other.account, other.entity, other.factor_type) == kind
        ]
        denied = [other.responded_ms or 0 for other in alike if other.status is ChallengeStatus.DENIED]
        if any(at_ms > brake.denied_since_ms for at_ms in denied):
            raise ChallengesBrakedError(denied=True)
        if sum(other.created_ms > brake.since_ms for other in alike) >= brake.limit:
            raise ChallengesBrakedError(denied=False)

    def _forget_challenges(self, rows: list[ChallengeRow]) -> None:
        for row in rows:
            del self._challenges[_key(row)]


def _key(row: EntityRow | FactorRow | ChallengeRow) -> Key:
    return row.account, row.service, row.sid


def _place(before: str, known: EntityRow | FactorRow | ChallengeRow | None) -> tuple[int, str]:
    return place_of(before, None if known is None else known.created_ms)
