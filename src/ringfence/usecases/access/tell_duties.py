"""Tell accounts by webhook that a duty to retain metadata was declared, and that it ended."""

from typing import Final

from ringfence.domain.clock import Clock
from ringfence.ports.notices import NoticeStore
from ringfence.ports.retention import Duties, Duty
from ringfence.usecases.access.tell_notices import PAGE, duty_notice, tell_notices

TOLD_FOR_MS: Final = 7 * 86_400_000
"""How long after its end a duty is still told of: a dispatcher that was away for that long tells nobody of it."""
AGAIN_MS: Final = 3_600_000
"""How often it is looked for accounts that named an address meanwhile."""


class DutyNotices:
    """Tells every account that has an address for notices of duties that it finds in the key service.

    Who names an address while one stands is told within `AGAIN_MS`. `link` is the page of duties in the console.
    """

    def __init__(self, store: NoticeStore, duties: Duties, clock: Clock, link: str) -> None:
        self._store = store
        self._duties = duties
        self._clock = clock
        self._link = link
        # When all accounts were last told of it: a duty's number, and whether it had ended.
        self._told_ms: dict[tuple[int, bool], int] = {}

    async def round(self) -> int:
        """Tell of what is new since the last one, and to whom is; how many are told anew. ConnectionError."""
        now_ms, told = self._clock.now_ms(), 0
        # In the order in which it happened: what began before what ended it.
        for duty in reversed(await self._duties.duties()):
            if duty.ended_ms is not None and now_ms - duty.ended_ms >= TOLD_FOR_MS:
                continue
            known = duty.number, duty.ended_ms is not None
            if known not in self._told_ms or now_ms - self._told_ms[known] >= AGAIN_MS:
                told += await self._tell(duty)
                self._told_ms[known] = now_ms
        return told

    async def _tell(self, duty: Duty) -> int:
        told, after = 0, ""
        while accounts := await self._store.addressed_accounts(after=after, limit=PAGE):
            rows = [duty_notice(each, duty, self._link) for each in accounts]
            if duty.ended_ms is not None:
                rows += [duty_notice(each, duty, self._link, ended_ms=duty.ended_ms) for each in accounts]
            told += await tell_notices(self._store, rows)
            after = accounts[-1]
        return told
