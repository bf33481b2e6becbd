"""Calls that this process has taken and that do not live yet: each rings or ends, whoever is away meanwhile."""

from collections.abc import Sequence
from itertools import chain

from ringfence.domain.sealing.aead import UnsealError
from ringfence.ports.calls import CallOrder, CallRow
from ringfence.ports.freezes import Halt
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.end_orphans import FROZEN, LOST_PROCESS, OrphanEnder, WhyEnded
from ringfence.usecases.voice.live_calls import LiveCalls
from ringfence.usecases.voice.place_call import CallPlacer


class TakenCalls:
    """Its length is how many wait for the key service. What is ordered of those is done as soon as they live."""

    def __init__(self, desk: Desk, live: LiveCalls, placer: CallPlacer) -> None:
        self._desk = desk
        self._live = live
        self._placer = placer
        self._orphans = OrphanEnder(desk)
        self._waiting: list[CallRow] = []
        self._orders: dict[str, list[CallOrder]] = {}
        # Kept until their end could be written.
        self._ending: list[tuple[CallRow, WhyEnded]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    async def begin(self, rows: Sequence[CallRow], halt: Halt) -> None:
        """Ring these; `end` is for those that are frozen, or that no key opens. ConnectionError: the others wait."""
        accounts: dict[str, list[CallRow]] = {}
        for row in rows:
            if halt.stops(row.account):
                self._ending.append((row, FROZEN))
            else:
                accounts.setdefault(row.account, []).append(row)
        for account in list(accounts):
            theirs = accounts.pop(account)
            try:
                keys = await self._desk.keys.open_records(account, [(row.epoch, row.sid) for row in theirs])
            except KeyRefusedError:
                keys = [None] * len(theirs)
            except ConnectionError:
                # They come last then, so that an account whose keys alone make trouble stops nobody else's calls.
                self._waiting += chain(*accounts.values(), theirs)
                raise
            for row, key in zip(theirs, keys, strict=True):
                await self._ring(row, key)

    async def resume(self, halt: Halt) -> None:
        """Ring those that wait, but for what is over meanwhile. ConnectionError, StoreFailedError: they wait on."""
        if not self._waiting:
            return
        rows = await self._desk.store.calls_of([(row.account, row.sid) for row in self._waiting])
        self._waiting = []
        await self.begin([row for row in rows if row is not None and row.owner == self._desk.owner], halt)
        self._orders = {}

    def keep(self, order: CallOrder) -> bool:
        """Keep an order for a call that waits; False where that does not."""
        if not any((row.account, row.sid) == (order.account, order.call_sid) for row in self._waiting):
            return False
        self._orders.setdefault(order.call_sid, []).append(order)
        return True

    async def end(self) -> None:
        """End those that cannot ring. ConnectionError: they are ended the next time."""
        # More may come meanwhile, behind these.
        ending = list(self._ending)
        for why in {why: None for _, why in ending}:
            await self._orphans.end([row for row, cause in ending if cause is why], why)
        del self._ending[: len(ending)]

    async def _ring(self, row: CallRow, key: bytes | None) -> None:
        try:
            if key is None:
                raise UnsealError
            self._placer.place(row, key)
        except UnsealError:
            self._ending.append((row, LOST_PROCESS))
            return
        for order in self._orders.pop(row.sid, ()):
            await self._live.order(order)
