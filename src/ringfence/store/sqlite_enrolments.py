"""Leaves to make a factor, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.enrolments import EnrolmentRow
from ringfence.store.columns import ENROLMENT
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/enrolments")


class SqliteEnrolments(SqliteGround):
    """`ports.enrolments.EnrolmentStore`."""

    async def keep_enrolment(self, row: EnrolmentRow) -> None:
        await self._write(_keep, row)

    async def enrolment(self, account: str, service: str, sid: str, now_ms: int) -> EnrolmentRow | None:
        row = self._one(SQL["enrolment"], (account, service, sid, now_ms))
        return None if row is None else ENROLMENT.read(row)


def _keep(tx: SqliteWriter, rows: Sequence[EnrolmentRow]) -> list[None]:
    if tx.run(SQL["forget"], (max(row.created_ms for row in rows),)).rowcount:
        tx.erased = True
    tx.run_many(SQL["insert"], [ENROLMENT.write(row) for row in rows])
    return [None for _ in rows]
