"""What calls cost lately, where they went, and what accounts allow theirs, in SQLite."""

from collections.abc import Iterable, Sequence

from ringfence.ports.call_brakes import Bound, Burden, Held
from ringfence.store.call_gate import Leaving, Scope, pass_gate, scopes
from ringfence.store.call_moves import MINUTE_MS, SPEND_KEPT_MS
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/call_brakes")

Replacing = tuple[str, str, str | None]


class SqliteCallBrakes(SqliteGround):
    """`ports.call_brakes.BrakeStore`."""

    async def burden(self, account: str, from_ms: int, now_ms: int) -> Burden:
        return _burden(self._one(SQL["burden"], (account, from_ms // MINUTE_MS * MINUTE_MS, now_ms)))

    async def tenant_burden(self, tenant: str, from_ms: int, now_ms: int) -> Burden:
        return _burden(self._one(SQL["tenant_burden"], (tenant, from_ms // MINUTE_MS * MINUTE_MS, now_ms)))

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
        return await self._write(_let_out, leaving)

    async def queued_calls(self, account: str) -> int:
        return int(self._one(SQL["queued"], (account,))[0])

    async def costly_accounts(self, owner: str) -> list[str]:
        return sorted(account for (account,) in self._all(SQL["costly_accounts"], (owner,)))

    async def new_destinations(self, account: str, region: str, from_ms: int) -> int:
        return int(self._one(SQL["earlier"], (account, region, from_ms))[0])

    async def first_called(self, account: str, from_ms: int) -> int:
        return int(self._one(SQL["first_called"], (account, from_ms))[0])

    async def voice_settings(self, account: str) -> str | None:
        row = self._one(SQL["settings"], (account,))
        return None if row is None else str(row[0])

    async def put_voice_settings(self, account: str, settings: str, *, was: str | None) -> bool:
        return await self._write(_put, (account, settings, was))


def add_spend(tx: SqliteWriter, amounts: Iterable[tuple[str, int, int]]) -> None:
    """Add to what calls cost by account and minute, in the caller's transaction."""
    for account, minute_ms, micros in amounts:
        if micros:
            tx.run(SQL["add_spend"], (account, minute_ms, micros))
            tx.run(SQL["forget_spend"], (account, minute_ms - SPEND_KEPT_MS))


def add_destinations(tx: SqliteWriter, destinations: Iterable[tuple[str, str, int] | None]) -> None:
    """Note the regions that are called, in the caller's transaction."""
    tx.run_many(SQL["add_destination"], [each for each in destinations if each is not None])


def _burden(values: Sequence[int]) -> Burden:
    settled_micros, running_micros, queued_micros, live = values
    return Burden(settled_micros=settled_micros, running_micros=running_micros, queued_micros=queued_micros, live=live)


def _let_out(tx: SqliteWriter, leavings: Sequence[Leaving]) -> list[Held]:
    burdens: dict[Scope, Burden] = {}
    for (kind, sid), (from_ms, now_ms) in scopes(leavings).items():
        sql = SQL["burden" if kind == "account" else "tenant_burden"]
        burdens[kind, sid] = _burden(tx.run(sql, (sid, from_ms // MINUTE_MS * MINUTE_MS, now_ms)).fetchone())
    rates = {leaving.key: tx.run(SQL["held"], leaving.key).fetchone() for leaving in leavings}
    waiting = {key: rate[0] for key, rate in rates.items() if rate is not None}
    held, out = pass_gate(leavings, waiting, burdens)
    tx.run_many(SQL["let_out"], out)
    return held


def _put(tx: SqliteWriter, replacings: Sequence[Replacing]) -> list[bool]:
    put = []
    for account, settings, was in replacings:
        row = tx.run(SQL["settings"], (account,)).fetchone()
        put.append((None if row is None else row[0]) == was)
        if put[-1]:
            tx.run(SQL["put_settings"], (account, settings))
    return put
