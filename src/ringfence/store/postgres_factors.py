"""Entities, factors and challenges in PostgreSQL."""

from collections.abc import Sequence

from ringfence.domain.challenge import ChallengeStatus
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
from ringfence.store.columns import CHALLENGE, ENTITY, FACTOR
from ringfence.store.paging import place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.postgres_tellings import append_tellings
from ringfence.store.sqlite_factors import answer_columns, challenge_place, changed_columns
from ringfence.store.statements import statements

SQL = statements("postgres/factors")

Key = tuple[str, str, str]
Answered = tuple[str, str, str, Answer, Sequence[TellingRow]]


class PostgresFactors(PostgresGround):
    """`ports.factors.FactorStore`. Whoever writes below an entity holds that, so that it stays meanwhile."""

    async def begin_entity(self, row: EntityRow) -> EntityRow:
        return await self._write(_begin, row)

    async def entity(self, account: str, service: str, identity_index: bytes) -> EntityRow | None:
        row = await self._one(SQL["entity"], account, service, identity_index)
        return None if row is None else ENTITY.read(row)

    async def entities(
        self, account: str, service: str, *, before: str | None = None, limit: int = 50
    ) -> list[EntityRow]:
        known = None if before is None else await self._one(SQL["entity_place"], account, service, before)
        place = place_after(before, None if known is None else known[0])
        return [ENTITY.read(row) for row in await self._all(SQL["entities"], account, service, *place, limit)]

    async def delete_entity(self, account: str, service: str, sid: str) -> list[FactorRow] | None:
        return await self._write(_delete_entity, (account, service, sid))

    async def create_factor(self, row: FactorRow, limit: int, tellings: Sequence[TellingRow] = ()) -> bool:
        return await self._write(_create_factor, (row, limit, tellings))

    async def factor(self, account: str, service: str, sid: str) -> FactorRow | None:
        row = await self._one(SQL["factor"], account, service, sid)
        return None if row is None else FACTOR.read(row)

    async def factors(
        self, account: str, entity: str, *, before: str | None = None, limit: int = 50
    ) -> list[FactorRow]:
        known = None if before is None else await self._one(SQL["factor_place"], account, entity, before)
        place = place_after(before, None if known is None else known[0])
        return [FACTOR.read(row) for row in await self._all(SQL["factors"], account, entity, *place, limit)]

    async def factor_of_credential(self, account: str, service: str, credential_index: bytes) -> FactorRow | None:
        row = await self._one(SQL["factor_of_credential"], account, service, credential_index)
        return None if row is None else FACTOR.read(row)

    async def update_factor(self, row: FactorRow, tellings: Sequence[TellingRow] = ()) -> bool:
        return await self._write(_update_factor, (row, tellings))

    async def delete_factor(self, account: str, service: str, sid: str, tellings: Sequence[TellingRow] = ()) -> bool:
        return await self._write(_delete_factor, (account, service, sid, tellings))

    async def create_challenge(self, row: ChallengeRow, brake: Brake | None = None) -> bool:
        return await self._write(_create_challenge, (row, brake))

    async def challenge(self, account: str, service: str, sid: str) -> ChallengeRow | None:
        row = await self._one(SQL["challenge"], account, service, sid)
        return None if row is None else CHALLENGE.read(row)

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
        known = None if before is None else await self._one(SQL["challenge_place"], account, entity, before)
        place = challenge_place(before, None if known is None else known[0], oldest_first=oldest_first)
        wanted = (account, entity, factor, None if status is None else status.value, now_ms, *place, limit)
        sql = SQL["challenges_oldest_first" if oldest_first else "challenges"]
        return [CHALLENGE.read(row) for row in await self._all(sql, *wanted)]

    async def answer_challenge(
        self, account: str, service: str, sid: str, answer: Answer, tellings: Sequence[TellingRow] = ()
    ) -> ChallengeRow | None:
        return await self._write(_answer, (account, service, sid, answer, tellings))

    async def forget_unanswered(self, account: str, made_before_ms: int) -> int:
        return await self._write(_forget_unanswered, (account, made_before_ms))


async def _begin(tx: Connection, rows: Sequence[EntityRow]) -> list[EntityRow | Exception]:
    return [await _begin_one(tx, row) for row in rows]


async def _begin_one(tx: Connection, row: EntityRow) -> EntityRow | Exception:
    if count(await tx.execute(SQL["entity_insert"], *ENTITY.write(row))):
        return row
    found = await tx.fetchrow(SQL["entity"], row.account, row.service, row.identity_index)
    # Between the two it may have been deleted: whoever asked asks again.
    return ConnectionError("the entity was deleted meanwhile") if found is None else ENTITY.read(found)


async def _delete_entity(tx: Connection, keys: Sequence[Key]) -> list[list[FactorRow] | None]:
    return [await _delete_one_entity(tx, *key) for key in keys]


