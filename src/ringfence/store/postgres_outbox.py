"""The outbox in PostgreSQL."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from ringfence.ports.outbox import EventFilter, EventPlace
from ringfence.ports.store import EventRow, NewEvent, Settlement
from ringfence.store.columns import ATTEMPTS_KEPT, EVENT, SETTLEMENT
from ringfence.store.event_listing import FEW, bounds_of, page_within
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.rounds import rounds
from ringfence.store.shares import Turn, first_share
from ringfence.store.statements import statements

SQL = statements("postgres/outbox")

Taking = tuple[str, int, int, int, Sequence[str]]
Deferral = tuple[Sequence[EventRow], int]
Release = tuple[str, int]
Replaying = tuple[str, int, int]
EventKey = tuple[str, int]
MessageKey = tuple[str, str]


class PostgresOutbox(PostgresGround):
    """`ports.store.Outbox` over one table of events and one of attempts."""

    @cached_property
    def _turn(self) -> Turn:
        return Turn()

    async def take_events(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, *, passing_over: Collection[str] = ()
    ) -> list[EventRow]:
        last, passed = self._turn.last, list(passing_over)
        behind = await self._ready_accounts(last, now_ms, passed, limit + 1)
        before = await self._ready_accounts("", now_ms, passed, limit + 1) if last and len(behind) <= limit else []
        accounts = self._turn.choose(behind, [account for account in before if account <= last], limit)
        return await self._outbox.write(_take, (owner, now_ms, ttl_ms, limit, accounts)) if accounts else []

    async def _ready_accounts(self, behind: str, now_ms: int, passed: Sequence[str], limit: int) -> list[str]:
        return [account for (account,) in await self._all(SQL["ready_accounts"], behind, now_ms, passed, limit)]

    async def take_notices(
        self, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Collection[str]
    ) -> list[EventRow]:
        taking = (owner, now_ms, ttl_ms, limit, sorted(accounts))
        return await self._outbox.write(_take_notices, taking) if accounts else []

    async def settle_events(self, settlements: Sequence[Settlement]) -> None:
        if settlements:
            await self._outbox.write(_settle, settlements)

    async def defer_events(self, events: Sequence[EventRow], due_ms: int) -> None:
        if events:
            await self._outbox.write(_defer, (events, due_ms))

    async def release_events(self, owner: str, now_ms: int) -> None:
        await self._outbox.write(_release, (owner, now_ms))

    async def events(self, account: str, message_sid: str) -> list[EventRow]:
        return [EVENT.read(row) for row in await self._all(SQL["of_message"], account, message_sid)]

    async def latest_events(
        self, account: str, wanted: EventFilter, *, before: EventPlace | None = None, limit: int = 50
    ) -> list[EventRow]:
        bounds = bounds_of(wanted, before)
        if wanted.state == "pending":
            waiting = [EVENT.read(row) for row in await self._all(SQL["some_pending"], account, FEW + 1)]
            if len(waiting) <= FEW:
                return page_within(waiting, bounds, limit)
        values = (account, *bounds, limit)
        if wanted.state is None:
            rows = await self._all(SQL["latest"], *values)
        elif wanted.state == "dead":
            rows = await self._all(SQL["latest_dead"], *values)
        else:
            rows = await self._all(SQL["latest_of"], *values, wanted.state)
        return [EVENT.read(row) for row in rows]

    async def last_attempts(self, account: str, events: Sequence[EventRow]) -> list[Settlement | None]:
        sids, ids = [event.message_sid for event in events], [event.id for event in events]
        found = {row[0]: SETTLEMENT.read(row) for row in await self._all(SQL["last_attempts"], account, sids, ids)}
        return [found.get(event.id) for event in events]

    async def replay(self, account: str, event_id: int, at_ms: int) -> bool:
        return await self._outbox.write(_replay, (account, event_id, at_ms))

    async def attempts(self, account: str, message_sid: str) -> list[Settlement]:
        return [SETTLEMENT.read(row) for row in await self._all(SQL["attempts"], account, message_sid)]


async def append_events(tx: Connection, events: Sequence[tuple[str, str, NewEvent]]) -> None:
    """Add events of (account, message sid), whose messages the caller's transaction holds."""
    if events:
        await tx.execute(
            SQL["insert"],
            *columns(
                [
                    (account, sid, event.kind, event.sequence, event.at_ms, event.error_code, event.raw)
                    for account, sid, event in events
                ]
            ),
        )


