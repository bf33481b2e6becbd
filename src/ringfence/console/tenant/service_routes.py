"""Messaging Services of an account: their settings, their pools, and what their numbers do, which is sealed."""

from typing import Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.member_acts import GONE, MemberActs, checked_name, telling
from ringfence.console.tenant.standing_json import FormJson, StandingRelay
from ringfence.console.tenant.standing_routes import StandingOf, standing_routes
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid, new_sid
from ringfence.domain.standing import service_record
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.messaging_services import ServiceRow, ServiceStore
from ringfence.ports.standing_forms import KeptStanding
from ringfence.ports.store import NumberStore, SidTakenError
from ringfence.ports.verify_config import VerifyConfigStore
from ringfence.usecases.messaging.configure_service import keep_service
from ringfence.usecases.messaging.create_service import keep_new_service
from ringfence.usecases.messaging.pool_number import POOL_LIMIT, pool_number
from ringfence.usecases.messaging.send import VALIDITY_MAX_S

SERVICE: Final = "MG"
NUMBER: Final = "PN"
SHOWN: Final = 200
NUMBERS_OFFERED: Final = 500
AT: Final = "/services/messaging"
TITLE: Final = "Services"


class _Named(msgspec.Struct, frozen=True):
    friendly_name: str


class _Made(msgspec.Struct, frozen=True):
    friendly_name: str
    sid: str
    form: FormJson


class _Settings(msgspec.Struct, frozen=True):
    """As a form sends it: a box that is ticked is "on"."""

    friendly_name: str
    validity_period_s: str
    sticky_sender: str = ""
    smart_encoding: str = ""
    area_code_geomatch: str = ""
    use_inbound_webhook_on_number: str = ""

    def read(self) -> dict[str, Any]:
        """By the names of ServiceRow; RefusedError."""
        seconds = self.validity_period_s
        if not (seconds.isascii() and seconds.isdigit() and 1 <= int(seconds[:9]) <= VALIDITY_MAX_S):
            raise RefusedError(f"A text waits 1 to {VALIDITY_MAX_S:,} seconds.", status=400)
        flags = ("sticky_sender", "smart_encoding", "area_code_geomatch", "use_inbound_webhook_on_number")
        return {name: getattr(self, name) == "on" for name in flags} | {
            "friendly_name": checked_name(self.friendly_name),
            "validity_period_s": int(seconds),
        }


class _Number(msgspec.Struct, frozen=True):
    number: str


class ServicesAndNumbers(ServiceStore, NumberStore, VerifyConfigStore, Protocol):
    """What of the store these pages need."""


