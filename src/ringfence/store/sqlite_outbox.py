"""The outbox in SQLite."""

from collections.abc import Iterable, Sequence

from ringfence.ports.store import EventRow, NewEvent, Settlement
from ringfence.store.columns import ATTEMPTS_KEPT, EVENT, SETTLEMENT
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/outbox")

Taking = tuple[str, int, int, int]
Deferral = tuple[Sequence[EventRow], int]
Release = tuple[str, int]
Replaying = tuple[str, int, int]


class SqliteOutbox(SqliteGround):
    """`ports.store.Outbox` over one table of events and one of attempts."""

    async def take_events(self, owner: str, now_ms: int, ttl_ms: int, limit: int) -> list[EventRow]:
        if self._one(SQL["any_ready"], (now_ms,)) is None:
            return []
        return await self._write(_take, (owner, now_ms, ttl_ms, limit))

    async def settle_events(self, settlements: Sequence[Settlement]) -> None:
        if settlements:
            await self._write(_settle, settlements)

    async def defer_events(self, events: Sequence[EventRow], due_ms: int) -> None:
        if events:
            await self._write(_defer, (events, due_ms))

    async def release_events(self, owner: str, now_ms: int) -> None:
        await self._write(_release, (owner, now_ms))

    async def events(self, account: str, message_sid: str) -> list[EventRow]:
        return [EVENT.read(row) for row in self._all(SQL["of_message"], (account, message_sid))]

    async def dead_events(self, account: str, *, limit: int = 100) -> list[EventRow]:
        return [EVENT.read(row) for row in self._all(SQL["dead"], (account, limit))]

    async def replay(self, account: str, event_id: int, at_ms: int) -> bool:
        return await self._write(_replay, (account, event_id, at_ms))

    async def attempts(self, account: str, message_sid: str) -> list[Settlement]:
        rows = self._all(SQL["attempts"], (account, message_sid))
        return [SETTLEMENT.read((event_id, account, *rest)) for event_id, account, *rest in rows]


def append_events(tx: SqliteWriter, events: Iterable[tuple[str, str, NewEvent]]) -> None:
    """Add events of (account, message sid), in the caller's transaction."""
    tx.run_many(
        SQL["insert"],
        [
            (account, sid, event.kind, event.sequence, event.at_ms, event.error_code, event.raw)
            for account, sid, event in events
        ],
    )


def erase_events(tx: SqliteWriter, account: str, message_sid: str) -> None:
    """Forget a message's events and attempts, in the caller's transaction."""
    tx.run(SQL["delete_events"], (account, message_sid))
    tx.run(SQL["delete_attempts"], (account, message_sid))


def forget_details(tx: SqliteWriter, account: str, message_sid: str) -> None:
    """Forget what was said in a message's attempts, in the caller's transaction."""
    tx.run(SQL["forget_details"], (account, message_sid))


def _take(tx: SqliteWriter, takings: Sequence[Taking]) -> list[list[EventRow]]:
    taken = []
    for owner, now_ms, ttl_ms, limit in takings:
        rows = [EVENT.read(row) for row in tx.run(SQL["ready"], (now_ms, limit)).fetchall()]
        tx.run_many(SQL["lease"], [(owner, now_ms + ttl_ms, row.id) for row in rows])
        taken.append(rows)
    return taken


def _settle(tx: SqliteWriter, requests: Sequence[Sequence[Settlement]]) -> list[None]:
    for settlements in requests:
        for settlement in settlements:
            _settle_one(tx, settlement)
    return [None] * len(requests)


def _settle_one(tx: SqliteWriter, settlement: Settlement) -> None:
    event_id, account = settlement.event_id, settlement.account
    found = tx.run(SQL["pending"], (event_id, account)).fetchone()
    if found is None:
        return
    (message_sid,) = found
    tx.run(SQL["settle"], (event_id, settlement.state, settlement.due_ms))
    tx.run(SQL["rank"], (account, message_sid))
    tx.run(SQL["insert_attempt"], (account, message_sid, event_id, *SETTLEMENT.write(settlement)[2:]))


def _defer(tx: SqliteWriter, deferrals: Sequence[Deferral]) -> list[None]:
    for events, due_ms in deferrals:
        for event in events:
            if tx.run(SQL["defer"], (event.id, event.account, due_ms)).rowcount:
                tx.run(SQL["rank"], (event.account, event.message_sid))
    return [None] * len(deferrals)


def _release(tx: SqliteWriter, releases: Sequence[Release]) -> list[None]:
    tx.run_many(SQL["release"], releases)
    return [None] * len(releases)


def _replay(tx: SqliteWriter, replayings: Sequence[Replaying]) -> list[bool]:
    replayed = []
    for account, event_id, at_ms in replayings:
        found = tx.run(SQL["replay"], (event_id, account, at_ms)).fetchall()
        for (message_sid,) in found:
            tx.run(SQL["rank"], (account, message_sid))
            tx.run(SQL["trim_attempts"], (account, message_sid, ATTEMPTS_KEPT))
        replayed.append(bool(found))
    return replayed
