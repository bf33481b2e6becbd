"""Entities, factors and challenges in SQLite."""

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
from ringfence.store.paging import Place, place_after, place_of
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.sqlite_tellings import append_tellings
from ringfence.store.statements import statements

SQL = statements("sqlite/factors")

Key = tuple[str, str, str]


class SqliteFactors(SqliteGround):
    """`ports.factors.FactorStore`."""

    async def begin_entity(self, row: EntityRow) -> EntityRow:
        return await self._write(_begin, row)

    async def entity(self, account: str, service: str, identity_index: bytes) -> EntityRow | None:
        row = self._one(SQL["entity"], (account, service, identity_index))
        return None if row is None else ENTITY.read(row)

    async def entities(
        self, account: str, service: str, *, before: str | None = None, limit: int = 50
    ) -> list[EntityRow]:
        known = None if before is None else self._one(SQL["entity_place"], (account, service, before))
        place = place_after(before, known and known[0])
        return [ENTITY.read(row) for row in self._all(SQL["entities"], (account, service, *place, limit))]

    async def delete_entity(self, account: str, service: str, sid: str) -> list[FactorRow] | None:
        return await self._write(_delete_entity, (account, service, sid))

    async def create_factor(self, row: FactorRow, limit: int, tellings: Sequence[TellingRow] = ()) -> bool:
        return await self._write(_create_factor, (row, limit, tellings))

    async def factor(self, account: str, service: str, sid: str) -> FactorRow | None:
        row = self._one(SQL["factor"], (account, service, sid))
        return None if row is None else FACTOR.read(row)

    async def factors(
        self, account: str, entity: str, *, before: str | None = None, limit: int = 50
    ) -> list[FactorRow]:
        known = None if before is None else self._one(SQL["factor_place"], (account, entity, before))
        place = place_after(before, known and known[0])
        return [FACTOR.read(row) for row in self._all(SQL["factors"], (account, entity, *place, limit))]

    async def factor_of_credential(self, account: str, service: str, credential_index: bytes) -> FactorRow | None:
        row = self._one(SQL["factor_of_credential"], (account, service, credential_index))
        return None if row is None else FACTOR.read(row)

    async def update_factor(self, row: FactorRow, tellings: Sequence[TellingRow] = ()) -> bool:
        return await self._write(_update_factor, (row, tellings))

    async def delete_factor(self, account: str, service: str, sid: str, tellings: Sequence[TellingRow] = ()) -> bool:
        return await self._write(_delete_factor, (account, service, sid, tellings))

    async def create_challenge(self, row: ChallengeRow, brake: Brake | None = None) -> bool:
        return await self._write(_create_challenge, (row, brake))

    async def challenge(self, account: str, service: str, sid: str) -> ChallengeRow | None:
        row = self._one(SQL["challenge"], (account, service, sid))
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
        known = None if before is None else self._one(SQL["challenge_place"], (account, entity, before))
        place = challenge_place(before, known and known[0], oldest_first=oldest_first)
        wanted = (account, entity, factor, None if status is None else status.value, now_ms, *place, limit)
        sql = SQL["challenges_oldest_first" if oldest_first else "challenges"]
        return [CHALLENGE.read(row) for row in self._all(sql, wanted)]

    async def answer_challenge(
        self, account: str, service: str, sid: str, answer: Answer, tellings: Sequence[TellingRow] = ()
    ) -> ChallengeRow | None:
        return await self._write(_answer, (answer_columns(account, service, sid, answer), tellings))

    async def forget_unanswered(self, account: str, made_before_ms: int) -> int:
        return await self._write(_forget_unanswered, (account, made_before_ms))


def _begin(tx: SqliteWriter, rows: Sequence[EntityRow]) -> list[EntityRow]:
    return [_begin_one(tx, row) for row in rows]


def _begin_one(tx: SqliteWriter, row: EntityRow) -> EntityRow:
    if tx.run(SQL["entity_insert"], ENTITY.write(row)).rowcount:
        return row
    return ENTITY.read(tx.run(SQL["entity"], (row.account, row.service, row.identity_index)).fetchone())


def _delete_entity(tx: SqliteWriter, keys: Sequence[Key]) -> list[list[FactorRow] | None]:
    tx.erased = True
    return [_delete_one_entity(tx, *key) for key in keys]


def _delete_one_entity(tx: SqliteWriter, account: str, service: str, sid: str) -> list[FactorRow] | None:
    tx.run(SQL["enrolments_erase"], (account, service, sid))
    if not tx.run(SQL["entity_delete"], (account, service, sid)).rowcount:
        return None
    tx.run(SQL["challenges_erase"], (account, sid))
    return [FACTOR.read(row) for row in tx.run(SQL["factors_erase"], (account, sid)).fetchall()]