async def erase_events(tx: Connection, account: str, message_sid: str) -> None:
    """Forget a message's events and attempts, in the caller's transaction."""
    await tx.execute(SQL["delete_events"], account, message_sid)
    await tx.execute(SQL["delete_attempts"], account, message_sid)


async def forget_details(tx: Connection, account: str, message_sid: str) -> None:
    """Forget what was said in a message's attempts, in the caller's transaction."""
    await tx.execute(SQL["forget_details"], account, message_sid)


async def _take_notices(tx: Connection, takings: Sequence[Taking]) -> list[list[EventRow]]:
    return [await _take_some(tx, "take_notices", *taking) for taking in takings]


async def _take_some(
    tx: Connection, how: str, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Sequence[str]
) -> list[EventRow]:
    found = await tx.fetch(SQL[how], now_ms, limit, owner, now_ms + ttl_ms, accounts)
    return [EVENT.read(tuple(row)[1:]) for row in sorted(found, key=lambda row: (row[0], row[1]))]


async def _take(tx: Connection, takings: Sequence[Taking]) -> list[list[EventRow]]:
    return [await _take_for(tx, *taking) for taking in takings]


async def _take_for(
    tx: Connection, owner: str, now_ms: int, ttl_ms: int, limit: int, accounts: Sequence[str]
) -> list[EventRow]:
    taken: list[EventRow] = []
    # Those who use up their share come again for what the others left.
    round_, share = [list(accounts)], first_share(limit, len(accounts))
    while round_ and len(taken) < limit:
        rows = await _take_some(tx, "take", owner, now_ms, ttl_ms, min(share, limit - len(taken)), round_.pop(0))
        if not taken:
            counts = Counter(row.account for row in rows)
            round_, share = [[account] for account in accounts if counts[account] == share], limit
        taken += rows
    return taken


async def _settle(tx: Connection, requests: Sequence[Sequence[Settlement]]) -> list[None]:
    settlements = [settlement for request in requests for settlement in request]
    messages = await _hold(tx, ((each.account, each.event_id) for each in settlements))
    for round_ in rounds(settlements):
        values = [(each.account, each.event_id, each.state, each.due_ms) for each in round_]
        settled = {
            (account, event_id): sid for event_id, account, sid in await tx.fetch(SQL["settle"], *columns(values))
        }
        attempts = [
            (each.account, settled[each.account, each.event_id], each.event_id, *SETTLEMENT.write(each)[2:])
            for each in round_
            if (each.account, each.event_id) in settled
        ]
        if attempts:
            await tx.execute(SQL["insert_attempts"], *columns(attempts))
    await _rank(tx, messages)
    return [None] * len(requests)


async def _hold(tx: Connection, events: Iterable[EventKey]) -> list[MessageKey]:
    """Lock the texts and calls of events: until the transaction ends nobody else changes which event comes first."""
    found = await tx.fetch(SQL["messages_of"], *columns(sorted(set(events))))
    messages = [(account, sid) for account, sid in found]
    if messages:
        await tx.execute(SQL["lock"], *columns(messages))
        await tx.execute(SQL["lock_calls"], *columns(messages))
    return messages


async def _rank(tx: Connection, messages: Sequence[MessageKey]) -> None:
    if messages:
        await tx.execute(SQL["rank"], *columns(messages))


async def _defer(tx: Connection, deferrals: Sequence[Deferral]) -> list[None]:
    messages = await _hold(tx, ((event.account, event.id) for events, _ in deferrals for event in events))
    for events, due_ms in deferrals:
        for account in sorted({event.account for event in events}):
            ids = sorted(event.id for event in events if event.account == account)
            await tx.execute(SQL["defer"], account, ids, due_ms)
    await _rank(tx, messages)
    return [None] * len(deferrals)


async def _release(tx: Connection, releases: Sequence[Release]) -> list[None]:
    for owner, now_ms in releases:
        await tx.execute(SQL["release"], owner, now_ms)
    return [None] * len(releases)


async def _replay(tx: Connection, replayings: Sequence[Replaying]) -> list[bool]:
    messages = await _hold(tx, ((account, event_id) for account, event_id, _ in replayings))
    replayed = [
        bool(await tx.fetchval(SQL["replay"], account, event_id, at_ms)) for account, event_id, at_ms in replayings
    ]
    await _rank(tx, messages)
    for account, message_sid in messages:
        await tx.execute(SQL["trim_attempts"], account, message_sid, ATTEMPTS_KEPT)
    return replayed
