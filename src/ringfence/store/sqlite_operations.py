"""How an installation runs, in SQLite."""

from collections.abc import Sequence

import msgspec

from ringfence.ports.operations import AllowedRate, CarrierFigures, CarrierState, Incident
from ringfence.store.operations_rows import Acknowledgement, Ending, Raise, change_of
from ringfence.store.paging import LAST
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/operations")


class SqliteOperations(SqliteGround):
    """`ports.operations.OperationsStore`."""

    async def put_carrier_state(self, row: CarrierState) -> None:
        await self._write(_put_state, row)

    async def carrier_states(self) -> Sequence[CarrierState]:
        return [
            CarrierState(
                name=name,
                owner=owner,
                kind=kind,
                up=bool(up),
                since_ms=since_ms,
                told_ms=told_ms,
                figures=msgspec.json.decode(figures, type=CarrierFigures),
            )
            for name, owner, kind, up, since_ms, told_ms, figures in self._all(SQL["carrier_states"])
        ]

    async def begin_incident(self, row: Incident) -> bool:
        return await self._write(_begin, row)

    async def end_incident(self, kind: str, what: str, at_ms: int) -> bool:
        return await self._write(_end, (at_ms, kind, what))

    async def acknowledge_incident(self, sid: str, by: str, at_ms: int) -> bool:
        return await self._write(_acknowledge, (by, at_ms, sid))

    async def incidents(
        self, *, before: str | None = None, limit: int = 50, going_on: bool = False
    ) -> Sequence[Incident]:
        rows = self._all(SQL["going_on" if going_on else "incidents"], (before or LAST, limit))
        return [Incident(**dict(zip(Incident.__struct_fields__, row, strict=True))) for row in rows]

    async def put_allowed_rate(self, row: AllowedRate, *, was: AllowedRate | None = None, number: str = "") -> bool:
        return await self._write(_put_rate, (row, was, number))

    async def allowed_rates(self) -> Sequence[AllowedRate]:
        rows = self._all(SQL["allowed_rates"])
        return [AllowedRate(**dict(zip(AllowedRate.__struct_fields__, row, strict=True))) for row in rows]


def _put_state(tx: SqliteWriter, rows: Sequence[CarrierState]) -> list[None]:
    for row in rows:
        *values, figures = msgspec.structs.astuple(row)
        tx.run(SQL["put_carrier_state"], (*values, msgspec.json.encode(figures).decode()))
    return [None] * len(rows)


def _begin(tx: SqliteWriter, rows: Sequence[Incident]) -> list[bool]:
    return [tx.run(SQL["begin"], msgspec.structs.astuple(row)).rowcount > 0 for row in rows]


def _end(tx: SqliteWriter, endings: Sequence[Ending]) -> list[bool]:
    return [tx.run(SQL["end"], each).rowcount > 0 for each in endings]


def _acknowledge(tx: SqliteWriter, acknowledgements: Sequence[Acknowledgement]) -> list[bool]:
    return [tx.run(SQL["acknowledge"], each).rowcount > 0 for each in acknowledgements]


def _put_rate(tx: SqliteWriter, raises: Sequence[Raise]) -> list[bool]:
    return [_put_one_rate(tx, *each) for each in raises]


def _put_one_rate(tx: SqliteWriter, row: AllowedRate, was: AllowedRate | None, number: str) -> bool:
    if number and tx.run(SQL["owns"], (row.name, number)).fetchone() is None:
        return False
    statement, values = change_of(row, was)
    return tx.run(SQL[statement], values).rowcount > 0
