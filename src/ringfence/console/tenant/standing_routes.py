"""Showing and changing the sealed configuration of one kind of thing: three routes, which only pass it on."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.member_acts import MemberActs
from ringfence.console.tenant.standing_json import FormJson, StandingRelay
from ringfence.ports.standing_forms import KeptStanding


class StandingOf(msgspec.Struct, frozen=True, kw_only=True):
    """A record: its name, its value as it is stored, and what people call it."""

    record: str
    standing: bytes
    label: str


class _Credential(msgspec.Struct, frozen=True):
    credential: str


def standing_routes(
    at: str,
    find: Callable[[Request], Awaitable[StandingOf]],
    keep: Callable[[Request, KeptStanding], Awaitable[None]],
    relay: StandingRelay,
    acts: MemberActs,
) -> list[BaseRoute]:
    """`…/sealed` shows it, `…/form` begins to change it, `…/standing` has it changed.

    `find` and `keep` raise RefusedError where it is not the account's, or gone.
    """

    async def sealed(request: Request) -> Response:
        found, asked = await find(request), await read_json(request, _Credential)
        (shown,) = await relay.shown(session_of(request), asked.credential, [(found.record, found.standing)])
        return done(**shown, label=found.label)

    async def form(request: Request) -> Response:
        session, found = acts.fresh_session(request), await find(request)
        asked = await read_json(request, _Credential)
        (shown,) = await relay.shown(session, asked.credential, [(found.record, found.standing)])
        return done(**shown, label=found.label, proof_key=await relay.proof_key(session))

    async def standing(request: Request) -> Response:
        session, found = acts.fresh_session(request), await find(request)
        made = await read_json(request, FormJson)
        await keep(request, await relay.kept(session, found.record, found.standing, made))
        return done()

    return [
        Route(f"{at}/sealed", answering(sealed), methods=["POST"]),
        Route(f"{at}/form", answering(form), methods=["POST"]),
        Route(f"{at}/standing", answering(standing), methods=["POST"]),
    ]
