"""What a tenant's program was told of a text or a call, attempt by attempt, opened with the credential that asks."""

from collections import defaultdict

import msgspec

from ringfence.domain.attempt import Attempt
from ringfence.domain.sealing.attempt import open_attempt
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.store import EventRow, Settlement, Store


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt's end, and what was said in it: None where that was not kept, redacted, or does not open."""

    settlement: Settlement
    attempt: Attempt | None


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """One event that the tenant's program is told, with its attempts in order."""

    event: EventRow
    attempts: tuple[AttemptView, ...]


async def read_webhooks(store: Store, sealer: RecordSealer | None, account: str, sid: str) -> tuple[WebhookView, ...]:
    """The events of a text or a call in order; without a sealer, without what was said."""
    events = await store.events(account, sid)
    attempts: dict[int, list[AttemptView]] = defaultdict(list)
    for settlement in await store.attempts(account, sid):
        said = _opened(sealer, sid, settlement)
        attempts[settlement.event_id].append(AttemptView(settlement=settlement, attempt=said))
    return tuple(WebhookView(event=event, attempts=tuple(attempts[event.id])) for event in events)


def _opened(sealer: RecordSealer | None, sid: str, settlement: Settlement) -> Attempt | None:
    if sealer is None or not settlement.detail:
        return None
    return open_attempt(sealer, sid, settlement.event_id, settlement.detail)
