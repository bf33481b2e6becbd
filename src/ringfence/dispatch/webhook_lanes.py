"""Who may call whom now: caps a lane, an account and in all, so that a program that hangs slows only itself."""

import asyncio
from collections import Counter, OrderedDict, deque

import msgspec

CROWDED_S = 1.0
FIRST_SLOW_S = 2.0
MAX_SLOW_S = 30.0


class LaneLimits(msgspec.Struct, frozen=True, kw_only=True):
    """A lane is an account and a host. Waiting is for `wait_s` at most; whoever waited so long shows the lane is slow.

    In a slow lane no more may wait than it served meanwhile, but `slow_waiting`, and those it turns away come back the
    later the longer it is slow. Each time its line empties, twice as many may wait again, up to `waiting`.
    """

    running: int = 64
    account_running: int = 192
    total_running: int = 512
    waiting: int = 960
    slow_waiting: int = 8
    total_waiting: int = 960
    wait_s: float = 2.0


class WebhookLanes:
    """Admits calls. Those that wait stand in their own lane's line; free places go to the lanes in turn."""

    def __init__(self, limits: LaneLimits) -> None:
        self._limits = limits
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._account_running: Counter[str] = Counter()
        self._waiting_lanes: OrderedDict[_Lane, None] = OrderedDict()
        self.running = 0
        self.waiting = 0

    async def enter(self, account: str, host: str) -> float:
        """0: go, and `leave` at the end. Else the seconds after which to try again."""
        lane = self._lanes.get((account, host))
        if lane is None:
            lane = self._lanes[account, host] = _Lane(account, host, self._limits.waiting)
        if not lane.line and self._has_room(lane):
            self._take(lane)
            return 0.0
        if len(lane.line) >= lane.limit or self.waiting >= self._limits.total_waiting:
            self._forget_if_unused(lane)
            return lane.delay_s()
        return 0.0 if await self._wait(lane) else lane.delay_s()

    def leave(self, account: str, host: str) -> None:
        """Give the place back and let in whoever can now run."""
        lane = self._lanes[account, host]
        self.running -= 1
        lane.running -= 1
        self._account_running[account] -= 1
        if not self._account_running[account]:
            del self._account_running[account]
        self._admit()
        self._forget_if_unused(lane)

    async def _wait(self, lane: "_Lane") -> bool:
        """True once let in; False when `wait_s` passed."""
        loop = asyncio.get_running_loop()
        place: asyncio.Future[bool] = loop.create_future()
        alarm = loop.call_later(self._limits.wait_s, _give_up, place)
        served_before = lane.served
        lane.line.append(place)
        self._waiting_lanes[lane] = None
        self.waiting += 1
        try:
            if await place:
                return True
        except BaseException:
            if place.done() and not place.cancelled() and place.result():
                # Let in at the moment it was cancelled: the place goes to the next.
                self.leave(lane.account, lane.host)
            else:
                self._leave_line(lane, place)
                self._forget_if_unused(lane)
            raise
        finally:
            alarm.cancel()
        self._leave_line(lane, place)
        now_s = loop.time()
        if lane.struck_s is None or now_s - lane.struck_s >= self._limits.wait_s:
            lane.strike(now_s, max(self._limits.slow_waiting, lane.served - served_before))
        self._forget_if_unused(lane)
        return False

    def _leave_line(self, lane: "_Lane", place: "_Place") -> None:
        if place in lane.line:
            lane.line.remove(place)
            self._left_line(lane)

    def _admit(self) -> None:
        for lane in list(self._waiting_lanes):
            if self.running >= self._limits.total_running:
                return
            if self._has_room(lane):
                self._waiting_lanes.move_to_end(lane)
                self._admit_first(lane)

    def _admit_first(self, lane: "_Lane") -> None:
        while lane.line:
            place = lane.line.popleft()
            self._left_line(lane)
            # One that has just given up may still stand here.
            if not place.done():
                place.set_result(True)
                self._take(lane)
                lane.served += 1
                if not lane.line:
                    lane.strikes = 0
                    lane.limit = min(2 * lane.limit, self._limits.waiting)
                return

    def _left_line(self, lane: "_Lane") -> None:
        self.waiting -= 1
        if not lane.line:
            del self._waiting_lanes[lane]

    def _has_room(self, lane: "_Lane") -> bool:
        return (
            self.running < self._limits.total_running
            and lane.running < self._limits.running
            and self._account_running[lane.account] < self._limits.account_running
        )

    def _take(self, lane: "_Lane") -> None:
        self.running += 1
        lane.running += 1
        self._account_running[lane.account] += 1

    def _forget_if_unused(self, lane: "_Lane") -> None:
        if not lane.running and not lane.line:
            self._lanes.pop((lane.account, lane.host), None)


_Place = asyncio.Future[bool]


def _give_up(place: _Place) -> None:
    if not place.done():
        place.set_result(False)


class _Lane:
    """One account's calls to one host. `strikes` counts the times that waiting there was in vain, without a break.

    `limit` is how many may wait, `served` counts those who came from the line.
    """

    def __init__(self, account: str, host: str, limit: int) -> None:
        self.account = account
        self.host = host
        self.limit = limit
        self.running = 0
        self.line: deque[_Place] = deque()
        self.served = 0
        self.strikes = 0
        self.struck_s: float | None = None

    def strike(self, now_s: float, limit: int) -> None:
        """Note that somebody waited in vain."""
        self.strikes += 1
        self.struck_s = now_s
        self.limit = limit

    def delay_s(self) -> float:
        """When to come back."""
        if not self.strikes:
            return CROWDED_S
        return min(FIRST_SLOW_S * 2.0 ** (self.strikes - 1), MAX_SLOW_S)
