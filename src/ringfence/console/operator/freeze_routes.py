"""The page of what is frozen, and letting it go on: one member asks there, and another confirms."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done
from ringfence.console.operator.staff import Staff
from ringfence.console.operator.thaws import Thaws
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Session, fresh
from ringfence.domain.clock import Clock
from ringfence.ports.store import StoreFailedError

Act = Callable[[Session, str, str], Awaitable[None]]


def freeze_routes(pages: Pages, staff: Staff, thaws: Thaws, clock: Clock) -> list[BaseRoute]:
    """What changes something asks for a passkey that was shown within five minutes."""

    async def listed(request: Request) -> Response:
        session = session_of(request)
        try:
            found = await thaws.frozen()
        except (ConnectionError, StoreFailedError):
            return pages.page("away.html", 503, title="Not now", session=session, notices=[])
        return pages.page(
            "frozen.html",
            title="Frozen",
            session=session,
            notices=await staff.notices(),
            frozen=found,
            names={each.id: each.name for each in await staff.members(removed=True)},
        )

    def acting(act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def acted(request: Request) -> Response:
            session = session_of(request)
            if not fresh(session, clock.now_ms()):
                raise RefusedError("Show your passkey first.", status=403, fresh=True)
            try:
                await act(session, request.path_params["kind"], request.path_params["name"])
            except StoreFailedError:
                raise RefusedError("The store is away: look whether it goes on.", status=503) from None
            return done()

        return answering(acted)

    return [
        Route("/frozen", listed, methods=["GET"]),
        Route("/frozen/{kind}/{name}/ask", acting(thaws.ask), methods=["POST"]),
        Route("/frozen/{kind}/{name}/confirm", acting(thaws.confirm), methods=["POST"]),
        Route("/frozen/{kind}/{name}/refuse", acting(thaws.refuse), methods=["POST"]),
    ]
