"""One call's row while it is live: its status moves with their callbacks, and its steps."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from ringfence.domain.call import FINAL, Content, Status, may_become
from ringfence.domain.call_duration import billed_minutes
from ringfence.domain.call_fields import CallFacts, Fields, call_fields
from ringfence.domain.call_rating import call_rate
from ringfence.domain.call_step import StepDetail
from ringfence.ports.calls import CallChange, CallRow
from ringfence.ports.store import NewEvent, QueueFullError, StoreFailedError
from ringfence.usecases.voice.desk import Desk

FIRST_RETRY_S = 0.1
MAX_RETRY_S = 5.0
# What a callback without events is told.
DEFAULT_EVENTS = ("completed",)

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class CallRecord:
    """A call that this process runs. `key` is its record key."""

    def __init__(self, desk: Desk, row: CallRow, content: Content, key: bytes) -> None:
        self.row = row
        self.content = content
        self.key = key
        self._desk = desk

    def __repr__(self) -> str:
        return f"CallRecord({self.row.sid}, {self.row.status.value})"

    @property
    def account(self) -> str:
        return self.row.account

    @property
    def sid(self) -> str:
        return self.row.sid

    @property
    def over(self) -> bool:
        return self.row.status in FINAL

    def fields(self) -> Fields:
        """What a request about this call tells."""
        facts = CallFacts(
            account=self.account,
            sid=self.sid,
            parent_sid=self.row.parent_sid,
            direction=self.row.direction,
            status=self.row.status.value,
        )
        return call_fields(facts, self.content)

    async def move(
        self,
        status: Status,
        *,
        sip_status: int | None = None,
        error_code: int | None = None,
        route: str | None = None,
    ) -> None:
        """Move the call on, with the callback that was asked for; a move that is not allowed is a no-op.

        Returns once it is written, however long the store is away.
        """
        if not may_become(self.row.status, status):
            return
        at_ms = self._desk.clock.now_ms()
        price_micros = retained = None
        if status in FINAL:
            retained = await self._desk.ends.of(self.row, at_ms)
            price_micros = billed_minutes(self.row.answered_ms, at_ms) * self._rate_micros()
        change = CallChange(
            status=status,
            at_ms=at_ms,
            sip_status=sip_status,
            error_code=error_code,
            price_micros=price_micros,
            route=route,
        )
        events = progress_events(self.content, status, at_ms)
        row = await insist(lambda: self._desk.store.move_call(self.account, self.sid, change, events, retained))
        if row is None:
            # Somebody else has moved it meanwhile: what is written holds.
            row = await insist(lambda: self._desk.store.call(self.account, self.sid))
        if row is not None:
            self.row = row
        self.step("status", status.value, code=error_code, fields=_status_fields(sip_status))
        if events:
            self._desk.wake.ring()

    def _rate_micros(self) -> int:
        """The price of a minute, as it was when the call was made."""
        return self.row.rate_micros or call_rate(self.row.direction, self.row.remote_region)

    def step(
        self,
        kind: str,
        text: str,
        *,
        code: int | None = None,
        line: int = 0,
        column: int = 0,
        url: str = "",
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Note what happened, for the tenant's timeline."""
        self.note(kind, StepDetail(text=text, line=line, column=column, url=url, fields=fields), code=code)

    def note(self, kind: str, detail: StepDetail, *, code: int | None = None) -> None:
        """Note what happened, whole."""
        self._desk.steps.add(self.key, self.account, self.sid, kind, detail, code=code)


def progress_events(content: Content, status: Status, at_ms: int) -> list[NewEvent]:
    """The callback of a status, where it is asked for. The store numbers it."""
    if not content.status_callback:
        return []
    asked = content.status_events or DEFAULT_EVENTS
    name = {Status.QUEUED: "initiated", Status.RINGING: "ringing", Status.IN_PROGRESS: "answered"}.get(status)
    if (name or "completed") not in asked:
        return []
    return [NewEvent(kind=f"call.{name or status.value}", sequence=0, at_ms=at_ms)]


async def insist(write: Callable[[], Awaitable[T]]) -> T:
    """The outcome of a write to the store, tried until it is made: a call's state must not be lost."""
    delay_s = FIRST_RETRY_S
    while True:
        try:
            return await write()
        except (StoreFailedError, QueueFullError, ConnectionError) as error:
            _log.warning("voice.not_written", error=type(error).__name__, delay_ms=round(delay_s * 1_000))
        await asyncio.sleep(delay_s)
        delay_s = min(2 * delay_s, MAX_RETRY_S)


def _status_fields(sip_status: int | None) -> tuple[tuple[str, str], ...]:
    return (("SipResponseCode", str(sip_status)),) if sip_status else ()
