"""What calls cost lately, where they went, and what accounts allow theirs, in memory."""

from ringfence.domain.call import Status
from ringfence.domain.call_duration import billed_minutes
from ringfence.ports.call_brakes import Bound, Burden, Held
from ringfence.ports.calls import CallRow
from ringfence.store.call_gate import Leaving, Scope, pass_gate, scopes
from ringfence.store.call_moves import MINUTE_MS, destination_of, is_live, is_waiting
from ringfence.store.memory_recordings import MemoryRecordings


class MemoryCallBrakes(MemoryRecordings):
    """`ports.call_brakes.BrakeStore` over the calls themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._voice_settings: dict[str, str] = {}
        self._destinations: dict[str, dict[str, int]] = {}
        self._out: set[tuple[str, str]] = set()

    def _made(self, row: CallRow) -> None:
        destination = destination_of(row)
        if destination is not None:
            account, region, first_ms = destination
            self._destinations.setdefault(account, {}).setdefault(region, first_ms)

    async def burden(self, account: str, from_ms: int, now_ms: int) -> Burden:
        live = [
            row for row in self._calls.values() if row.account == account and is_live(row) and not self._is_held(row)
        ]
        first_ms = from_ms // MINUTE_MS * MINUTE_MS
        return Burden(
            settled_micros=sum(
                rated.price_micros
                for rated in self._rated.values()
                if rated.account == account and rated.sid.startswith("CA") and rated.at_ms >= first_ms
            ),
            running_micros=sum(row.rate_micros * max(1, billed_minutes(row.answered_ms, now_ms)) for row in live),
            queued_micros=sum(row.rate_micros for row in live if row.status is Status.QUEUED),
            live=len(live),
        )

    async def tenant_burden(self, tenant: str, from_ms: int, now_ms: int) -> Burden:
        burdens = [await self.burden(account, from_ms, now_ms) for account in self._accounts_of(tenant)]
        return Burden(
            settled_micros=sum(burden.settled_micros for burden in burdens),
            running_micros=sum(burden.running_micros for burden in burdens),
            queued_micros=sum(burden.queued_micros for burden in burdens),
            live=sum(burden.live for burden in burdens),
        )

    def _accounts_of(self, tenant: str) -> list[str]:
        """The sids of a tenant's accounts: `MemoryStore` knows."""
        raise LookupError("no accounts here")

    def _is_held(self, row: CallRow) -> bool:
        return row.status is Status.QUEUED and (row.account, row.sid) not in self._out

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
        burdens: dict[Scope, Burden] = {}
        for kind, of in scopes([leaving]):
            burden = self.burden if kind == "account" else self.tenant_burden
            burdens[kind, of] = await burden(of, from_ms, now_ms)
        row = self._calls.get(leaving.key)
        waiting = {} if row is None or not self._is_held(row) else {leaving.key: row.rate_micros}
        (held,), out = pass_gate([leaving], waiting, burdens)
        self._out.update(out)
        return held

    async def queued_calls(self, account: str) -> int:
        return sum(row.account == account and is_waiting(row) for row in self._calls.values())

    async def costly_accounts(self, owner: str) -> list[str]:
        return sorted({row.account for row in await self.calls_owned(owner) if row.rate_micros > 0})

    async def new_destinations(self, account: str, region: str, from_ms: int) -> int:
        called = self._destinations.get(account, {})
        this = called.get(region)
        if this is None or this < from_ms:
            return 0
        return sum(from_ms <= first_ms and (first_ms, one) < (this, region) for one, first_ms in called.items())

    async def first_called(self, account: str, from_ms: int) -> int:
        return sum(first_ms >= from_ms for first_ms in self._destinations.get(account, {}).values())

    async def voice_settings(self, account: str) -> str | None:
        return self._voice_settings.get(account)

    async def put_voice_settings(self, account: str, settings: str, *, was: str | None) -> bool:
        if self._voice_settings.get(account) != was:
            return False
        self._voice_settings[account] = settings
        return True