def service_routes(
    pages: Pages, store: ServicesAndNumbers, relay: StandingRelay, acts: MemberActs, clock: Clock, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    def shown(name: str, request: Request, status: int = 200, **values: Any) -> Response:
        return pages.page(name, status, title=TITLE, session=session_of(request), keys=keys_origin, **values)

    async def listed(request: Request) -> Response:
        account = session_of(request).account
        verify = await store.verify_rows(account, "service", limit=SHOWN)
        return shown(
            "member_services.html",
            request,
            messaging=await store.services(account, limit=SHOWN),
            verify=[(row, decode_verify_service(row.settings)) for row in verify],
            most=SHOWN,
        )

    async def now(looked: Looked) -> Now:
        messaging = await store.services(looked.account, limit=SHOWN)
        verify = await store.verify_rows(looked.account, "service", limit=SHOWN)
        return {each.sid: (each.friendly_name, each.updated_ms) for each in messaging} | {
            each.sid: (each.settings, each.updated_ms) for each in verify
        }

    async def one(request: Request) -> Response:
        row = await store.service(session_of(request).account, request.path_params["sid"])
        if row is None:
            return shown("member_missing.html", request, 404)
        pool = await store.pool(row.account, row.sid, limit=POOL_LIMIT)
        pooled = {each.sid for each in pool}
        owned = await store.numbers(row.account, limit=NUMBERS_OFFERED)
        return shown(
            "member_service.html",
            request,
            service=row,
            pool=pool,
            others=[each for each in owned if each.sid not in pooled],
            validity_max_s=VALIDITY_MAX_S,
        )

    async def find(request: Request) -> StandingOf:
        row = await own(request)
        return StandingOf(record=service_record(row.sid), standing=row.standing, label=row.friendly_name)

    async def keep(request: Request, kept: KeptStanding) -> None:
        await changed(request, {"standing": kept.sealed, "has_status_callback": kept.tells_status})

    async def settle(request: Request) -> Response:
        settings = (await read_json(request, _Settings)).read()
        row = await own(request)
        await acts.begin(request, "configure_messaging_service", row.sid)
        await changed(request, settings)
        return done()

    async def delete(request: Request) -> Response:
        row = await own(request)
        await acts.begin(request, "delete_messaging_service", row.sid)
        if not await store.delete_service(row.account, row.sid):
            raise RefusedError(GONE, status=404)
        return done()

    async def add(request: Request) -> Response:
        row, asked = await own(request), await read_json(request, _Number)
        if not is_sid(asked.number, NUMBER):
            raise RefusedError("Choose a number.", status=400)
        await acts.begin(request, "pool_number", row.sid, asked.number)
        if await pool_number(store, clock, account=row.account, service=row.sid, number_sid=asked.number) is None:
            raise RefusedError(GONE, status=404)
        return done()

    async def remove(request: Request) -> Response:
        row, number = await own(request), request.path_params["number"]
        if await store.pooled(row.account, row.sid, number) is None:
            raise RefusedError(GONE, status=404)
        await acts.begin(request, "unpool_number", row.sid, number)
        await store.remove_from_pool(row.account, row.sid, number)
        return done()

    async def begin_making(request: Request) -> Response:
        session, wanted = acts.fresh_session(request), await read_json(request, _Named)
        sid, label = new_sid(SERVICE, clock.now_ms()), checked_name(wanted.friendly_name)
        return done(sid=sid, record=service_record(sid), label=label, proof_key=await relay.proof_key(session))

    async def make(request: Request) -> Response:
        made = await read_json(request, _Made)
        if not is_sid(made.sid, SERVICE):
            raise RefusedError("That is no service's SID.", status=400)
        name = checked_name(made.friendly_name)
        session = await acts.begin(request, "make_messaging_service", made.sid)
        kept = await relay.kept(session, service_record(made.sid), b"", made.form)
        try:
            row = await keep_new_service(
                *(store, clock),
                account=session.account,
                sid=made.sid,
                friendly_name=name,
                settings={},
                standing=kept.sealed,
                has_status_callback=kept.tells_status,
            )
        except SidTakenError:
            raise RefusedError("This service was made before.") from None
        return done(sid=row.sid)

    async def own(request: Request) -> ServiceRow:
        row = await store.service(session_of(request).account, request.path_params["sid"])
        if row is None:
            raise RefusedError(GONE, status=404)
        return row

    async def changed(request: Request, settings: dict[str, Any]) -> None:
        # Read anew: what was changed meanwhile stays.
        if await keep_service(store, clock, await own(request), settings) is None:
            raise RefusedError(GONE, status=404)

    return [
        Followed("/services", listed, now),
        Route(f"{AT}/form", answering(begin_making), methods=["POST"]),
        Route(AT, answering(make), methods=["POST"]),
        Route(AT + "/{sid}", one, methods=["GET"]),
        *standing_routes(AT + "/{sid}", find, keep, relay, acts),
        Route(AT + "/{sid}/settings", answering(settle), methods=["POST"]),
        Route(AT + "/{sid}/delete", answering(delete), methods=["POST"]),
        Route(AT + "/{sid}/pool", answering(telling(add)), methods=["POST"]),
        Route(AT + "/{sid}/pool/{number}/remove", answering(remove), methods=["POST"]),
    ]
