"""What an account's program could not be told: the events that were given up, and one of them with all its attempts."""

from collections.abc import Sequence

import msgspec

from ringfence.console.tenant.told import Retold, SealedEvent, told_of
from ringfence.ports.outbox import EventRow, Settlement

SHOWN_MAX = 100


class GivenUp(msgspec.Struct, frozen=True):
    """An event and the last attempt to tell it: None where that is not kept."""

    event: EventRow
    last: Settlement | None


class TenantWebhooks:
    """Reads, and writes nothing."""

    def __init__(self, told: Retold) -> None:
        self._told = told

    async def given_up(self, account: str) -> Sequence[GivenUp]:
        """The newest first."""
        found = []
        for event in await self._told.dead_events(account, limit=SHOWN_MAX):
            attempts = await self._told.attempts(account, event.message_sid)
            last = [each for each in attempts if each.event_id == event.id][-1:]
            found.append(GivenUp(event, last[0] if last else None))
        return found

    async def event(self, account: str, of: str, event_id: int) -> SealedEvent | None:
        """One event of a text, a call or what Verify told, whatever became of it."""
        return next((each for each in await told_of(self._told, account, of) if each.id == event_id), None)

    async def hour(self, account: str, of: str) -> int | None:
        """The hour whose key opens what an event tells of; None where that is gone."""
        key = [(account, of)]
        if of.startswith("CA"):
            (call,) = await self._told.calls_of(key)
            return None if call is None else call.epoch
        if of.startswith("EV"):
            (telling,) = await self._told.tellings_of(key)
            return None if telling is None else telling.epoch
        (text,) = await self._told.messages_of(key)
        return None if text is None else text.epoch
