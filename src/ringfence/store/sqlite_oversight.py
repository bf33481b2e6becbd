"""What an operator sees of all accounts, counted in SQLite."""

from ringfence.ports.oversight import Backlog
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
