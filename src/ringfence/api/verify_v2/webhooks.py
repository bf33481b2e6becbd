"""Webhooks of a Verify Service. Source: Twilio, "Webhooks" of Verify v2."""

from typing import Annotated, Any, Literal

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule, read_name, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.domain.errors import ApiError
from ringfence.domain.verify_event import EVENT_KINDS, EVERY_KIND, VerifyWebhook, decode_verify_webhook
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.webhooks import configure_webhook, create_webhook, urls_of

webhooks = Resource(
    "Services/{ServiceSid}/Webhooks", item="Webhook", listed="webhooks", product=PRODUCT, version=VERSION
)

_KNOWN = (EVERY_KIND, *EVENT_KINDS)


def _events(values: tuple[str, ...]) -> tuple[str, ...]:
    """What is subscribed to, each once. ApiError 60200."""
    wrong = [value for value in values if value not in _KNOWN]
    if wrong:
        known = ", ".join(_KNOWN)
        raise ApiError(VERIFY_PARAMETER, f"Invalid parameter `EventTypes`: {wrong[0][:40]} is not of {known}")
    return tuple(dict.fromkeys(values))


class WebhookForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What may be set on a webhook; what is absent stays."""

    friendly_name: Annotated[str, Rule(read_name, VERIFY_PARAMETER)] | None = None
    event_types: tuple[str, ...] = ()
    webhook_url: Annotated[str, Rule(read_url, VERIFY_PARAMETER)] | None = None
    status: str | None = None
    version: Literal["v1", "v2"] | None = None

    def applied_to(self, webhook: VerifyWebhook) -> VerifyWebhook:
        """`webhook` with what is given. ApiError 60200 for an event or a status that there is not."""
        if self.status not in (None, "enabled", "disabled"):
            raise ApiError(VERIFY_PARAMETER, "Invalid parameter `Status`: expected enabled or disabled")
        return VerifyWebhook(
            friendly_name=self.friendly_name or webhook.friendly_name,
            event_types=_events(self.event_types) or webhook.event_types,
            enabled=webhook.enabled if self.status is None else self.status == "enabled",
            version=self.version or webhook.version,
        )


class Webhook(msgspec.Struct, kw_only=True):
    """A webhook."""

    sid: str
    service_sid: str
    account_sid: str
    friendly_name: str
    event_types: list[str]
    status: str
    version: str
    webhook_url: str
    webhook_method: str
    date_created: str
    date_updated: str
    url: str

    def __repr__(self) -> str:
        return f"Webhook({self.sid})"


def _shown(request: ApiRequest[Any], row: VerifyRow, url: str) -> Webhook:
    settings = decode_verify_webhook(row.settings)
    return Webhook(
        sid=row.sid,
        service_sid=row.parent,
        account_sid=row.account,
        friendly_name=settings.friendly_name,
        event_types=list(settings.event_types),
        status="enabled" if settings.enabled else "disabled",
        version=settings.version,
        webhook_url=url,
        webhook_method="POST",
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        url=f"{service_url(request, row.parent)}/Webhooks/{row.sid}",
    )


async def _found(request: ApiRequest[Any]) -> VerifyRow | None:
    store, service = request.deps.store, request.path["ServiceSid"]
    return await store.verify_row(request.account.sid, "webhook", request.sid, parent=service)


@webhooks.create(WebhookForm)
async def create(request: ApiRequest[WebhookForm]) -> Webhook | None:
    form, deps = request.form, request.deps
    service = await service_of(request)
    if not form.friendly_name or not form.event_types or not form.webhook_url:
        missing = {
            "FriendlyName": form.friendly_name,
            "EventTypes": form.event_types,
            "WebhookUrl": form.webhook_url,
        }
        name = next(name for name, value in missing.items() if not value)
        raise ApiError(VERIFY_PARAMETER, f"Missing required parameter {name}")
    webhook = form.applied_to(VerifyWebhook(friendly_name=form.friendly_name, event_types=()))
    row = await create_webhook(deps.store, deps.keys, deps.clock, service, webhook, form.webhook_url)
    return None if row is None else _shown(request, row, form.webhook_url)


@webhooks.list()
async def list_webhooks(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Webhook]:
    service = await service_of(request)
    rows = await request.deps.store.verify_rows(
        request.account.sid, "webhook", parent=service.sid, before=cursor.before, limit=cursor.limit
    )
    urls = await urls_of(request.deps.keys, request.caller, rows)
    return [_shown(request, row, url) for row, url in zip(rows, urls, strict=True)]


@webhooks.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Webhook | None:
    row = await _found(request)
    return None if row is None else await _opened(request, row)


@webhooks.update(WebhookForm)
async def update(request: ApiRequest[WebhookForm]) -> Webhook | None:
    row, deps, form = await _found(request), request.deps, request.form
    if row is None:
        return None
    webhook = form.applied_to(decode_verify_webhook(row.settings))
    changed = await configure_webhook(deps.store, deps.keys, deps.clock, row, webhook, form.webhook_url)
    return None if changed is None else await _opened(request, changed)


@webhooks.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    service = request.path["ServiceSid"]
    return await request.deps.store.delete_verify(request.account.sid, "webhook", request.sid, parent=service)


async def _opened(request: ApiRequest[Any], row: VerifyRow) -> Webhook:
    (url,) = await urls_of(request.deps.keys, request.caller, [row])
    return _shown(request, row, url)
