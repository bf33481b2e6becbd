"""Every row that holds standing configuration, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.standing_rows import StandingRow
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.standing_places import STANDING_PLACES, TOTP_FACTORS, key_of, select, update

Renewals = Sequence[tuple[StandingRow, bytes]]


class SqliteStanding(SqliteGround):
    """`ports.standing_rows.StandingRows`."""

    async def standing_rows(self, name: str, after: StandingRow | None, limit: int) -> list[StandingRow]:
        place = STANDING_PLACES[name]
        values = (*(() if after is None else key_of(after)), limit)
        found = self._all(select(place, after=after is not None, mark=_mark), values)
        return [
            StandingRow(place=name, fields=dict(zip(place.fields, row, strict=False)), sealed=row[-1]) for row in found
        ]

    async def renew_standing_rows(self, renewals: Renewals) -> int:
        return await self._write(_renew, renewals)

    async def totp_factors(self, after: tuple[str, str, str], limit: int) -> list[tuple[str, str, str]]:
        return [tuple(row) for row in self._all(TOTP_FACTORS % ("?", "?", "?", "?"), (*after, limit))]


def _renew(tx: SqliteWriter, all_renewals: Sequence[Renewals]) -> list[int]:
    tx.erased = True
    return [
        sum(
            tx.run(update(STANDING_PLACES[row.place], mark=_mark), (sealed, row.sealed, *key_of(row))).rowcount
            for row, sealed in renewals
        )
        for renewals in all_renewals
    ]


def _mark(n: int) -> str:
    return f"?{n}"
