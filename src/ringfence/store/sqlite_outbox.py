"""The outbox in SQLite."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from ringfence.ports.outbox import EventFilter, EventPlace
from ringfence.ports.store import EventRow, NewEvent, Settlement
from ringfence.store.columns import ATTEMPTS_KEPT, EVENT, SETTLEMENT
from ringfence.store.event_listing import FEW, bounds_of, page_within
from ringfence.store.json_rows import JsonRows, joined, json_rows
from ringfence.store.rounds import rounds
from ringfence.store.shares import Turn, first_share
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/outbox")

Taking = tuple[str, int, int, int, Sequence[str]]
Deferral = tuple[Sequence[EventRow], int]
Release = tuple[str, int]
Replaying = tuple[str, int, int]
EventKey = tuple[str, int]

EVENTS = JsonRows(EventRow)
PENDING: JsonRows[tuple[str, int, str]] = JsonRows(tuple[str, int, str])


class SqliteOutbox(SqliteGround):
    """`ports.store.Outbox` over one table of events and one of attempts."""

    @cached_property
    def _turn(self) -> Turn:
        return Turn()

    async def take_events(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, *, passing_over: Collection[str] = ()
    ) -> list[EventRow]:
        last, passed = self._turn.last, json_rows(list(passing_over))
        behind = self._ready_accounts(last, now_ms, passed, limit + 1)
        before = self._ready_accounts("", now_ms, passed, limit + 1) if last and len(behind) <= limit else []
        accounts = self._turn.choose(behind, [account for account in before if account <= last], limit)
        return await self._write(_take, (owner, now_ms, ttl_ms, limit, accounts)) if accounts else []

    def _ready_accounts(self, behind: str, now_ms: int, passed: str, limit: int) -> list[str]:
        return [account for (account,) in self._all(SQL["ready_accounts"], (behind, now_ms, passed, limit))]

    async def take_notices(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Collection[str]
    ) -> list[EventRow]:
        taking = (owner, now_ms, ttl_ms, limit, sorted(accounts))
        return await self._write(_take_notices, taking) if accounts else []

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

    async def latest_events(
        self, account: str, wanted: EventFilter, *, before: EventPlace | None = None, limit: int = 50
    ) -> list[EventRow]:
        bounds = bounds_of(wanted, before)
        if wanted.state == "pending":
            waiting = [EVENT.read(row) for row in self._all(SQL["some_pending"], (account, FEW + 1))]
            if len(waiting) <= FEW:
                return page_within(waiting, bounds, limit)
        values = (account, *bounds, limit)
        if wanted.state is None:
            rows = self._all(SQL["latest"], values)
        elif wanted.state == "dead":
            rows = self._all(SQL["latest_dead"], values)
        else:
            rows = self._all(SQL["latest_of"], (*values, wanted.state))
        return [EVENT.read(row) for row in rows]

    async def last_attempts(self, account: str, events: Sequence[EventRow]) -> list[Settlement | None]:
        wanted = json_rows([(event.message_sid, event.id) for event in events])
        found = {row[0]: SETTLEMENT.read(row) for row in self._all(SQL["last_attempts"], (account, wanted))}
        return [found.get(event.id) for event in events]

    async def replay(self, account: str, event_id: int, at_ms: int) -> bool:
        return await self._write(_replay, (account, event_id, at_ms))

    async def attempts(self, account: str, message_sid: str) -> list[Settlement]:
        rows = self._all(SQL["attempts"], (account, message_sid))
        return [SETTLEMENT.read((event_id, account, *rest)) for event_id, account, *rest in rows]


def append_events(tx: SqliteWriter, events: Iterable[tuple[str, str, NewEvent]]) -> None:
    """Add events of (account, message sid), in the caller's transaction."""
    rows = []
    messages: set[tuple[str, str]] = set()
    for account, sid, event in events:
        # An event behind another that this very statement adds is not ready either.
        behind = (account, sid) in messages
        messages.add((account, sid))
        rows.append((account, sid, event.kind, event.sequence, event.at_ms, event.error_code, event.raw, behind))
    tx.run(SQL["insert"], (json_rows(rows),))


def erase_events(tx: SqliteWriter, account: str, message_sid: str) -> None:
    """Forget a message's events and attempts, in the caller's transaction."""
    tx.run(SQL["delete_events"], (account, message_sid))
    tx.run(SQL["delete_attempts"], (account, message_sid))