async def _delete_one_entity(tx: Connection, account: str, service: str, sid: str) -> list[FactorRow] | None:
    await tx.execute(SQL["enrolments_erase"], account, service, sid)
    if not count(await tx.execute(SQL["entity_delete"], account, service, sid)):
        return None
    await tx.execute(SQL["challenges_erase"], account, sid)
    return [FACTOR.read(row) for row in await tx.fetch(SQL["factors_erase"], account, sid)]


async def _create_factor(
    tx: Connection, wanted: Sequence[tuple[FactorRow, int, Sequence[TellingRow]]]
) -> list[bool | Exception]:
    return [await _create_one_factor(tx, *each) for each in wanted]


async def _create_one_factor(
    tx: Connection, row: FactorRow, limit: int, tellings: Sequence[TellingRow]
) -> bool | Exception:
    if not await tx.fetchval(SQL["entity_there"], row.account, row.service, row.entity):
        return False
    if await tx.fetchval(SQL["factors_count"], row.account, row.entity) >= limit:
        return FactorsFullError()
    if not count(await tx.execute(SQL["factor_insert"], *FACTOR.write(row))):
        return CredentialTakenError()
    await append_tellings(tx, tellings)
    return True


async def _update_factor(
    tx: Connection, wanted: Sequence[tuple[FactorRow, Sequence[TellingRow]]]
) -> list[bool | Exception]:
    return [await _update_one_factor(tx, row, tellings) for row, tellings in wanted]


async def _update_one_factor(tx: Connection, row: FactorRow, tellings: Sequence[TellingRow]) -> bool | Exception:
    if row.credential_index is not None:
        # Two who bring one credential at the same moment come one after the other.
        await tx.execute(SQL["queue_for_credential"], f"{row.account} {row.service} {row.credential_index.hex()}")
        other = await tx.fetchrow(SQL["factor_of_credential"], row.account, row.service, row.credential_index)
        if other is not None and FACTOR.read(other).sid != row.sid:
            return CredentialTakenError()
    if not count(await tx.execute(SQL["factor_update"], *changed_columns(row))):
        return False
    await append_tellings(tx, tellings)
    return True


async def _delete_factor(tx: Connection, wanted: Sequence[tuple[str, str, str, Sequence[TellingRow]]]) -> list[bool]:
    return [await _delete_one_factor(tx, *each) for each in wanted]


async def _delete_one_factor(
    tx: Connection, account: str, service: str, sid: str, tellings: Sequence[TellingRow]
) -> bool:
    found = await tx.fetchrow(SQL["factor"], account, service, sid)
    if found is not None:
        await tx.fetchval(SQL["entity_there"], account, service, FACTOR.read(found).entity)
    if not count(await tx.execute(SQL["factor_delete"], account, service, sid)):
        return False
    await tx.execute(SQL["challenges_of_factor_erase"], account, sid)
    await append_tellings(tx, tellings)
    return True


async def _create_challenge(
    tx: Connection, wanted: Sequence[tuple[ChallengeRow, Brake | None]]
) -> list[bool | Exception]:
    return [await _create_one_challenge(tx, row, brake) for row, brake in wanted]


async def _create_one_challenge(tx: Connection, row: ChallengeRow, brake: Brake | None) -> bool | Exception:
    if row.entity and not await tx.fetchval(SQL["entity_there"], row.account, row.service, row.entity):
        return False
    if row.factor and await tx.fetchrow(SQL["factor"], row.account, row.service, row.factor) is None:
        return False
    if brake is not None:
        kind = (row.account, row.entity, row.factor_type.value)
        if await tx.fetchval(SQL["denied"], *kind, brake.denied_since_ms):
            return ChallengesBrakedError(denied=True)
        if await tx.fetchval(SQL["asked"], *kind, brake.since_ms) >= brake.limit:
            return ChallengesBrakedError(denied=False)
    await tx.execute(SQL["challenge_insert"], *CHALLENGE.write(row))
    return True


async def _answer(tx: Connection, wanted: Sequence[Answered]) -> list[ChallengeRow | None]:
    return [await _answer_one(tx, *each) for each in wanted]


async def _answer_one(
    tx: Connection, account: str, service: str, sid: str, answer: Answer, tellings: Sequence[TellingRow]
) -> ChallengeRow | None:
    if not await tx.fetchval(SQL["entity_there"], account, service, answer.entity):
        return None
    row = await tx.fetchrow(SQL["answer"], *answer_columns(account, service, sid, answer))
    if row is None:
        return None
    await append_tellings(tx, tellings)
    return CHALLENGE.read(row)


async def _forget_unanswered(tx: Connection, wanted: Sequence[tuple[str, int]]) -> list[int]:
    return [count(await tx.execute(SQL["challenges_unanswered_erase"], *values)) for values in wanted]
