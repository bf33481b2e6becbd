"""Which webhooks of a Verify Service are to be told of an event, and the row of each telling."""

from ringfence.domain.verify_event import EventKind, VerifyEvent, decode_verify_webhook
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow
from ringfence.usecases.verify.configuration import WEBHOOK


async def webhooks_wanting(store: Store, account: str, service: str, kind: EventKind) -> list[str]:
    """The webhooks that are to be told of this, the oldest first."""
    hooks = await store.verify_rows(account, "webhook", parent=service, limit=WEBHOOK.limit)
    return [row.sid for row in reversed(hooks) if decode_verify_webhook(row.settings).wants(kind)]


def telling_of(event: VerifyEvent, *, sid: str, webhook: str, epoch: int, content: bytes) -> TellingRow:
    """`event` as one webhook is to be told it; `content` is that event, sealed in `epoch` under the telling's `sid`."""
    return TellingRow(
        account=event.account,
        sid=sid,
        service=event.service,
        webhook=webhook,
        subject=event.subject,
        kind=event.kind,
        epoch=epoch,
        content=content,
        at_ms=event.at_ms,
    )
