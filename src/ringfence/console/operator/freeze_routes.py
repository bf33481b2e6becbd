"""The page of what is frozen, and letting it go on: one member asks there, and another confirms."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.json_routes import Handler, done
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.staff import Staff
from ringfence.console.operator.thaws import Thaws
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Session

Deed = Callable[[Session, str, str], Awaitable[None]]


def freeze_routes(guard: ActGuard, staff: Staff, thaws: Thaws) -> list[Route]:
    """What changes something asks for a passkey that was shown within five minutes."""

    async def listed(request: Request) -> Response:
        names = {each.id: each.name for each in await staff.members(removed=True)}
        return await guard.show(request, "frozen.html", "Frozen", frozen=await thaws.frozen(), names=names)

    def acting(deed: Deed) -> Handler:
        async def acted(request: Request) -> Response:
            await deed(session_of(request), request.path_params["kind"], request.path_params["name"])
            return done()

        return acted

    return [
        guard.page("/frozen", Act.DANGER_LIST, listed),
        guard.deed("/frozen/{kind}/{name}/ask", Act.THAW, acting(thaws.ask)),
        guard.deed("/frozen/{kind}/{name}/confirm", Act.THAW, acting(thaws.confirm)),
        guard.deed("/frozen/{kind}/{name}/refuse", Act.DANGER_REFUSE, acting(thaws.refuse)),
    ]
