"""Brakes on calls: where they may go, what they may cost, how many there may be, checked before the INVITE and after.

A thief of a credential wants many calls to numbers that pay him, at once. Each brake alone bounds what he gets:
permissions by country and number range, a ceiling for the price of a minute, bounds on countries that were never called
before, on calls at once and a second, and on what an account's calls cost within a window, those under way included.
Source: Twilio, "Anti-fraud developer's guide"; errors 21215, 21216, 10004.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping

import msgspec
import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.dialing.countries import permission_region
from ringfence.domain.dialing.destination import NO_COUNTRY, Destination, Risk, destination_of
from ringfence.domain.dialing.permissions import VoiceSettings, decode_settings
from ringfence.domain.token_bucket import TokenBucket
from ringfence.ports.call_brakes import Bound, Burden
from ringfence.ports.store import Store

GEO_PERMISSION = 21215
NOT_ALLOWED = 21216
CONCURRENCY = 10004
DAY_MS = 24 * 3_600_000
BUCKETS_KEPT = 10_000

_log = structlog.get_logger(__name__)


class BrakeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one account; amounts in micros. `home` are countries whose low-risk numbers all may call.

    What calls cost is bounded within any `spend_window_ms`. Cost and calls under way are those of an account with all
    its subaccounts. `new_countries` may be called for the first time in a day. `own` has bounds of single accounts.
    """

    home: tuple[str, ...] = ("US",)
    calls_per_s: float = 1_000.0
    live_calls: int = 1_000
    queued_calls: int = 10_000
    max_rate_micros: int = 500_000
    spend_micros: int = 10_000_000
    spend_window_ms: int = 3_600_000
    new_countries: int = 10
    own: Mapping[str, "BrakeLimits"] = {}

    def of(self, account: str) -> "BrakeLimits":
        """What holds for an account."""
        return self.own.get(account, self)


class BrakedError(Exception):
    """A call may not begin. `code` is Twilio's; `cause` says why, without a number."""

    def __init__(self, code: int, cause: str) -> None:
        super().__init__(cause)
        self.code = code
        self.cause = cause


