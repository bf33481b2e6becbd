"""An owner gives a member of their account a role."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.roles import MemberRoles
from ringfence.domain.access.role import Role


class _Given(msgspec.Struct, frozen=True):
    role: Role


def role_routes(roles: MemberRoles) -> list[BaseRoute]:
    """For a session of an owner."""

    async def give(request: Request) -> Response:
        given = await read_json(request, _Given)
        await roles.give(session_of(request), request.path_params["member"], given.role)
        return done()

    return [Route("/members/{member}/role", answering(give), methods=["POST"])]
