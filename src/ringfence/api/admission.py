"""Who is served now: so many requests at once, the tenants in turn.

Beyond that requests wait, each tenant's in a line of its own. When no more may wait, the longest line gives way:
whoever asks for most is refused first, and a quiet tenant's request stands at the head of its line as if it were alone.
A tenant is a top-level account with its subaccounts, so that making more of them earns nothing.
"""

import asyncio
from collections import OrderedDict, deque

import msgspec

from ringfence.api.waiting_room import WaitingRoom
from ringfence.domain.errors import ApiError


class AdmissionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests of a tenant are signed in and unanswered, how many (of all, of a tenant) are worked on, and how
    many wait, over all tenants, for `wait_s` at most; fewer where so many wait in vain.

    More at once would not be more in a second: they would only stand in the store's line instead of their tenant's.
    """

    tenant_present: int = 1_024
    running: int = 96
    tenant_running: int = 64
    waiting: int = 512
    wait_s: float = 1.0


class TooManyRequestsError(ApiError):
    """Twilio's 20429 for `who` (a tenant, or a client's address), who may ask again after `retry_after_s`.

    `cause` is what the figures call it: crowd, account_rate or sign_ins.
    """

    def __init__(self, who: str, *, retry_after_s: int = 1, message: str | None = None, cause: str = "crowd") -> None:
        super().__init__(20429, message)
        self.cause = cause
        self.who = who
        self.retry_after_s = retry_after_s


class Tenant:
    """One tenant's requests. Made and forgotten by `Admission`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.present = 0
        self.running = 0
        self.line: deque[asyncio.Future[None]] = deque()


class Admission:
    """Admits requests: `arrive` before the body is read, `enter` before the work; `leave` and `depart` after them."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._room = WaitingRoom(limits.waiting, limits.wait_s)
        self._tenants: dict[str, Tenant] = {}
        # Those who have somebody waiting, the next one first.
        self._lines: OrderedDict[Tenant, None] = OrderedDict()
        self.running = 0
        self.waiting = 0

    def arrive(self, name: str) -> Tenant:
        """Count one more request of this tenant; TooManyRequestsError where it has too many, or would find no place."""
        tenant = self._tenants.get(name) or Tenant(name)
        if tenant.present >= self._limits.tenant_present or self._yields(tenant):
            raise TooManyRequestsError(name)
        tenant.present += 1
        self._tenants[name] = tenant
        return tenant

    @property
    def full(self) -> bool:
        """True when no more may wait."""
        return self.waiting >= self._room.size

    def refuses(self, name: str) -> bool:
        """True when `arrive` would refuse this tenant for want of a place."""
        return self._yields(self._tenants.get(name) or Tenant(name))

    def depart(self, tenant: Tenant) -> None:
        """The request is answered."""
        tenant.present -= 1
        if not tenant.present:
            del self._tenants[tenant.name]

    async def enter(self, tenant: Tenant) -> None:
        """Return when the request may run; TooManyRequestsError when that does not come about in time."""
        if not self._lines and self._has_room(tenant):
            self._take(tenant)
            return
        if self.full:
            if self._yields(tenant):
                raise TooManyRequestsError(tenant.name)
            self._shed(max(self._lines, key=_length))
        loop = asyncio.get_running_loop()
        place: asyncio.Future[None] = loop.create_future()
        tenant.line.append(place)
        self._lines.setdefault(tenant)
        self.waiting += 1
        # Those before it may all belong to tenants that run as many as they may.
        self._admit()
        alarm = loop.call_later(self._limits.wait_s, self._give_up, tenant, place)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._drop(tenant, place)
            elif place.exception() is None:
                # Let in at the moment it left: the place goes to the next.
                self.leave(tenant)
            raise
        finally:
            alarm.cancel()

    def leave(self, tenant: Tenant) -> None:
        """The request's work is done."""
        self.running -= 1
        tenant.running -= 1
        if self._lines:
            self._admit()

    def _yields(self, tenant: Tenant) -> bool:
        """No more may wait, and no other tenant has more waiting than this one."""
        return self.full and len(tenant.line) >= max(map(_length, self._lines), default=0)

    def _has_room(self, tenant: Tenant) -> bool:
        return self.running < self._limits.running and tenant.running < self._limits.tenant_running

    def _take(self, tenant: Tenant) -> None:
        self.running += 1
        tenant.running += 1

    def _admit(self) -> None:
        """Let in from the lines in turn. A tenant that runs as many as it may keeps its place and is passed over."""
        passed_over = 0
        while passed_over < len(self._lines) and self.running < self._limits.running:
            tenant, _ = self._lines.popitem(last=False)
            if tenant.running >= self._limits.tenant_running:
                self._lines[tenant] = None
                passed_over += 1
                continue
            passed_over = 0
            place = tenant.line.popleft()
            self.waiting -= 1
            if tenant.line:
                self._lines[tenant] = None
            if not place.done():
                self._take(tenant)
                place.set_result(None)
                self._room.served()

    def _shed(self, tenant: Tenant) -> None:
        """Refuse the newest of a line."""
        self._refuse(tenant, tenant.line[-1])

    def _give_up(self, tenant: Tenant, place: asyncio.Future[None]) -> None:
        if not place.done():
            self._room.in_vain(place.get_loop().time())
            self._refuse(tenant, place)

    def _refuse(self, tenant: Tenant, place: asyncio.Future[None]) -> None:
        self._drop(tenant, place)
        if not place.done():
            place.set_exception(TooManyRequestsError(tenant.name))

    def _drop(self, tenant: Tenant, place: asyncio.Future[None]) -> None:
        if place in tenant.line:
            tenant.line.remove(place)
            self.waiting -= 1
            if not tenant.line:
                del self._lines[tenant]


def _length(tenant: Tenant) -> int:
    return len(tenant.line)
