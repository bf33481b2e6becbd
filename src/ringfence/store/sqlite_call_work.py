"""Who runs which calls, and what tenants want of them meanwhile, in SQLite."""

from collections.abc import Collection, Sequence
from functools import cached_property

from msgspec.structs import replace

from ringfence.ports.calls import CallOrder, CallRow
from ringfence.ports.store import QueueFullError
from ringfence.store.call_moves import ORDERS_KEPT, OWNER_KEPT_MS
from ringfence.store.columns import CALL, CALL_ORDER
from ringfence.store.json_rows import json_rows
from ringfence.store.shares import Turn
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/call_work")

Taking = tuple[str, int, int, int, Sequence[str]]
Holding = tuple[str, int, int]
OrderTaking = tuple[str, int]


class SqliteCallWork(SqliteGround):
    """The owners and orders of `ports.calls.CallStore`."""

    @cached_property
    def _call_turn(self) -> Turn:
        return Turn()

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
        last, passed = self._call_turn.last, json_rows(list(passing_over))
        behind = self._waiting_accounts(last, passed, limit + 1)
        before = self._waiting_accounts("", passed, limit + 1) if last and len(behind) <= limit else []
        accounts = self._call_turn.choose(behind, [account for account in before if account <= last], limit)
        if not accounts:
            return []
        share = limit if each is None else min(each, limit)
        return await self._write(_take, (owner, now_ms + ttl_ms, limit, share, accounts))

    def _waiting_accounts(self, behind: str, passed: str, limit: int) -> list[str]:
        return [account for (account,) in self._all(SQL["waiting_accounts"], (behind, passed, limit))]

    async def hold_calls(self, owner: str, now_ms: int, ttl_ms: int) -> None:
        await self._write(_hold, (owner, now_ms, ttl_ms))

    async def orphaned_calls(self, now_ms: int, limit: int) -> list[CallRow]:
        return [CALL.read(row) for row in self._all(SQL["orphaned"], (now_ms, limit))]

    async def calls_owned(self, owner: str) -> list[CallRow]:
        return [CALL.read(row) for row in self._all(SQL["owned"], (owner,))]

    async def order(self, order: CallOrder) -> bool:
        return await self._write(_order, order)

    async def take_orders(self, owner: str, limit: int = 100) -> list[CallOrder]:
        if self._one(SQL["any_order"]) is None:
            return []
        return await self._write(_take_orders, (owner, limit))


def _take(tx: SqliteWriter, takings: Sequence[Taking]) -> list[list[CallRow]]:
    return [_take_for(tx, *taking) for taking in takings]


def _take_for(
    tx: SqliteWriter, owner: str, until_ms: int, limit: int, each: int, accounts: Sequence[str]
) -> list[CallRow]:
    tx.run(SQL["hold"], (owner, until_ms))
    rows = [CALL.read(row) for row in tx.run(SQL["oldest"], (json_rows(accounts), each, limit)).fetchall()]
    tx.run_many(SQL["own"], [(owner, row.account, row.sid) for row in rows])
    return [replace(row, owner=owner) for row in rows]


def _hold(tx: SqliteWriter, holdings: Sequence[Holding]) -> list[None]:
    for owner, now_ms, ttl_ms in holdings:
        tx.run(SQL["hold"], (owner, now_ms + ttl_ms))
        tx.run(SQL["forget_owners"], (now_ms - OWNER_KEPT_MS,))
    return [None] * len(holdings)


def _order(tx: SqliteWriter, orders: Sequence[CallOrder]) -> list[bool | Exception]:
    return [_order_one(tx, order) for order in orders]


def _order_one(tx: SqliteWriter, order: CallOrder) -> bool | Exception:
    if tx.run(SQL["is_live"], (order.account, order.call_sid)).fetchone() is None:
        return False
    (waiting,) = tx.run(SQL["count_orders"], (order.account, order.call_sid)).fetchone()
    if waiting >= ORDERS_KEPT:
        return QueueFullError()
    tx.run(SQL["insert_order"], CALL_ORDER.write(order)[1:])
    return True


def _take_orders(tx: SqliteWriter, takings: Sequence[OrderTaking]) -> list[list[CallOrder]]:
    tx.erased = True
    taken = []
    for owner, limit in takings:
        orders = [CALL_ORDER.read(row) for row in tx.run(SQL["orders_of"], (owner, limit)).fetchall()]
        tx.run_many(SQL["delete_order"], [(order.id,) for order in orders])
        taken.append(orders)
    return taken
