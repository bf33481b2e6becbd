"""Which limits hold for an account, who sets each, and how near the account is to it."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from ringfence.console.grant_book import GrantBook
from ringfence.console.tenant.allowed import Allowed
from ringfence.console.tenant.left_lately import LeftLately
from ringfence.console.tenant.spent import shown_price
from ringfence.domain.access.grant import MINUTES_MAX, GrantState, settled
from ringfence.domain.access.limits import PENDING_MAX
from ringfence.domain.clock import Clock
from ringfence.domain.fraud_guard.spending import since
from ringfence.domain.message import Status
from ringfence.domain.rating import DEVELOPMENT_RATES
from ringfence.domain.sid import is_sid
from ringfence.domain.verification import SENDS_MAX
from ringfence.domain.verification_code import CHECKS_MAX, LIFE_MS
from ringfence.ports.call_brakes import Burden
from ringfence.ports.day_counts import DAY_MS, DayCounts
from ringfence.ports.operations import OperationsView
from ringfence.ports.store import AccountRow, NumberRow
from ringfence.ports.verify_config import VerifyKind, VerifyRow
from ringfence.usecases.accounts.release_number import REST_MS
from ringfence.usecases.voice.brakes import BrakeLimits

NEAR: Final = 0.8
"""From this share of a limit on it says so."""
FIXED: Final = "fixed"
WHOLE: Final = "with all subaccounts"
HIDDEN: Final = "shown to the account above alone"
"""What an account and all its subaccounts use together is no subaccount's to know."""
NOT_YET: Final = "known once this page was open for some seconds"
# Scheduled texts wait longest: 35 days.
WAITS_MS: Final = 40 * DAY_MS
GRANTS_LOOKED_AT: Final = 50
NUMBERS_LOOKED_AT: Final = 500
_WAITING: Final = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.QUEUED, Status.SENDING})


