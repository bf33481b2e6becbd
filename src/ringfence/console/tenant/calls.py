"""An account's calls for its members: what is clear of them, and what is sealed as it is kept."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.console.tenant.days import FORTNIGHT, bounds_ms, day_of, fortnight
from ringfence.console.tenant.looked_through import looked_through
from ringfence.console.tenant.spent import SpentDay, shown_price
from ringfence.console.tenant.wanted import Wanted
from ringfence.domain.base64url import encode_base64url
from ringfence.domain.call import Direction, Status
from ringfence.ports.calls import CallFilter, CallRow, RecordingRow, StepRow
from ringfence.ports.day_counts import DAY_MS, DayCalls

_CONNECTED = frozenset({Status.COMPLETED, Status.IN_PROGRESS})
CHILDREN_MAX = 100
RECORDINGS_MAX = 100


class Calls(Protocol):
    """The part of `ports.calls.CallStore` that is read."""

    async def call(self, account: str, sid: str) -> CallRow | None: ...

    async def calls(
        self, account: str, wanted: CallFilter, *, before: str | None = None, limit: int = 50
    ) -> list[CallRow]: ...

    async def calls_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCalls]: ...

    async def steps(self, account: str, call_sid: str) -> list[StepRow]: ...

    async def recording(self, account: str, sid: str) -> RecordingRow | None: ...

    async def recordings(
        self,
        account: str,
        *,
        call_sid: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[RecordingRow]: ...


CallsWanted = Wanted[Status, Direction]


class SealedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call for the key origin to open: `content` is sealed, base64url. `duration_ms` is how long it was answered."""

    sid: str
    epoch: int
    content: str
    direction: Direction
    status: Status
    local: str
    parent: str | None
    created_ms: int
    duration_ms: int | None
    price: str
    error_code: int | None


class CallDay(SpentDay, kw_only=True):
    """What a day brought of calls."""

    connected: int = 0
    not_connected: int = 0
    seconds: int = 0


class SealedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a call: when and what kind is clear, `detail` is sealed."""

    at_ms: int
    kind: str
    code: int | None
    detail: str


class OfCall(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to a call, beside what its program was told."""

    steps: Sequence[SealedStep]
    children: Sequence[SealedCall]
    recordings: Sequence[str]


class TenantCalls:
    """Reads, and writes nothing. A call that brings a code is none of the tenant's."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def page(self, account: str, wanted: CallsWanted) -> tuple[list[SealedCall], str | None]:
        """A page, the newest first, and what to ask the next one with: None where there is none. RefusedError."""
        from_ms, to_ms = bounds_ms(wanted.day)
        asked = CallFilter(status=wanted.status, start_from_ms=from_ms, start_to_ms=to_ms)
        direction = wanted.direction
        found, before = await looked_through(
            lambda behind, limit: self._calls.calls(account, asked, before=behind, limit=limit),
            None if direction is None else lambda row: row.direction is direction,
            lambda row: row.sid,
            wanted.before,
        )
        return [sealed_call(row) for row in found], before

    async def days(self, account: str, now_ms: int) -> Sequence[CallDay]:
        """The last fortnight by day, today first. Calls that bring codes are not among them."""
        days = {each: CallDay(day=each) for each in fortnight(now_ms)}
        from_ms = bounds_ms(min(days))[0] or 0
        for each in await self._calls.calls_by_day(account, from_ms, from_ms + FORTNIGHT * DAY_MS):
            if each.brings_code:
                continue
            day = days[day_of(each.day_ms)]
            if each.status in _CONNECTED:
                day.connected += each.calls
            else:
                day.not_connected += each.calls
            day.seconds += each.seconds
            if each.spent_micros:
                day.spent_micros[each.price_unit] += abs(each.spent_micros)
        return list(days.values())

    async def call(self, account: str, sid: str) -> CallRow | None:
        """One call of the account."""
        row = await self._calls.call(account, sid)
        return None if row is None or row.brings_code else row

    async def of(self, row: CallRow) -> OfCall:
        """What belongs to it."""
        children = await self._calls.calls(row.account, CallFilter(parent_sid=row.sid), limit=CHILDREN_MAX)
        recordings = await self._calls.recordings(row.account, call_sid=row.sid, limit=RECORDINGS_MAX)
        return OfCall(
            steps=[
                SealedStep(at_ms=step.at_ms, kind=step.kind, code=step.code, detail=encode_base64url(step.detail))
                for step in await self._calls.steps(row.account, row.sid)
            ],
            children=[sealed_call(child) for child in reversed(children)],
            recordings=[each.sid for each in reversed(recordings)],
        )


def sealed_call(row: CallRow) -> SealedCall:
    """What a browser is given of a row."""
    answered = row.answered_ms is not None and row.ended_ms is not None
    return SealedCall(
        sid=row.sid,
        epoch=row.epoch,
        content=encode_base64url(row.content),
        direction=row.direction,
        status=row.status,
        local=row.local,
        parent=row.parent_sid,
        created_ms=row.created_ms,
        duration_ms=(row.ended_ms or 0) - (row.answered_ms or 0) if answered else None,
        price=shown_price(row.price_micros, row.price_unit),
        error_code=row.error_code,
    )
