"""What calls cost lately, where they went, and what accounts allow theirs, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.call_brakes import Bound, Burden, Held
from ringfence.store.call_gate import Leaving, Scope, pass_gate, scopes
from ringfence.store.call_moves import MINUTE_MS, SPEND_KEPT_MS
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.statements import statements

SQL = statements("postgres/call_brakes")

Replacing = tuple[str, str, str | None]


class PostgresCallBrakes(PostgresGround):
    """`ports.call_brakes.BrakeStore`."""

    async def burden(self, account: str, from_ms: int, now_ms: int) -> Burden:
        return _burden(await self._one(SQL["burden"], account, from_ms // MINUTE_MS * MINUTE_MS, now_ms))

    async def tenant_burden(self, tenant: str, from_ms: int, now_ms: int) -> Burden:
        return _burden(await self._one(SQL["tenant_burden"], tenant, from_ms // MINUTE_MS * MINUTE_MS, now_ms))

    async def let_out(
        self,
        account: str,
        sid: str,
        from_ms: int,
        now_ms: int,
        *,
        own: Bound | None,
        tenant: str = "",
        whole: Bound | None = None,
    ) -> Held:
        leaving = Leaving(account=account, sid=sid, from_ms=from_ms, now_ms=now_ms, own=own, tenant=tenant, whole=whole)
        return await self._calls.write(_let_out, leaving)

    async def queued_calls(self, account: str) -> int:
        return int(await self._value(SQL["queued"], account))

    async def costly_accounts(self, owner: str) -> list[str]:
        return sorted(account for (account,) in await self._all(SQL["costly_accounts"], owner))

    async def new_destinations(self, account: str, region: str, from_ms: int) -> int:
        return int(await self._value(SQL["earlier"], account, region, from_ms))

    async def first_called(self, account: str, from_ms: int) -> int:
        return int(await self._value(SQL["first_called"], account, from_ms))

    async def voice_settings(self, account: str) -> str | None:
        found: str | None = await self._value(SQL["settings"], account)
        return found

    async def put_voice_settings(self, account: str, settings: str, *, was: str | None) -> bool:
        return await self._write(_put, (account, settings, was))


async def add_spend(tx: Connection, amounts: Sequence[tuple[str, int, int]]) -> None:
    """Add to what calls cost by account and minute, in the caller's transaction."""
    costly = [(account, minute_ms, micros) for account, minute_ms, micros in amounts if micros]
    if costly:
        await tx.execute(SQL["add_spend"], *columns(costly))
        old = [(account, minute_ms - SPEND_KEPT_MS) for account, minute_ms, _ in costly]
        await tx.execute(SQL["forget_spend"], *columns(old))


async def add_destinations(tx: Connection, destinations: Sequence[tuple[str, str, int] | None]) -> None:
    """Note the regions that are called, in the caller's transaction."""
    called = [each for each in destinations if each is not None]
    if called:
        await tx.execute(SQL["add_destinations"], *columns(called))


def _burden(values: Sequence[int]) -> Burden:
    settled_micros, running_micros, queued_micros, live = values
    return Burden(settled_micros=settled_micros, running_micros=running_micros, queued_micros=queued_micros, live=live)


async def _let_out(tx: Connection, leavings: Sequence[Leaving]) -> list[Held]:
    asked = scopes(leavings)
    # Another process looks when this transaction is over. One order for all: nobody waits for whom they hold up.
    for sid in sorted({sid for _, sid in asked}):
        await tx.execute(SQL["one_at_a_time"], sid)
    burdens: dict[Scope, Burden] = {}
    for (kind, sid), (from_ms, now_ms) in asked.items():
        sql = SQL["burden" if kind == "account" else "tenant_burden"]
        burdens[kind, sid] = _burden(await tx.fetchrow(sql, sid, from_ms // MINUTE_MS * MINUTE_MS, now_ms))
    keys = [leaving.key for leaving in leavings]
    waiting = {(account, sid): rate for account, sid, rate in await tx.fetch(SQL["held"], *columns(keys))}
    held, out = pass_gate(leavings, waiting, burdens)
    if out:
        await tx.execute(SQL["let_out"], *columns(sorted(out)))
    return held


async def _put(tx: Connection, replacings: Sequence[Replacing]) -> list[bool]:
    put = []
    for account, settings, was in replacings:
        await tx.fetchval(SQL["hold_account"], account)
        put.append(await tx.fetchval(SQL["settings"], account) == was)
        if put[-1]:
            await tx.execute(SQL["put_settings"], account, settings)
    return put
