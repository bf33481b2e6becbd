"""What happened in calls, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.calls import StepRow
from ringfence.store.call_moves import by_call, room_for
from ringfence.store.columns import STEP
from ringfence.store.paging import END_OF_TIME_MS
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.statements import statements

SQL = statements("postgres/call_steps")


class PostgresCallSteps(PostgresGround):
    """The steps of `ports.calls.CallStore`."""

    async def add_steps(self, steps: Sequence[StepRow]) -> None:
        if steps:
            await self._calls.write(_add, steps)

    async def steps(self, account: str, call_sid: str) -> list[StepRow]:
        return [STEP.read(row) for row in await self._all(SQL["steps"], account, call_sid)]

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
        return [STEP.read(row) for row in await self._all(SQL["troubles"], *values)]

    async def trouble(self, account: str, at_ms: int, step_id: int) -> StepRow | None:
        row = await self._one(SQL["one_trouble"], account, at_ms, step_id)
        return None if row is None else STEP.read(row)


async def _add(tx: Connection, requests: Sequence[Sequence[StepRow]]) -> list[None]:
    steps = by_call(requests)
    held = [(account, sid) for account, sid in await tx.fetch(SQL["hold"], *columns(list(steps)))]
    if held:
        kept = {(account, sid): number for account, sid, number in await tx.fetch(SQL["kept"], *columns(held))}
        new = [step for key in held for step in steps[key][: room_for(kept.get(key, 0))]]
        if new:
            await tx.execute(SQL["insert"], *columns([STEP.write(step)[1:] for step in new]))
    return [None] * len(requests)
