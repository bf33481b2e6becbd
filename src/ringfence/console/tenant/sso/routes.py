"""Coming through an organisation's provider, and what owners say of it."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import session_of, set_cookie
from ringfence.console.tenant.roles import role_of
from ringfence.console.tenant.sso.id_token import STRONG
from ringfence.console.tenant.sso.logout_app import SIGNED_OUT
from ringfence.console.tenant.sso.people import SsoPeople
from ringfence.console.tenant.sso.sign_in import CALLBACK, SsoSignIn
from ringfence.console.tenant.sso.sign_out import SIGN_IN
from ringfence.domain.access.role import Role
from ringfence.domain.clock import Clock

# What of these needs no session.
OPEN = (("POST", "/sso/begin"), ("GET", CALLBACK), ("POST", "/sso/finish"))


class _Begins(msgspec.Struct, frozen=True):
    account: str
    key: PublicJwk


class _Finishes(msgspec.Struct, frozen=True):
    state: str
    code: str
    iss: str = ""

    def __repr__(self) -> str:
        return "_Finishes(…)"


class _Set(msgspec.Struct, frozen=True):
    issuer: str
    client_id: str
    accepted: list[str]


def sso_routes(
    pages: Pages, sign_in: SsoSignIn, people: SsoPeople, clock: Clock, *, origin: str, keys_origin: str
) -> list[BaseRoute]:
    """Those that `OPEN` lists, and those of owners."""

    async def begin(request: Request) -> Response:
        begins = await read_json(request, _Begins)
        address, browser = await sign_in.begin(begins.account.strip(), begins.key)
        response = done(address=address, now_ms=clock.now_ms())
        response.set_cookie(
            _cookie(origin), browser, path="/", secure=origin.startswith("https://"), httponly=True, samesite="strict"
        )
        return response

    async def callback(request: Request) -> Response:
        return pages.page("sso_callback.html", title="Sign in", keys=keys_origin)

    async def finish(request: Request) -> Response:
        came = await read_json(request, _Finishes)
        cookie = await sign_in.finish(came.state, came.code, came.iss, request.cookies.get(_cookie(origin), ""))
        response = done()
        response.delete_cookie(_cookie(origin), path="/", secure=origin.startswith("https://"), httponly=True)
        set_cookie(response, origin, cookie)
        return response

    async def page(request: Request) -> Response:
        session = session_of(request)
        provider, found = await people.of(session.account)
        return pages.page(
            "member_sso.html",
            title="Organisation",
            session=session,
            role=role_of(request),
            keys=keys_origin,
            provider=provider,
            # What their organisation calls them is for owners alone.
            people=found if role_of(request) is Role.OWNER else (),
            strong=STRONG,
            callback=f"{origin}{CALLBACK}",
            after=f"{origin}{SIGN_IN}",
            signed_out=f"{origin}{SIGNED_OUT}",
        )

    async def now(looked: Looked) -> Now:
        return rows_by(lambda each: each.id, (await people.of(looked.account))[1])

    async def set_provider(request: Request) -> Response:
        given = await read_json(request, _Set)
        await people.set(session_of(request), given.issuer.strip(), given.client_id.strip(), given.accepted)
        return done()

    async def unset(request: Request) -> Response:
        await people.unset(session_of(request))
        return done()

    async def let_in(request: Request) -> Response:
        await people.let_in(session_of(request), request.path_params["person"])
        return done()

    async def forget(request: Request) -> Response:
        await people.forget(session_of(request), request.path_params["person"])
        return done()

    return [
        Route("/sso/begin", answering(begin), methods=["POST"]),
        Route(CALLBACK, callback, methods=["GET"]),
        Route("/sso/finish", answering(finish), methods=["POST"]),
        Followed("/organisation", page, now),
        Route("/organisation", answering(set_provider), methods=["POST"]),
        Route("/organisation/unset", answering(unset), methods=["POST"]),
        Route("/organisation/{person}/let-in", answering(let_in), methods=["POST"]),
        Route("/organisation/{person}/forget", answering(forget), methods=["POST"]),
    ]


def _cookie(origin: str) -> str:
    return "__Host-ringfence-sso" if origin.startswith("https://") else "ringfence_sso"
