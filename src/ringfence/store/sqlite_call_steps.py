"""What happened in calls, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.calls import StepRow
from ringfence.store.call_moves import by_call, room_for
from ringfence.store.columns import STEP
from ringfence.store.paging import END_OF_TIME_MS
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/call_steps")


class SqliteCallSteps(SqliteGround):
    """The steps of `ports.calls.CallStore`."""

    async def add_steps(self, steps: Sequence[StepRow]) -> None:
        if steps:
            await self._write(_add, steps)

    async def steps(self, account: str, call_sid: str) -> list[StepRow]:
        return [STEP.read(row) for row in self._all(SQL["steps"], (account, call_sid))]

    async def troubles(
        self,
        account: str,
        *,
        call_sid: str | None = None,
        warnings: bool | None = None,
        from_ms: int | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 50,
    ) -> list[StepRow]:
        values = (account, *(before or (END_OF_TIME_MS, 0)), from_ms or 0, call_sid, warnings, limit)
        return [STEP.read(row) for row in self._all(SQL["troubles"], values)]

    async def trouble(self, account: str, at_ms: int, step_id: int) -> StepRow | None:
        row = self._one(SQL["one_trouble"], (account, at_ms, step_id))
        return None if row is None else STEP.read(row)


def _add(tx: SqliteWriter, requests: Sequence[Sequence[StepRow]]) -> list[None]:
    for key, steps in by_call(requests).items():
        if tx.run(SQL["is_there"], key).fetchone() is not None:
            (kept,) = tx.run(SQL["kept"], key).fetchone()
            tx.run_many(SQL["insert"], [STEP.write(step)[1:] for step in steps[: room_for(kept)]])
    return [None] * len(requests)
