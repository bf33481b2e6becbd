"""Every row that holds standing configuration, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.standing_rows import StandingRow
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.standing_places import STANDING_PLACES, TOTP_FACTORS, key_of, select, update

Renewals = Sequence[tuple[StandingRow, bytes]]


class PostgresStanding(PostgresGround):
    """`ports.standing_rows.StandingRows`."""

    async def standing_rows(self, name: str, after: StandingRow | None, limit: int) -> list[StandingRow]:
        place = STANDING_PLACES[name]
        values = (*(() if after is None else key_of(after)), limit)
        found = await self._all(select(place, after=after is not None, mark=_mark), *values)
        return [
            StandingRow(place=name, fields=dict(zip(place.fields, row, strict=False)), sealed=row[-1]) for row in found
        ]

    async def renew_standing_rows(self, renewals: Renewals) -> int:
        return await self._write_directory(_renew, renewals)

    async def totp_factors(self, after: tuple[str, str, str], limit: int) -> list[tuple[str, str, str]]:
        return [tuple(row) for row in await self._all(TOTP_FACTORS % ("$1", "$2", "$3", "$4"), *after, limit)]


async def _renew(tx: Connection, all_renewals: Sequence[Renewals]) -> list[int]:
    totals = []
    for renewals in all_renewals:
        total = 0
        # In the order of their keys, as whoever else locks rows does.
        for row, sealed in sorted(renewals, key=lambda renewal: str(key_of(renewal[0]))):
            statement = update(STANDING_PLACES[row.place], mark=_mark)
            total += count(await tx.execute(statement, sealed, row.sealed, *key_of(row)))
        totals.append(total)
    return totals


def _mark(n: int) -> str:
    return f"${n}"
