"""Webhooks of a Verify Service: names and events in the clear, addresses sealed, in the key origin's frame."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.member_acts import GONE, MemberActs, checked_name, telling
from ringfence.console.tenant.standing_json import FormJson, StandingRelay
from ringfence.console.tenant.standing_routes import StandingOf, standing_routes
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid, new_sid
from ringfence.domain.standing import verify_webhook_record
from ringfence.domain.verify_event import EVENT_KINDS, EVERY_KIND, VerifyWebhook, decode_verify_webhook
from ringfence.ports.standing_forms import KeptStanding
from ringfence.ports.store import SidTakenError
from ringfence.ports.verify_config import VerifyConfigStore, VerifyRow
from ringfence.usecases.verify.configuration import WEBHOOK
from ringfence.usecases.verify.webhooks import keep_new_webhook, keep_webhook

TITLE: Final = "Services"
AT: Final = "/services/verify/{service}/webhooks"
KNOWN: Final = (EVERY_KIND, *EVENT_KINDS)


class _Wanted(msgspec.Struct, frozen=True):
    """As a form sends it: a box that is ticked is "on"."""

    friendly_name: str
    events: tuple[str, ...] = ()
    enabled: str = ""
    version: str = "v2"

    def read(self) -> VerifyWebhook:
        """RefusedError."""
        if not self.events or not set(self.events) <= set(KNOWN) or self.version not in ("v1", "v2"):
            raise RefusedError("Choose of what it is told.", status=400)
        return VerifyWebhook(
            friendly_name=checked_name(self.friendly_name),
            event_types=tuple(dict.fromkeys(self.events)),
            enabled=self.enabled == "on",
            version=self.version,
        )


class _Made(_Wanted, frozen=True, kw_only=True):
    sid: str
    form: FormJson


def verify_webhook_routes(
    pages: Pages, store: VerifyConfigStore, relay: StandingRelay, acts: MemberActs, clock: Clock, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def one(request: Request) -> Response:
        row, of = await found(request), {"title": TITLE, "session": session_of(request), "keys": keys_origin}
        if row is None:
            return pages.page("member_missing.html", 404, **of)
        webhook = decode_verify_webhook(row.settings)
        return pages.page("member_verify_webhook.html", **of, row=row, webhook=webhook, known=KNOWN)

    async def begin_making(request: Request) -> Response:
        session, wanted = acts.fresh_session(request), (await read_json(request, _Wanted)).read()
        await service_of(request)
        sid = new_sid(WEBHOOK.prefix, clock.now_ms())
        proof_key = await relay.proof_key(session)
        return done(sid=sid, record=verify_webhook_record(sid), label=wanted.friendly_name, proof_key=proof_key)

    async def make(request: Request) -> Response:
        made, service = await read_json(request, _Made), await service_of(request)
        webhook = made.read()
        if not is_sid(made.sid, WEBHOOK.prefix):
            raise RefusedError("That is no webhook's SID.", status=400)
        session = await acts.begin(request, "make_verify_webhook", made.sid)
        kept = await relay.kept(session, verify_webhook_record(made.sid), b"", made.form)
        try:
            row = await keep_new_webhook(store, clock, service, made.sid, webhook, kept.sealed)
        except SidTakenError:
            raise RefusedError("This webhook was made before.") from None
        if row is None:
            raise RefusedError(GONE, status=404)
        return done(sid=row.sid)

    async def settle(request: Request) -> Response:
        webhook, row = (await read_json(request, _Wanted)).read(), await own(request)
        await acts.begin(request, "configure_verify_webhook", row.sid)
        await changed(request, webhook, None)
        return done()

    async def delete(request: Request) -> Response:
        row = await own(request)
        await acts.begin(request, "delete_verify_webhook", row.sid)
        if not await store.delete_verify(row.account, "webhook", row.sid, parent=row.parent):
            raise RefusedError(GONE, status=404)
        return done()

    async def find(request: Request) -> StandingOf:
        row = await own(request)
        label = decode_verify_webhook(row.settings).friendly_name
        return StandingOf(record=verify_webhook_record(row.sid), standing=row.standing, label=label)

    async def keep(request: Request, kept: KeptStanding) -> None:
        await changed(request, None, kept.sealed)

    async def changed(request: Request, webhook: VerifyWebhook | None, standing: bytes | None) -> None:
        # Read anew: what was changed meanwhile stays.
        row = await own(request)
        settings = webhook or decode_verify_webhook(row.settings)
        if await keep_webhook(store, clock, row, settings, row.standing if standing is None else standing) is None:
            raise RefusedError(GONE, status=404)

    async def found(request: Request) -> VerifyRow | None:
        of = request.path_params
        return await store.verify_row(session_of(request).account, "webhook", of["sid"], parent=of["service"])

    async def own(request: Request) -> VerifyRow:
        return there(await found(request))

    async def service_of(request: Request) -> VerifyRow:
        account, service = session_of(request).account, request.path_params["service"]
        return there(await store.verify_row(account, "service", service))

    def there(row: Any) -> VerifyRow:
        if not isinstance(row, VerifyRow):
            raise RefusedError(GONE, status=404)
        return row

    return [
        Route(f"{AT}/form", answering(begin_making), methods=["POST"]),
        Route(AT, answering(telling(make)), methods=["POST"]),
        Route(AT + "/{sid}", one, methods=["GET"]),
        *standing_routes(AT + "/{sid}", find, keep, relay, acts),
        Route(AT + "/{sid}/settings", answering(settle), methods=["POST"]),
        Route(AT + "/{sid}/delete", answering(delete), methods=["POST"]),
    ]
