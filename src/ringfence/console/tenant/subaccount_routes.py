"""Subaccounts for members of their parent: which there are, and their texts, read through the parent's content key."""

from typing import Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, filter_of, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.standstill import Standstill
from ringfence.console.tenant.sealed_hours import Opener, SealedHours
from ringfence.console.tenant.traffic import TenantTraffic, TextsWanted
from ringfence.domain.message import Direction, Status
from ringfence.ports.store import AccountRow

TITLE: Final = "Subaccounts"
SHOWN: Final = 500


class AccountsToRead(Protocol):
    """What of the store these pages need."""

    async def account(self, sid: str) -> AccountRow | None: ...

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]: ...


class _Page(msgspec.Struct, frozen=True):
    wanted: TextsWanted
    credential: str


def subaccount_routes(
    pages: Pages,
    accounts: AccountsToRead,
    standstill: Standstill,
    traffic: TenantTraffic,
    hours: SealedHours,
    *,
    keys_origin: str,
) -> list[BaseRoute]:
    """All of them are for a session of a member, and of subaccounts of their own account alone."""

    def shown(name: str, request: Request, status: int = 200, **values: Any) -> Response:
        return pages.page(name, status, title=TITLE, session=session_of(request), keys=keys_origin, **values)

    async def listed(request: Request) -> Response:
        own = session_of(request).account
        found = await accounts.accounts(own, limit=SHOWN)
        return shown(
            "member_subaccounts.html", request, children=[each for each in found if each.parent == own], most=SHOWN
        )

    async def now(looked: Looked) -> Now:
        return rows_by(lambda each: each.sid, await accounts.accounts(looked.account, limit=SHOWN))

    async def texts(request: Request) -> Response:
        child = await child_of(request)
        if child is None:
            return shown("member_missing.html", request, 404)
        return shown("member_subaccount.html", request, child=child, statuses=list(Status), directions=list(Direction))

    async def texts_now(looked: Looked) -> Now:
        child = await child_named(looked.named("sid"), looked.account)
        found = [] if child is None else (await traffic.page(child.sid, filter_of(looked, TextsWanted)))[0]
        return rows_by(lambda each: each.sid, found)

    async def boxes(request: Request) -> Response:
        session, asked, child = session_of(request), await read_json(request, Opener), await open_child(request)
        return done(account=child.sid, copies=await hours.of_child(session, asked.credential, child.sid))

    async def sealed(request: Request) -> Response:
        session, asked, child = session_of(request), await read_json(request, _Page), await open_child(request)
        found, before = await traffic.page(child.sid, asked.wanted)
        return done(
            records=[msgspec.to_builtins(each) for each in found],
            epochs=await hours.of(session, asked.credential, (each.epoch for each in found), child.sid),
            before=before,
        )

    async def child_of(request: Request) -> AccountRow | None:
        return await child_named(request.path_params["sid"], session_of(request).account)

    async def child_named(sid: str, parent: str) -> AccountRow | None:
        child = await accounts.account(sid)
        return child if child is not None and child.parent == parent else None

    async def open_child(request: Request) -> AccountRow:
        child = await child_of(request)
        if child is None:
            raise RefusedError("There is no such subaccount.", status=404)
        await standstill.check_member(child.sid)
        return child

    return [
        Followed("/subaccounts", listed, now),
        Followed("/subaccounts/{sid}", texts, texts_now),
        Route("/subaccounts/{sid}/boxes", answering(boxes), methods=["POST"]),
        Route("/subaccounts/{sid}/sealed", answering(sealed), methods=["POST"]),
    ]