def forget_details(tx: SqliteWriter, account: str, message_sid: str) -> None:
    """Forget what was said in a message's attempts, in the caller's transaction."""
    tx.run(SQL["forget_details"], (account, message_sid))


def _take(tx: SqliteWriter, takings: Sequence[Taking]) -> list[list[EventRow]]:
    return [_take_for(tx, *taking) for taking in takings]


def _take_for(
    tx: SqliteWriter, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Sequence[str]
) -> list[EventRow]:
    taken: list[EventRow] = []
    # Those who use up their share come again for what the others left.
    round_, share = [json_rows(list(accounts))], first_share(limit, len(accounts))
    while round_ and len(taken) < limit:
        (ready,) = tx.run(SQL["ready"], (round_.pop(0), now_ms, min(share, limit - len(taken)))).fetchone()
        rows = EVENTS.read(ready)
        tx.run(SQL["lease"], (owner, now_ms + ttl_ms, json_rows([row.id for row in rows])))
        if not taken:
            counts = Counter(row.account for row in rows)
            round_, share = [json_rows([account]) for account in accounts if counts[account] == share], limit
        taken += rows
    return taken


def _take_notices(tx: SqliteWriter, takings: Sequence[Taking]) -> list[list[EventRow]]:
    return [_take_notices_for(tx, *taking) for taking in takings]


def _take_notices_for(
    tx: SqliteWriter, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Sequence[str]
) -> list[EventRow]:
    ready = tx.run(SQL["ready_notices"], (json_rows(list(accounts)), now_ms, limit)).fetchall()
    rows = [EVENT.read(row) for row in ready]
    tx.run(SQL["lease"], (owner, now_ms + ttl_ms, json_rows([row.id for row in rows])))
    return rows


def _settle(tx: SqliteWriter, requests: Sequence[Sequence[Settlement]]) -> list[None]:
    for each in rounds([settlement for request in requests for settlement in request]):
        _settle_round(tx, each)
    return [None] * len(requests)


def _settle_round(tx: SqliteWriter, settlements: Sequence[Settlement]) -> None:
    """End attempts of events that are all different."""
    messages = _pending(tx, [(each.account, each.event_id) for each in settlements])
    settled = [each for each in settlements if (each.account, each.event_id) in messages]
    if not settled:
        return
    tx.run(SQL["settle"], (json_rows([(each.event_id, each.state, each.due_ms) for each in settled]),))
    _rank(tx, {(account, sid) for (account, _), sid in messages.items()})
    details, places = joined(each.detail for each in settled)
    rows = [
        (each.account, messages[each.account, each.event_id], each.event_id, *SETTLEMENT.write(each)[2:-1], *place)
        for each, place in zip(settled, places, strict=True)
    ]
    tx.run(SQL["insert_attempts"], (json_rows(rows), details))


def _pending(tx: SqliteWriter, events: Sequence[EventKey]) -> dict[EventKey, str]:
    """The message's sid of each of these (account, id) that is pending."""
    (found,) = tx.run(SQL["pending"], (json_rows(events),)).fetchone()
    return {(account, event_id): sid for account, event_id, sid in PENDING.read(found)}


def _rank(tx: SqliteWriter, messages: Collection[tuple[str, str]]) -> None:
    """See to it that of each of these messages the earliest pending event, and no other, may be taken."""
    tx.run(SQL["rank"], (json_rows(list(messages)),))


def _defer(tx: SqliteWriter, deferrals: Sequence[Deferral]) -> list[None]:
    for events, due_ms in deferrals:
        messages = _pending(tx, [(event.account, event.id) for event in events])
        if messages:
            tx.run(SQL["defer"], (json_rows([event_id for _, event_id in messages]), due_ms))
            _rank(tx, {(account, sid) for (account, _), sid in messages.items()})
    return [None] * len(deferrals)


def _release(tx: SqliteWriter, releases: Sequence[Release]) -> list[None]:
    tx.run_many(SQL["release"], releases)
    return [None] * len(releases)


def _replay(tx: SqliteWriter, replayings: Sequence[Replaying]) -> list[bool]:
    replayed = []
    for account, event_id, at_ms in replayings:
        found = tx.run(SQL["replay"], (event_id, account, at_ms)).fetchall()
        for (message_sid,) in found:
            _rank(tx, [(account, message_sid)])
            tx.run(SQL["trim_attempts"], (account, message_sid, ATTEMPTS_KEPT))
        replayed.append(bool(found))
    return replayed
