"""Idle connections, kept by origin, and the caps on how many are open."""

import asyncio
from collections import OrderedDict

from ringfence.http.connection import Connection

Origin = tuple[str, str, int]

# A server may close as its promise of keep-alive ends: leave it a second.
KEEP_ALIVE_MARGIN_S = 1.0
MIN_SWEEP_S = 0.05


class Pool:
    """Slots to connect with. A slot is held from `acquire` to `release`, one request long.

    At most `per_host` slots an origin and `total` in all; as many idle connections again. An idle connection is
    closed after `idle_s` (or what the server promised), and any connection is left after `life_s`, so that a change
    in the name service is followed.
    """

    def __init__(self, *, per_host: int, total: int, idle_s: float, life_s: float) -> None:
        self._per_host = per_host
        self._total = total
        self._idle_s = idle_s
        self._life_s = life_s
        self._slots = asyncio.Semaphore(total)
        self._origins: dict[Origin, _OriginSlots] = {}
        self._idle: OrderedDict[Connection, tuple[Origin, float]] = OrderedDict()
        self._sweep: asyncio.TimerHandle | None = None
        self._sweep_s = 0.0

    def full(self, origin: Origin) -> bool:
        """True when `acquire` would have to wait."""
        slots = self._origins.get(origin)
        return self._slots.locked() or (slots is not None and slots.semaphore.locked())

    async def acquire(self, origin: Origin) -> Connection | None:
        """Wait for a slot; the connection last used for this origin if one is idle, else None: open one."""
        slots = self._origins.get(origin)
        if slots is None:
            slots = self._origins[origin] = _OriginSlots(self._per_host)
        slots.users += 1
        try:
            # The origin's own cap first: those who wait for a slow host hold none of the common slots.
            await slots.semaphore.acquire()
            try:
                await self._slots.acquire()
            except BaseException:
                slots.semaphore.release()
                raise
        except BaseException:
            self._leave(origin, slots)
            raise
        return self._take_idle(slots)

    def release(self, origin: Origin, connection: Connection | None) -> None:
        """Give the slot back; keep the connection if it can serve again, else close it."""
        slots = self._origins[origin]
        if connection is not None:
            self._keep_or_close(origin, slots, connection)
        self._slots.release()
        slots.semaphore.release()
        self._leave(origin, slots)

    def close(self) -> None:
        """Close every idle connection."""
        for connection in list(self._idle):
            self._drop(connection)
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    @property
    def idle(self) -> int:
        return len(self._idle)

    def _take_idle(self, slots: "_OriginSlots") -> Connection | None:
        while slots.idle:
            connection = slots.idle.pop()
            _, until_s = self._idle.pop(connection)
            if connection.reusable and asyncio.get_running_loop().time() < until_s:
                return connection
            connection.abort()
        return None

    def _keep_or_close(self, origin: Origin, slots: "_OriginSlots", connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        keep_s = self._idle_s
        if connection.keep_alive_s is not None:
            keep_s = min(keep_s, connection.keep_alive_s - KEEP_ALIVE_MARGIN_S)
        keep_s = min(keep_s, connection.born_s + self._life_s - loop.time())
        if not connection.reusable or keep_s <= 0:
            connection.abort()
            return
        if len(self._idle) >= self._total:
            self._drop(next(iter(self._idle)))
        slots.idle.append(connection)
        until_s = loop.time() + keep_s
        self._idle[connection] = (origin, until_s)
        self._sweep_by(loop, until_s)

    def _sweep_by(self, loop: asyncio.AbstractEventLoop, until_s: float) -> None:
        """One timer for all that is idle: a connection is used and laid down a hundred times before it is old."""
        if self._sweep is not None:
            if self._sweep_s <= until_s:
                return
            self._sweep.cancel()
        self._sweep, self._sweep_s = loop.call_at(until_s, self._drop_old, loop), until_s

    def _drop_old(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = None
        now_s = loop.time()
        for connection in [one for one, (_, until_s) in self._idle.items() if until_s <= now_s]:
            self._drop(connection)
        if self._idle:
            first_s = min(until_s for _, until_s in self._idle.values())
            self._sweep_by(loop, max(first_s, now_s + MIN_SWEEP_S))

    def _drop(self, connection: Connection) -> None:
        origin, _ = self._idle.pop(connection)
        slots = self._origins[origin]
        slots.idle.remove(connection)
        connection.abort()
        self._forget_if_unused(origin, slots)

    def _leave(self, origin: Origin, slots: "_OriginSlots") -> None:
        slots.users -= 1
        self._forget_if_unused(origin, slots)

    def _forget_if_unused(self, origin: Origin, slots: "_OriginSlots") -> None:
        if not slots.users and not slots.idle:
            self._origins.pop(origin, None)


class _OriginSlots:
    def __init__(self, limit: int) -> None:
        self.semaphore = asyncio.Semaphore(limit)
        self.users = 0
        self.idle: list[Connection] = []
