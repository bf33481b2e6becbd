"""Make and change webhooks of a Verify Service. Their URLs are sealed: they may hold a token."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import verify_webhook_record
from ringfence.domain.verify_event import VerifyWebhook, encode_verify_webhook
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.verify_config import VerifyConfigStore, VerifyFullError, VerifyRow
from ringfence.usecases.verify.configuration import WEBHOOK


async def create_webhook(
    store: VerifyConfigStore, keys: TenantKeys, clock: Clock, service: VerifyRow, webhook: VerifyWebhook, url: str
) -> VerifyRow | None:
    """As `keep_new_webhook`, of a URL that is sealed here."""
    sid = new_sid(WEBHOOK.prefix, clock.now_ms())
    standing = await _sealed(keys, service.account, sid, url)
    return await keep_new_webhook(store, clock, service, sid, webhook, standing)


async def keep_new_webhook(
    store: VerifyConfigStore, clock: Clock, service: VerifyRow, sid: str, webhook: VerifyWebhook, standing: bytes
) -> VerifyRow | None:
    """The new row, of a URL that is sealed; None where the service is gone.

    SidTakenError; ApiError 60200 where it has all that it may have.
    """
    now_ms = clock.now_ms()
    row = VerifyRow(
        account=service.account,
        kind=WEBHOOK.kind,
        parent=service.sid,
        sid=sid,
        settings=encode_verify_webhook(webhook),
        standing=standing,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    try:
        return row if await store.create_verify(row, WEBHOOK.limit) else None
    except VerifyFullError:
        raise ApiError(WEBHOOK.full, f"A service has at most {WEBHOOK.limit} webhooks.") from None


async def configure_webhook(
    store: VerifyConfigStore, keys: TenantKeys, clock: Clock, row: VerifyRow, webhook: VerifyWebhook, url: str | None
) -> VerifyRow | None:
    """The row as it is now, its URL kept where `url` is None; None where it is gone."""
    standing = row.standing if url is None else await _sealed(keys, row.account, row.sid, url)
    return await keep_webhook(store, clock, row, webhook, standing)


async def keep_webhook(
    store: VerifyConfigStore, clock: Clock, row: VerifyRow, webhook: VerifyWebhook, standing: bytes
) -> VerifyRow | None:
    """The row with these settings and this sealed URL; None where it is gone."""
    changed = msgspec.structs.replace(
        row, settings=encode_verify_webhook(webhook), standing=standing, updated_ms=clock.now_ms()
    )
    return changed if await store.update_verify(changed) else None


async def urls_of(keys: TenantKeys, caller: Caller, rows: Sequence[VerifyRow]) -> list[str]:
    """The URLs of one account's webhooks, in order. KeyRefusedError for a caller that is not its tenant."""
    if not rows:
        return []
    records = [(verify_webhook_record(row.sid), row.standing) for row in rows]
    return [url.decode() for url in await keys.open_standing_as(caller, rows[0].account, records)]


async def _sealed(keys: TenantKeys, account: str, sid: str, url: str) -> bytes:
    (standing,) = await keys.seal_standing(account, [(verify_webhook_record(sid), url.encode())])
    return standing