def _create_factor(
    tx: SqliteWriter, wanted: Sequence[tuple[FactorRow, int, Sequence[TellingRow]]]
) -> list[bool | Exception]:
    return [_create_one_factor(tx, *each) for each in wanted]


def _create_one_factor(
    tx: SqliteWriter, row: FactorRow, limit: int, tellings: Sequence[TellingRow]
) -> bool | Exception:
    if tx.run(SQL["entity_there"], (row.account, row.service, row.entity)).fetchone() is None:
        return False
    if tx.run(SQL["factors_count"], (row.account, row.entity)).fetchone()[0] >= limit:
        return FactorsFullError()
    if not tx.run(SQL["factor_insert"], FACTOR.write(row)).rowcount:
        return CredentialTakenError()
    append_tellings(tx, tellings)
    return True


def _update_factor(
    tx: SqliteWriter, wanted: Sequence[tuple[FactorRow, Sequence[TellingRow]]]
) -> list[bool | Exception]:
    tx.erased = True
    return [_update_one_factor(tx, row, tellings) for row, tellings in wanted]


def _update_one_factor(tx: SqliteWriter, row: FactorRow, tellings: Sequence[TellingRow]) -> bool | Exception:
    if row.credential_index is not None:
        other = tx.run(SQL["factor_of_credential"], (row.account, row.service, row.credential_index)).fetchone()
        if other is not None and FACTOR.read(other).sid != row.sid:
            return CredentialTakenError()
    if not tx.run(SQL["factor_update"], changed_columns(row)).rowcount:
        return False
    append_tellings(tx, tellings)
    return True


def _delete_factor(tx: SqliteWriter, wanted: Sequence[tuple[str, str, str, Sequence[TellingRow]]]) -> list[bool]:
    tx.erased = True
    return [_delete_one_factor(tx, *each) for each in wanted]


def _delete_one_factor(tx: SqliteWriter, account: str, service: str, sid: str, tellings: Sequence[TellingRow]) -> bool:
    if not tx.run(SQL["factor_delete"], (account, service, sid)).rowcount:
        return False
    tx.run(SQL["challenges_of_factor_erase"], (account, sid))
    append_tellings(tx, tellings)
    return True


def _create_challenge(tx: SqliteWriter, wanted: Sequence[tuple[ChallengeRow, Brake | None]]) -> list[bool | Exception]:
    return [_create_one_challenge(tx, row, brake) for row, brake in wanted]


def _create_one_challenge(tx: SqliteWriter, row: ChallengeRow, brake: Brake | None) -> bool | Exception:
    if row.entity and tx.run(SQL["entity_there"], (row.account, row.service, row.entity)).fetchone() is None:
        return False
    if row.factor and tx.run(SQL["factor"], (row.account, row.service, row.factor)).fetchone() is None:
        return False
    if brake is not None:
        kind = (row.account, row.entity, row.factor_type.value)
        if tx.run(SQL["denied"], (*kind, brake.denied_since_ms)).fetchone() is not None:
            return ChallengesBrakedError(denied=True)
        if tx.run(SQL["asked"], (*kind, brake.since_ms)).fetchone()[0] >= brake.limit:
            return ChallengesBrakedError(denied=False)
    tx.run(SQL["challenge_insert"], CHALLENGE.write(row))
    return True


def _answer(
    tx: SqliteWriter, wanted: Sequence[tuple[Sequence[object], Sequence[TellingRow]]]
) -> list[ChallengeRow | None]:
    return [_answer_one(tx, values, tellings) for values, tellings in wanted]


def _answer_one(tx: SqliteWriter, values: Sequence[object], tellings: Sequence[TellingRow]) -> ChallengeRow | None:
    rows = tx.run(SQL["answer"], values).fetchall()
    if not rows:
        return None
    append_tellings(tx, tellings)
    return CHALLENGE.read(rows[0])


def _forget_unanswered(tx: SqliteWriter, wanted: Sequence[tuple[str, int]]) -> list[int]:
    tx.erased = True
    return [tx.run(SQL["challenges_unanswered_erase"], values).rowcount for values in wanted]


def changed_columns(row: FactorRow) -> list[object]:
    """What `factor_update` takes: which factor, of which version, and what becomes of it."""
    return [
        *(row.account, row.service, row.sid, row.version),
        *(row.status.value, row.credential_index, row.epoch, row.content, row.updated_ms),
    ]


def answer_columns(account: str, service: str, sid: str, answer: Answer) -> list[object]:
    """What `answer` takes."""
    how = (answer.status.value, answer.at_ms, answer.entity, answer.factor, answer.metadata)
    return [account, service, sid, *how]


def challenge_place(before: str | None, created_ms: int | None, *, oldest_first: bool) -> Place:
    """The place that the next page comes after, in the order of the list."""
    if before is None and oldest_first:
        return (-1, "")
    return place_after(before, created_ms) if before is None else place_of(before, created_ms)
