"""Who may call whom now: caps a lane, an account and in all, so that a program that hangs slows only itself."""

import asyncio
from collections import Counter, OrderedDict, deque

import msgspec

Lane = tuple[str, str]


class LaneLimits(msgspec.Struct, frozen=True, kw_only=True):
    """A lane is an account and a host. `waiting` counts in one lane, `total_waiting` in all, for `wait_s` at most."""

    running: int = 32
    account_running: int = 128
    total_running: int = 512
    waiting: int = 64
    total_waiting: int = 512
    wait_s: float = 20.0


class WebhookLanes:
    """Admits calls. Those that wait stand in their own lane's line; free places go to the lanes in turn."""

    def __init__(self, limits: LaneLimits) -> None:
        self._limits = limits
        self._running: Counter[Lane] = Counter()
        self._account_running: Counter[str] = Counter()
        self._lines: OrderedDict[Lane, deque[asyncio.Future[None]]] = OrderedDict()
        self.running = 0
        self.waiting = 0

    async def enter(self, account: str, host: str) -> bool:
        """True: go, and `leave` at the end. False: too many wait, or waited too long; come back later."""
        lane = (account, host)
        if lane not in self._lines and self._has_room(lane):
            self._take(lane)
            return True
        line = self._lines.setdefault(lane, deque())
        if len(line) >= self._limits.waiting or self.waiting >= self._limits.total_waiting:
            if not line:
                del self._lines[lane]
            return False
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(place)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait_s):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                # Let in at the moment it gave up: the place goes to the next.
                self.leave(account, host)
            else:
                self._forget(lane, place)
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def leave(self, account: str, host: str) -> None:
        """Give the place back and let in whoever can now run."""
        lane = (account, host)
        self.running -= 1
        self._running[lane] -= 1
        self._account_running[account] -= 1
        # Counters keep zeros for ever otherwise.
        if not self._running[lane]:
            del self._running[lane]
        if not self._account_running[account]:
            del self._account_running[account]
        self._admit()

    def _admit(self) -> None:
        for lane in list(self._lines):
            if self.running >= self._limits.total_running:
                return
            if not self._has_room(lane):
                continue
            line = self._lines[lane]
            while line:
                place = line.popleft()
                self.waiting -= 1
                # One that has just given up may still stand here.
                if not place.done():
                    place.set_result(None)
                    self._take(lane)
                    break
            self._lines.move_to_end(lane)
            if not line:
                del self._lines[lane]

    def _has_room(self, lane: Lane) -> bool:
        return (
            self.running < self._limits.total_running
            and self._running[lane] < self._limits.running
            and self._account_running[lane[0]] < self._limits.account_running
        )

    def _take(self, lane: Lane) -> None:
        self.running += 1
        self._running[lane] += 1
        self._account_running[lane[0]] += 1

    def _forget(self, lane: Lane, place: asyncio.Future[None]) -> None:
        line = self._lines.get(lane)
        if line is None or place not in line:
            return
        line.remove(place)
        self.waiting -= 1
        if not line:
            del self._lines[lane]
