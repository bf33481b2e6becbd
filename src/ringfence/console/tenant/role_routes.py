"""An owner gives a member of their account a role, and a member who came by a link for an owner takes theirs."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.owner_claims import OwnerClaims
from ringfence.console.tenant.roles import MemberRoles
from ringfence.domain.access.role import Role


class _Given(msgspec.Struct, frozen=True):
    role: Role


def role_routes(roles: MemberRoles, claims: OwnerClaims) -> list[BaseRoute]:
    """For a session of a member."""

    async def give(request: Request) -> Response:
        given = await read_json(request, _Given)
        await roles.give(session_of(request), request.path_params["member"], given.role)
        return done()

    async def take(request: Request) -> Response:
        await claims.take(session_of(request))
        return done()

    async def refuse(request: Request) -> Response:
        await claims.refuse(session_of(request), request.path_params["member"])
        return done()

    return [
        Route("/members/{member}/role", answering(give), methods=["POST"]),
        Route("/ownership", answering(take), methods=["POST"]),
        Route("/ownership/{member}/refuse", answering(refuse), methods=["POST"]),
    ]
