"""Calls in memory: their rows, owners, orders and steps."""

from collections.abc import Callable, Collection, Sequence
from itertools import count

from msgspec.structs import replace

from ringfence.domain.call import Direction, Status
from ringfence.ports.calls import CallChange, CallFilter, CallOrder, CallRow, StepRow
from ringfence.ports.outbox import NewEvent
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import QueueFullError
from ringfence.store.call_moves import (
    ORDERS_KEPT,
    OWNER_KEPT_MS,
    CallMoves,
    Key,
    by_call,
    is_live,
    is_waiting,
    made,
    rated_of,
    room_for,
)
from ringfence.store.memory_messages import MemoryMessages
from ringfence.store.paging import newest_first, page_of, place_of
from ringfence.store.shares import Turn


class MemoryCalls(MemoryMessages):
    """`ports.calls.CallStore` over dictionaries, without its recordings."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[Key, CallRow] = {}
        self._call_owners: dict[str, int] = {}
        self._call_orders: list[CallOrder] = []
        self._order_ids = count(1)
        self._steps: dict[Key, list[StepRow]] = {}
        self._step_ids = count(1)
        self._call_turn = Turn()

    async def create_call(
        self, row: CallRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        key = row.account, row.sid
        if key in self._calls:
            return False
        self._calls[key], first = made(row, events)
        for event in first:
            self._append_event(*event)
        self._rate(rated_of(row))
        self._day_tally.add_call(row)
        self._retain(retained)
        self._made(row)
        return True

    def _made(self, row: CallRow) -> None:
        """Told of every call that is made."""

    async def call(self, account: str, sid: str) -> CallRow | None:
        return self._calls.get((account, sid))

    async def calls_of(self, keys: Sequence[Key]) -> list[CallRow | None]:
        return [self._calls.get(key) for key in keys]

    async def calls(
        self, account: str, wanted: CallFilter, *, before: str | None = None, limit: int = 50
    ) -> list[CallRow]:
        found = [row for row in self._calls.values() if row.account == account and _matches(row, wanted)]
        known = None if before is None else self._calls.get((account, before))
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of(found, place, limit)

    async def move_call(
        self,
        account: str,
        sid: str,
        change: CallChange,
        events: Sequence[NewEvent] = (),
        retained: RetainedRow | None = None,
    ) -> CallRow | None:
        known = self._calls.get((account, sid))
        moves = CallMoves({} if known is None else {(account, sid): known})
        row = moves.apply(account, sid, change, events)
        self._calls.update(moves.changed)
        for event in moves.events:
            self._append_event(*event)
        for rated in moves.rated:
            self._rate(rated)
        self._day_tally.add_all(moves.tally)
        for key in moves.ended:
            self._forget_orders(key)
        if row is not None:
            self._retain(retained)
        return row

    def _forget_orders(self, key: Key) -> None:
        self._call_orders = [order for order in self._call_orders if (order.account, order.call_sid) != key]

    async def rewrite_call(self, account: str, sid: str, content: bytes, *, at_ms: int) -> bool:
        row = self._calls.get((account, sid))
        if row is None:
            return False
        self._calls[account, sid] = replace(row, content=content, updated_ms=at_ms)
        return True

    async def delete_call(self, account: str, sid: str) -> bool:
        row = self._calls.get((account, sid))
        if row is None or is_live(row):
            return False
        del self._calls[account, sid]
        self._steps.pop((account, sid), None)
        self._forget_events(account, sid)
        return True

    async def live_calls(self, account: str) -> int:
        return sum(
            row.account == account and row.status in (Status.RINGING, Status.IN_PROGRESS)
            for row in self._calls.values()
        )

    async def take_calls(
        self,
        owner: str,
        now_ms: int,
        ttl_ms: int,
        limit: int,
        *,
        each: int | None = None,
        passing_over: Collection[str] = (),
    ) -> list[CallRow]:
        waiting: dict[str, list[CallRow]] = {}
        for row in sorted(self._calls.values(), key=newest_first):
            if is_waiting(row) and row.account not in passing_over:
                waiting.setdefault(row.account, []).append(row)
        accounts = sorted(waiting)
        last = self._call_turn.last
        behind = [account for account in accounts if account > last]
        before = [account for account in accounts if account <= last]
        chosen = self._call_turn.choose(behind, before, limit)
        if not chosen:
            return []
        self._call_owners[owner] = now_ms + ttl_ms
        share = limit if each is None else min(each, limit)
        placed = [(place, row) for account in chosen for place, row in enumerate(waiting[account][:share])]
        oldest = sorted(placed, key=lambda entry: (entry[0], *newest_first(entry[1])))[:limit]
        taken = [replace(row, owner=owner) for _, row in oldest]
        self._calls.update({(row.account, row.sid): row for row in taken})
        return taken

    async def hold_calls(self, owner: str, now_ms: int, ttl_ms: int) -> None:
        self._call_owners[owner] = now_ms + ttl_ms
        busy = {row.owner for row in self._calls.values()}
        self._call_owners = {
            name: until_ms
            for name, until_ms in self._call_owners.items()
            if name in busy or until_ms >= now_ms - OWNER_KEPT_MS
        }

    async def orphaned_calls(self, now_ms: int, limit: int) -> list[CallRow]:
        found = [row for row in self._calls.values() if row.owner and self._call_owners.get(row.owner, 0) <= now_ms]
        return sorted(found, key=newest_first)[:limit]

    async def calls_owned(self, owner: str) -> list[CallRow]:
        return sorted((row for row in self._calls.values() if owner and row.owner == owner), key=newest_first)

    async def order(self, order: CallOrder) -> bool:
        row = self._calls.get((order.account, order.call_sid))
        if row is None or not is_live(row):
            return False
        if sum((o.account, o.call_sid) == (row.account, row.sid) for o in self._call_orders) >= ORDERS_KEPT:
            raise QueueFullError
        self._call_orders.append(replace(order, id=next(self._order_ids)))
        return True

    async def take_orders(self, owner: str, limit: int = 100) -> list[CallOrder]:
        owned = {(row.account, row.sid) for row in await self.calls_owned(owner)}
        taken = [order for order in self._call_orders if (order.account, order.call_sid) in owned][:limit]
        self._call_orders = [order for order in self._call_orders if order not in taken]
        return taken

    async def add_steps(self, steps: Sequence[StepRow]) -> None:
        for key, new in by_call([steps]).items():
            if key in self._calls:
                kept = self._steps.setdefault(key, [])
                kept += [replace(step, id=next(self._step_ids)) for step in new[: room_for(len(kept))]]

    async def steps(self, account: str, call_sid: str) -> list[StepRow]:
        return sorted(self._steps.get((account, call_sid), []), key=lambda step: (step.at_ms, step.id))

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
        found = [
            step
            for (owner, sid), steps in self._steps.items()
            for step in steps
            if owner == account
            and call_sid in (None, sid)
            and step.code is not None
            and step.kind != "status"
            and warnings in (None, step.kind == "warning")
            and (from_ms is None or step.at_ms >= from_ms)
            and (before is None or (step.at_ms, step.id) < before)
        ]
        return sorted(found, key=lambda step: (step.at_ms, step.id), reverse=True)[:limit]

    async def trouble(self, account: str, at_ms: int, step_id: int) -> StepRow | None:
        found = await self.troubles(account, from_ms=at_ms, before=(at_ms, step_id + 1), limit=1)
        return next((step for step in found if (step.at_ms, step.id) == (at_ms, step_id)), None)

    async def clock_set_back(self, now_ms: Callable[[], int], lease_ms: int) -> int:
        latest_ms = now_ms() + lease_ms
        self._call_owners = {name: min(until_ms, latest_ms) for name, until_ms in self._call_owners.items()}
        return await super().clock_set_back(now_ms, lease_ms)

    async def unfinished(self, account: str, epoch: int) -> list[tuple[str, int]]:
        calls = [
            (row.sid, 0)
            for row in self._calls.values()
            if (row.account, row.epoch) == (account, epoch)
            and (is_live(row) or self._has_pending_event(account, row.sid))
        ]
        return sorted(calls + await super().unfinished(account, epoch))


def _matches(row: CallRow, wanted: CallFilter) -> bool:
    inbound = row.direction is Direction.INBOUND
    local, remote = (wanted.to, wanted.sender) if inbound else (wanted.sender, wanted.to)
    return (
        (local is None or row.local == local.number)
        and (remote is None or row.remote_index in remote.indexes)
        and (wanted.status is None or row.status is wanted.status)
        and (not row.brings_code if wanted.parent_sid is None else row.parent_sid == wanted.parent_sid)
        and _within(row.created_ms, wanted.start_from_ms, wanted.start_to_ms)
        and _within(row.ended_ms, wanted.end_from_ms, wanted.end_to_ms)
    )


def _within(at_ms: int | None, from_ms: int | None, to_ms: int | None) -> bool:
    """Half open; what has not happened is within no bounds."""
    if at_ms is None:
        return from_ms is None and to_ms is None
    return (from_ms is None or at_ms >= from_ms) and (to_ms is None or at_ms < to_ms)
