"""What stands still now, for whoever works for all accounts and asks often.

It is read at most twice a second for those who may be that late, and once for all others who ask meanwhile.
"""

import asyncio
from typing import Protocol

from ringfence.domain.clock import Clock
from ringfence.ports.freezes import FreezeRow, FreezeStore, Halt, is_platform_frozen
from ringfence.ports.store import AccountStore
from ringfence.usecases.access.freeze import frozen_with

HELD_MS = 500
# Whom a freeze stops beside the account itself changes with its subaccounts alone: those of an account that is frozen.
FAMILY_HELD_MS = 10_000


class HaltStore(AccountStore, FreezeStore, Protocol):
    """Accounts, and what is frozen."""


class FrozenAccounts:
    """`ports.freezes.Halts` over the store."""

    def __init__(self, store: HaltStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._reading = asyncio.Lock()
        self._coming: asyncio.Task[Halt] | None = None
        self._held = Halt()
        self._until_ms: int | None = None
        self._families: dict[FreezeRow, tuple[int, frozenset[str]]] = {}

    async def now(self) -> Halt:
        """One reading for all who ask meanwhile. What the store raises passes through."""
        if not self._is_recent():
            async with self._reading:
                if not self._is_recent():
                    await self._read_anew()
        return self._held

    async def fresh(self) -> Halt:
        """One reading for all who asked before it began. What the store raises passes through."""
        if self._coming is None:
            self._coming = asyncio.create_task(self._read_for_all(), name="freezes")
        return await asyncio.shield(self._coming)

    async def _read_for_all(self) -> Halt:
        async with self._reading:
            # Whoever asks from here on may ask about what is frozen meanwhile: that is for another reading.
            self._coming = None
            await self._read_anew()
            return self._held

    async def _read_anew(self) -> None:
        asked_ms = self._clock.monotonic_ms()
        self._held = await self._read()
        self._until_ms = asked_ms + HELD_MS

    def _is_recent(self) -> bool:
        return self._until_ms is not None and self._clock.monotonic_ms() < self._until_ms

    async def _read(self) -> Halt:
        freezes = await self._store.freezes()
        frozen = [row for row in freezes if row.kind == "account"]
        self._families = {row: await self._family(row) for row in frozen}
        accounts = (accounts for _, accounts in self._families.values())
        return Halt(everything=is_platform_frozen(freezes), accounts=frozenset().union(*accounts))

    async def _family(self, row: FreezeRow) -> tuple[int, frozenset[str]]:
        """Whom one freeze stops, and until when that is known."""
        now_ms = self._clock.monotonic_ms()
        until_ms, accounts = self._families.get(row, (now_ms, frozenset()))
        if now_ms < until_ms:
            return until_ms, accounts
        return now_ms + FAMILY_HELD_MS, frozenset(await frozen_with(self._store, row.name))