class Brakes:
    """The brakes of one process. All but the rate look at what the store knows, and so at all processes' calls."""

    def __init__(self, store: Store, clock: Clock, limits: BrakeLimits | None = None) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits or BrakeLimits()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    async def let_out(self, account: str, sid: str, address: str) -> None:
        """Let a call of the store go out to `address`, and count it from now on; BrakedError where it may not."""
        destination = destination_of(address)
        if destination is not None:
            await self._check_destination(account, destination)
        now_ms = self._clock.now_ms()
        row = await self._store.account(account)
        held = await self._store.let_out(
            account,
            sid,
            now_ms - self._limits.spend_window_ms,
            now_ms,
            own=self._bound(account, destination) if row is None or row.parent is not None else None,
            tenant=row.tenant if row is not None else "",
            whole=self._bound(row.tenant, destination) if row is not None else None,
        )
        if held == "live":
            raise _too_many()
        if held == "micros":
            raise _too_costly()

    async def accept(self, account: str, address: str) -> None:
        """BrakedError where a call to `address` could not go out now, or would have to wait in a line that is full."""
        if await self._store.queued_calls(account) >= self._limits.of(account).queued_calls:
            raise BrakedError(CONCURRENCY, "as many calls wait as the account may have")
        burdens = await self._burdens(account)
        if any(burden.live >= limits.live_calls for burden, limits in burdens):
            raise _too_many()
        destination = destination_of(address)
        if destination is None:
            return
        await self._check_destination(account, destination)
        if any(burden.micros + destination.rate_micros > limits.spend_micros for burden, limits in burdens):
            raise _too_costly()

    def _bound(self, account: str, destination: Destination | None) -> Bound:
        limits = self._limits.of(account)
        # Calls that leave the network are what costs.
        return Bound(live=limits.live_calls, micros=None if destination is None else limits.spend_micros)

    async def _check_destination(self, account: str, destination: Destination) -> None:
        if not await self._permits(account, destination):
            raise BrakedError(GEO_PERMISSION, _not_permitted(destination))
        if destination.rate_micros > self._limits.of(account).max_rate_micros:
            raise BrakedError(NOT_ALLOWED, "a minute costs more than calls here may")
        if await self._is_too_new(account, destination):
            raise BrakedError(NOT_ALLOWED, "too many countries were called for the first time today")

    async def spent(self, owner: str, ahead_ms: int) -> list[str]:
        """Accounts whose calls, those of `owner` among them, will have cost more than they may in `ahead_ms`.

        A call that rings nowhere yet does not count: no other ends for its sake.
        """
        spent = []
        for account in await self._store.costly_accounts(owner):
            burdens = await self._burdens(account, ahead_ms)
            if any(_begun_micros(burden) > limits.spend_micros for burden, limits in burdens):
                micros = max(_begun_micros(burden) for burden, _ in burdens)
                _log.warning("voice.spend_limit", account=account, micros=micros)
                spent.append(account)
        return spent

    async def _burdens(self, account: str, ahead_ms: int = 0) -> list[tuple[Burden, BrakeLimits]]:
        """What a subaccount carries, and its whole tenant, whose subaccounts are made at no cost; with their bounds."""
        now_ms = self._clock.now_ms()
        from_ms, at_ms = now_ms - self._limits.spend_window_ms, now_ms + ahead_ms
        row = await self._store.account(account)
        burdens = []
        if row is None or row.parent is not None:
            burdens.append((await self._store.burden(account, from_ms, at_ms), self._limits.of(account)))
        if row is not None:
            whole = await self._store.tenant_burden(row.tenant, from_ms, at_ms)
            burdens.append((whole, self._limits.of(row.tenant)))
        return burdens

    def waiting(self) -> Collection[str]:
        """Accounts that began as many calls as they may for now: theirs wait in line."""
        now_ms = self._clock.monotonic_ms()
        return [account for account, bucket in self._buckets.items() if bucket.wait_ms(now_ms)]

    def room(self) -> int:
        """How many calls each account that is not among those waiting may begin now, at least."""
        now_ms = self._clock.monotonic_ms()
        left = [tokens for bucket in self._buckets.values() if (tokens := bucket.available(now_ms))]
        return min([*left, *map(_burst, (self._limits, *self._limits.own.values()))])

    def began(self, account: str) -> None:
        """Count a call that begins against the account's rate."""
        limits = self._limits.of(account)
        now_ms = self._clock.monotonic_ms()
        bucket = self._buckets.pop(account, None) or TokenBucket(
            limits.calls_per_s, burst=_burst(limits), now_ms=now_ms
        )
        bucket.take(1, now_ms)
        self._buckets[account] = bucket
        if len(self._buckets) > BUCKETS_KEPT:
            self._buckets.popitem(last=False)

    async def _permits(self, account: str, destination: Destination) -> bool:
        return (await effective_settings(self._store, account)).permits(destination, self._limits.home)

    async def _is_too_new(self, account: str, destination: Destination) -> bool:
        from_ms = self._clock.now_ms() - DAY_MS
        earlier = await self._store.new_destinations(account, destination.region, from_ms)
        return earlier >= self._limits.of(account).new_countries


def _not_permitted(destination: Destination) -> str:
    numbers = {Risk.LOW: "ordinary", Risk.SPECIAL: "special-rate", Risk.TOLLFRAUD: "toll-fraud"}[destination.risk]
    country = permission_region(destination.region)
    where = "of no country" if country == NO_COUNTRY else f"in {country}"
    return f"{numbers} numbers {where} are not permitted (DialingPermissions; the operator's call_countries)"


def _too_many() -> BrakedError:
    return BrakedError(CONCURRENCY, "as many calls are under way as the account may have")


def _too_costly() -> BrakedError:
    return BrakedError(NOT_ALLOWED, "the account's calls have cost as much as they may for now")


def _begun_micros(burden: Burden) -> int:
    return burden.micros - burden.queued_micros


def _burst(limits: BrakeLimits) -> int:
    return max(1, int(limits.calls_per_s))


async def effective_settings(store: Store, account: str) -> VoiceSettings:
    """The settings an account goes by: its parent's, where it is a subaccount that inherits them."""
    settings = decode_settings(await store.voice_settings(account))
    row = await store.account(account)
    if row is not None and row.parent is not None and settings.inherits:
        return decode_settings(await store.voice_settings(row.parent))
    return settings
