"""Verify Services of an account: made, and every setting changed. None of it is content, and all of it is in the clear.

To delete one ends second factors, whose secrets the key service forgets for the API alone: so it is not done here.
"""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.member_acts import GONE, MemberActs, telling
from ringfence.console.tenant.verify_fields import GROUPS, LABELS
from ringfence.console.tenant.verify_webhook_routes import KNOWN
from ringfence.domain.clock import Clock
from ringfence.domain.verify_event import decode_verify_webhook
from ringfence.domain.verify_service import VerifyService, decode_verify_service
from ringfence.domain.verify_settings import as_form, from_form
from ringfence.ports.verify_config import VerifyConfigStore
from ringfence.usecases.verify.configuration import WEBHOOK
from ringfence.usecases.verify.services import configure_verify_service, create_verify_service

TITLE: Final = "Services"
AT: Final = "/services/verify"


class _Named(msgspec.Struct, frozen=True):
    friendly_name: str


def verify_service_routes(
    pages: Pages, store: VerifyConfigStore, acts: MemberActs, clock: Clock, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    def shown(name: str, request: Request, status: int = 200, **values: Any) -> Response:
        return pages.page(name, status, title=TITLE, session=session_of(request), keys=keys_origin, **values)

    async def one(request: Request) -> Response:
        row = await store.verify_row(session_of(request).account, "service", request.path_params["sid"])
        if row is None:
            return shown("member_missing.html", request, 404)
        service = decode_verify_service(row.settings)
        rows = await store.verify_rows(row.account, "webhook", parent=row.sid, limit=WEBHOOK.limit)
        return shown(
            "member_verify_service.html",
            request,
            row=row,
            service=service,
            set_up=as_form(service),
            groups=GROUPS,
            webhooks=[(each.sid, decode_verify_webhook(each.settings)) for each in rows],
            most=WEBHOOK.limit,
            events=KNOWN,
        )

    async def make(request: Request) -> Response:
        name = (await read_json(request, _Named)).friendly_name
        fresh = VerifyService(friendly_name="")
        service = _read(fresh, as_form(fresh) | {"friendly_name": name})
        session = await acts.begin(request, "make_verify_service")
        row = await create_verify_service(store, clock, session.account, service)
        return done(sid=row.sid)

    async def settle(request: Request) -> Response:
        given = await read_json(request, dict[str, str])
        row = await store.verify_row(session_of(request).account, "service", request.path_params["sid"])
        if row is None:
            raise RefusedError(GONE, status=404)
        _read(decode_verify_service(row.settings), given)
        await acts.begin(request, "configure_verify_service", row.sid)
        if await configure_verify_service(store, clock, row, lambda service: from_form(service, given)) is None:
            raise RefusedError(GONE, status=404)
        return done()

    return [
        Route(AT, answering(telling(make)), methods=["POST"]),
        Route(AT + "/{sid}", one, methods=["GET"]),
        Route(AT + "/{sid}/settings", answering(settle), methods=["POST"]),
    ]


def _read(service: VerifyService, given: dict[str, str]) -> VerifyService:
    try:
        return from_form(service, given)
    except ValueError as wrong:
        name, _, expected = str(wrong).partition(": ")
        raise RefusedError(f"{LABELS[name]}: {expected}.", status=400) from None