class LimitedStore(DayCounts, OperationsView, Protocol):
    """What of the store is read."""

    async def account(self, sid: str) -> AccountRow | None: ...

    async def numbers(
        self,
        account: str,
        *,
        number: str | None = None,
        friendly_name: str | None = None,
        kind: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[NumberRow]: ...

    async def verify_row(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> VerifyRow | None: ...

    async def codes_cost(self, tenant: str, owner: str, from_ms: int) -> int: ...

    async def burden(self, account: str, from_ms: int, now_ms: int) -> Burden: ...

    async def tenant_burden(self, tenant: str, from_ms: int, now_ms: int) -> Burden: ...

    async def queued_calls(self, account: str) -> int: ...

    async def first_called(self, account: str, from_ms: int) -> int: ...


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit in words. `part` is how much of it is used, 1 for all, None where that is not known or does not apply.

    `where` names the setting, or says that it is fixed.
    """

    what: str
    most: str
    used: str = ""
    part: float | None = None
    where: str = FIXED

    @property
    def near(self) -> bool:
        return self.part is not None and self.part >= NEAR


class TenantLimits:
    """Reads, and writes nothing."""

    def __init__(self, store: LimitedStore, grants: GrantBook, allowed: Allowed, clock: Clock) -> None:
        self._store = store
        self._grants = grants
        self._allowed = allowed
        self._clock = clock
        self._lately = LeftLately(clock)

    async def of(self, account: str) -> Sequence[tuple[str, Sequence[Limit]]]:
        """By what they are about."""
        row = await self._store.account(account)
        tenant = account if row is None else row.tenant
        return [
            ("Requests", [self._requests()]),
            ("Texts", await self._texts(account)),
            ("Calls", await self._calls(account, tenant)),
            ("Codes", await self._codes(account, tenant)),
            ("Everything else", await self._others(account)),
        ]

    def _requests(self) -> Limit:
        rps = self._allowed.api_rate_rps
        return Limit(
            what="API requests a second, with subaccounts",
            most=f"{rps:g} of each API process" if rps else "as many as fit",
            used="not known here: API processes count by themselves",
            where="api_rate_rps",
        )

    async def _texts(self, account: str) -> Sequence[Limit]:
        allowed, now_ms = self._allowed, self._clock.now_ms()
        raised = {(each.kind, each.name): each.rate_mps for each in await self._store.allowed_rates()}
        counts = await self._store.texts_by_day(account, now_ms - WAITS_MS, now_ms + DAY_MS)
        waiting = sum(each.texts for each in counts if each.status in _WAITING)
        left_mps = self._lately.rate_mps(account, counts)
        named = {name for kind, name in raised if kind == "number"} | set(allowed.number_rates)
        found = [
            _rate(
                "Texts a second of the account",
                *(raised.get(("account", account)), allowed.account_rates.get(account), allowed.account_rate_mps),
                where="account_rate",
                used=NOT_YET if left_mps is None else f"{left_mps:.1f}, mean of up to a minute",
                used_mps=left_mps,
            ),
            _rate("Texts a second of one number", None, None, allowed.number_rate_mps, where="number_rate"),
        ]
        for kept in await self._store.numbers(account, limit=NUMBERS_LOOKED_AT) if named else ():
            if kept.number in named:
                own_mps = allowed.number_rates.get(kept.number)
                rates = raised.get(("number", kept.number)), own_mps, allowed.number_rate_mps
                found.append(_rate(f"Texts a second of {kept.number}", *rates, where="number_rate"))
        found.append(
            Limit(
                what="Texts that may wait for one number",
                most=f"what it sends in {allowed.sender_queue_s:,} seconds",
                used=f"{waiting:,} wait, for all numbers together",
                where="sender_queue_s",
            )
        )
        return found

    async def _calls(self, account: str, tenant: str) -> Sequence[Limit]:
        now_ms, limits = self._clock.now_ms(), self._allowed.calls.of(account)
        from_ms = now_ms - self._allowed.calls.spend_window_ms
        queued = await self._store.queued_calls(account)
        first = await self._store.first_called(account, now_ms - DAY_MS)
        held: list[tuple[str, Burden | None, BrakeLimits]] = []
        if account == tenant:
            held.append((WHOLE, await self._store.tenant_burden(tenant, from_ms, now_ms), limits))
        else:
            held.append((WHOLE, None, self._allowed.calls.of(tenant)))
            held.append(("of this subaccount", await self._store.burden(account, from_ms, now_ms), limits))
        found = [
            Limit(what="Calls begun a second", most=f"{limits.calls_per_s:g}", where="call_rate_cps, account_calls"),
            _counted("Calls that wait in line", queued, limits.queued_calls, FIXED),
        ]
        for whose, carried, bound in held:
            live, micros = (None, None) if carried is None else (carried.live, carried.micros)
            cost = f"Cost of calls within an hour, {whose}"
            found += [
                _counted(f"Calls at once {whose}", live, bound.live_calls, "calls_at_once, account_calls"),
                _money(cost, micros, bound.spend_micros, "call_spend, account_calls"),
            ]
        return [
            *found,
            Limit(
                what="Cost of a minute of a call",
                most=_amount(limits.max_rate_micros),
                where="call_max_price, account_calls",
            ),
            _counted(
                "Countries called for the first time within a day",
                first,
                limits.new_countries,
                "call_new_countries, account_calls",
            ),
        ]

    async def _codes(self, account: str, tenant: str) -> Sequence[Limit]:
        allowed, from_ms = self._allowed, since(self._clock.now_ms())
        spent = []
        services = [sid for sid in allowed.codes.own if is_sid(sid, "VA")]
        own = [sid for sid in services if await self._store.verify_row(account, "service", sid) is not None]
        bounds = {bound.owner: bound for sid in own or [""] for bound in allowed.codes.of(tenant, account, sid)}
        for owner, bound in bounds.items():
            hidden = not owner and account != tenant
            cost = None if hidden else await self._store.codes_cost(tenant, owner, from_ms)
            whose = f"of {owner}" if owner else WHOLE
            what = f"Cost of codes within a day, {whose}, each by the most that it may cost"
            spent.append(_money(what, cost, bound.limit_micros, "verify_spend, verify_spends"))
        countries = ", ".join(allowed.code_countries)
        return [
            *spent,
            Limit(what="Guard against pumping", most=allowed.fraud_guard, where="verify_fraud_guard"),
            Limit(what="Countries that codes may go to", most=countries or "all", where="verify_countries"),
            Limit(what="Sendings of one verification", most=str(SENDS_MAX)),
            Limit(what="Checks of one verification", most=str(CHECKS_MAX)),
            Limit(what="Life of a code", most=f"{LIFE_MS // 60_000} minutes"),
        ]

    async def _others(self, account: str) -> Sequence[Limit]:
        now_ms = self._clock.now_ms()
        grants = await self._grants.grants_of_tenant(account, "", GRANTS_LOOKED_AT)
        pending = sum(settled(each, now_ms).state is GrantState.PENDING for each in grants)
        return [
            _counted("Requests of staff to read that wait for you", pending, PENDING_MAX, FIXED),
            Limit(what="Time that staff may read for", most=f"{MINUTES_MAX} minutes"),
            Limit(
                what="Rest of a number that was given up, before others may have it", most=f"{REST_MS // DAY_MS} days"
            ),
            Limit(what="Sound of recordings", most="no limit but the operator's disk; kept until deleted"),
        ]


def _rate(
    what: str,
    raised_mps: float | None,
    own_mps: float | None,
    common_mps: float,
    *,
    where: str,
    used: str = "",
    used_mps: float | None = None,
) -> Limit:
    """Where staff raised it that counts, else what is set for this one alone."""
    if raised_mps is not None:
        most_mps, by = raised_mps, "raised by two of staff"
    elif own_mps is not None:
        most_mps, by = own_mps, f"{where}s"
    else:
        most_mps, by = common_mps, f"{where}_mps"
    return Limit(what=what, most=f"{most_mps:g}", used=used, part=_part(used_mps, most_mps), where=by)


def _counted(what: str, used: int | None, most: int, where: str) -> Limit:
    shown = HIDDEN if used is None else f"{used:,}"
    return Limit(what=what, most=f"{most:,}", used=shown, part=_part(used, most), where=where)


def _money(what: str, used_micros: int | None, most_micros: int, where: str) -> Limit:
    shown, part = HIDDEN if used_micros is None else _amount(used_micros), _part(used_micros, most_micros)
    return Limit(what=what, most=_amount(most_micros), used=shown, part=part, where=where)


def _part(used: float | None, most: float) -> float | None:
    if used is None:
        return None
    return min(1.0, used / most) if most else 1.0


def _amount(micros: int) -> str:
    return shown_price(micros, DEVELOPMENT_RATES.currency)
