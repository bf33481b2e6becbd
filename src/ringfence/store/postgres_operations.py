"""How an installation runs, in PostgreSQL."""

from collections.abc import Sequence

import msgspec

from ringfence.ports.operations import AllowedRate, CarrierFigures, CarrierState, Incident
from ringfence.store.operations_rows import Acknowledgement, Ending, Raise, change_of
from ringfence.store.paging import LAST
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/operations")


class PostgresOperations(PostgresGround):
    """`ports.operations.OperationsStore`."""

    async def put_carrier_state(self, row: CarrierState) -> None:
        await self._write(_put_state, row)

    async def carrier_states(self) -> Sequence[CarrierState]:
        return [
            CarrierState(**{**row, "figures": msgspec.json.decode(row["figures"], type=CarrierFigures)})
            for row in await self._all(SQL["carrier_states"])
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
        rows = await self._all(SQL["going_on" if going_on else "incidents"], before or LAST, limit)
        return [Incident(**row) for row in rows]

    async def put_allowed_rate(self, row: AllowedRate, *, was: AllowedRate | None = None, number: str = "") -> bool:
        return await self._write(_put_rate, (row, was, number))

    async def allowed_rates(self) -> Sequence[AllowedRate]:
        return [AllowedRate(**row) for row in await self._all(SQL["allowed_rates"])]


async def _put_state(tx: Connection, rows: Sequence[CarrierState]) -> list[None]:
    for row in rows:
        *values, figures = msgspec.structs.astuple(row)
        await tx.execute(SQL["put_carrier_state"], *values, msgspec.json.encode(figures).decode())
    return [None] * len(rows)


async def _begin(tx: Connection, rows: Sequence[Incident]) -> list[bool]:
    return [count(await tx.execute(SQL["begin"], *msgspec.structs.astuple(row))) > 0 for row in rows]


async def _end(tx: Connection, endings: Sequence[Ending]) -> list[bool]:
    return [count(await tx.execute(SQL["end"], *each)) > 0 for each in endings]


async def _acknowledge(tx: Connection, acknowledgements: Sequence[Acknowledgement]) -> list[bool]:
    return [count(await tx.execute(SQL["acknowledge"], *each)) > 0 for each in acknowledgements]


async def _put_rate(tx: Connection, raises: Sequence[Raise]) -> list[bool]:
    return [await _put_one_rate(tx, *each) for each in raises]


async def _put_one_rate(tx: Connection, row: AllowedRate, was: AllowedRate | None, number: str) -> bool:
    if number and await tx.fetchval(SQL["owns"], row.name, number) is None:
        return False
    statement, values = change_of(row, was)
    return count(await tx.execute(SQL[statement], *values)) > 0
