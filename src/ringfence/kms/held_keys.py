"""Sealing keys the API holds between calls: a minute at most, not past their hour, and not past so many records."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.epoch import first_epoch, last_epoch
from ringfence.domain.sealing.short_held import held_briefly
from ringfence.ports.keys import Caller, SealingKey

HELD_MS = 60_000
HELD_MAX = 10_000
RECORDS_MAX = 1 << 14

Fetch = Callable[[int], Awaitable[SealingKey]]


class _Held(msgspec.Struct):
    key: SealingKey
    until_ms: int
    records: int = 0


class HeldSealingKeys:
    """One sealing key for each caller and account; many who need the same at once ask for it once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[tuple[str, Caller], _Held] = {}
        self._asking: dict[tuple[str, Caller], asyncio.Future[SealingKey]] = {}
        held_briefly(self)

    async def get(self, caller: Caller, account: str, fetch: Fetch) -> SealingKey:
        """The held key, or what `fetch` returns; it is told how many records the one before it sealed."""
        who = (account, caller)
        held = self._held.get(who)
        if held is None or not self._holds(held):
            return await self._ask(who, fetch)
        held.records += 1
        return held.key

    def forget(self, account: str) -> None:
        """Credentials of the account changed: ask anew for it and for its subaccounts."""
        for who in [who for who in self._held if account in (who[0], who[1].account)]:
            del self._held[who]

    def _holds(self, held: _Held) -> bool:
        now_ms = self._clock.now_ms()
        return (
            self._clock.monotonic_ms() < held.until_ms
            and first_epoch(now_ms) <= held.key.epoch <= last_epoch(now_ms)
            and held.records < RECORDS_MAX
        )

    async def _ask(self, who: tuple[str, Caller], fetch: Fetch) -> SealingKey:
        asking = self._asking.get(who)
        if asking is None:
            asking = self._asking[who] = asyncio.ensure_future(self._renew(who, fetch))
            asking.add_done_callback(lambda _: self._asking.pop(who, None))
        key = await asyncio.shield(asking)
        held = self._held.get(who)
        if held is not None:
            held.records += 1
        return key

    async def _renew(self, who: tuple[str, Caller], fetch: Fetch) -> SealingKey:
        before = self._held.pop(who, None)
        asked_ms = self._clock.monotonic_ms()
        key = await fetch(before.records if before else 0)
        self.forget_expired()
        if len(self._held) >= HELD_MAX:
            self._held.pop(next(iter(self._held)))
        self._held[who] = _Held(key, asked_ms + HELD_MS)
        return key

    def forget_expired(self) -> None:
        """Let go of what nobody asked for in its minute."""
        now_ms = self._clock.monotonic_ms()
        while self._held and self._held[oldest := next(iter(self._held))].until_ms <= now_ms:
            del self._held[oldest]
