"""Who runs which calls, and what tenants want of them meanwhile, in PostgreSQL."""

from collections.abc import Collection, Sequence
from functools import cached_property

from msgspec.structs import replace

from ringfence.ports.calls import CallOrder, CallRow
from ringfence.ports.store import QueueFullError
from ringfence.store.call_moves import ORDERS_KEPT, OWNER_KEPT_MS
from ringfence.store.columns import CALL, CALL_ORDER
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.shares import Turn
from ringfence.store.statements import statements

SQL = statements("postgres/call_work")

Taking = tuple[str, int, int, int, Sequence[str]]
Holding = tuple[str, int, int]
OrderTaking = tuple[str, int]


class PostgresCallWork(PostgresGround):
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
        last, passed = self._call_turn.last, list(passing_over)
        behind = await self._waiting_accounts(last, passed, limit + 1)
        before = await self._waiting_accounts("", passed, limit + 1) if last and len(behind) <= limit else []
        accounts = self._call_turn.choose(behind, [account for account in before if account <= last], limit)
        if not accounts:
            return []
        share = limit if each is None else min(each, limit)
        return await self._calls.write(_take, (owner, now_ms + ttl_ms, limit, share, accounts))

    async def _waiting_accounts(self, behind: str, passed: Sequence[str], limit: int) -> list[str]:
        return [account for (account,) in await self._all(SQL["waiting_accounts"], behind, passed, limit)]

    async def hold_calls(self, owner: str, now_ms: int, ttl_ms: int) -> None:
        await self._calls.write(_hold, (owner, now_ms, ttl_ms))

    async def orphaned_calls(self, now_ms: int, limit: int) -> list[CallRow]:
        return [CALL.read(row) for row in await self._all(SQL["orphaned"], now_ms, limit)]

    async def calls_owned(self, owner: str) -> list[CallRow]:
        return [CALL.read(row) for row in await self._all(SQL["owned"], owner)]

    async def order(self, order: CallOrder) -> bool:
        return await self._calls.write(_order, order)

    async def take_orders(self, owner: str, limit: int = 100) -> list[CallOrder]:
        if await self._one(SQL["any_order"]) is None:
            return []
        return await self._calls.write(_take_orders, (owner, limit))


async def _take(tx: Connection, takings: Sequence[Taking]) -> list[list[CallRow]]:
    return [await _take_for(tx, *taking) for taking in takings]


async def _take_for(
    tx: Connection, owner: str, until_ms: int, limit: int, each: int, accounts: Sequence[str]
) -> list[CallRow]:
    await tx.execute(SQL["hold"], owner, until_ms)
    rows = [CALL.read(row) for row in await tx.fetch(SQL["oldest"], accounts, each, limit)]
    if rows:
        await tx.execute(SQL["own"], owner, *columns([(row.account, row.sid) for row in rows]))
    return [replace(row, owner=owner) for row in rows]


async def _hold(tx: Connection, holdings: Sequence[Holding]) -> list[None]:
    for owner, now_ms, ttl_ms in holdings:
        await tx.execute(SQL["hold"], owner, now_ms + ttl_ms)
        await tx.execute(SQL["forget_owners"], now_ms - OWNER_KEPT_MS)
    return [None] * len(holdings)


async def _order(tx: Connection, orders: Sequence[CallOrder]) -> list[bool | Exception]:
    return [await _order_one(tx, order) for order in orders]


async def _order_one(tx: Connection, order: CallOrder) -> bool | Exception:
    key = order.account, order.call_sid
    if not await tx.fetchval(SQL["live"], *key):
        return False
    if await tx.fetchval(SQL["count_orders"], *key) >= ORDERS_KEPT:
        return QueueFullError()
    await tx.execute(SQL["insert_order"], *CALL_ORDER.write(order)[1:])
    return True


async def _take_orders(tx: Connection, takings: Sequence[OrderTaking]) -> list[list[CallOrder]]:
    taken = []
    for owner, limit in takings:
        rows = await tx.fetch(SQL["take_orders"], owner, limit)
        taken.append(sorted((CALL_ORDER.read(row) for row in rows), key=lambda order: order.id))
    return taken
