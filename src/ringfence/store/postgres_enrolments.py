"""Leaves to make a factor, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.enrolments import EnrolmentRow
from ringfence.store.columns import ENROLMENT
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.statements import statements

SQL = statements("postgres/enrolments")


class PostgresEnrolments(PostgresGround):
    """`ports.enrolments.EnrolmentStore`."""

    async def keep_enrolment(self, row: EnrolmentRow) -> None:
        await self._write(_keep, row)

    async def enrolment(self, account: str, service: str, sid: str, now_ms: int) -> EnrolmentRow | None:
        row = await self._one(SQL["enrolment"], account, service, sid, now_ms)
        return None if row is None else ENROLMENT.read(row)


async def _keep(tx: Connection, rows: Sequence[EnrolmentRow]) -> list[None]:
    await tx.execute(SQL["forget"], max(row.created_ms for row in rows))
    await tx.execute(SQL["insert"], *columns([ENROLMENT.write(row) for row in rows]))
    return [None for _ in rows]
