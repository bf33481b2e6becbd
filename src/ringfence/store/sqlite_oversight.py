"""What an operator sees of all accounts, counted in SQLite."""

from ringfence.domain.message import Status
from ringfence.ports.oversight import DAY_MS, Backlog, DayCount
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.statements import statements

SQL = statements("sqlite/oversight")


class SqliteOversight(SqliteGround):
    """`ports.oversight.OversightStore`."""

    async def backlog(self) -> Backlog:
        texts, oldest_text_ms = self._one(SQL["texts"])
        events, dead_events, live_calls = (self._one(SQL[of])[0] for of in ("events", "dead_events", "live_calls"))
        return Backlog(
            texts=texts,
            oldest_text_ms=oldest_text_ms,
            events=events,
            dead_events=dead_events,
            live_calls=live_calls,
        )

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCount]:
        return [
            DayCount(day_ms=day * DAY_MS, inbound=bool(inbound), status=Status(status), count=count)
            for day, inbound, status, count in self._all(SQL["by_day"], (account, from_ms, to_ms))
        ]
