"""The one place where it is asked whether a member of staff may do something, before anything is done.

Every route of a session names its act here; what is asked by one and confirmed by another is judged at both.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ringfence.console.json_routes import Handler, answering
from ringfence.console.live.looked import Read
from ringfence.console.live.pages import LivePages
from ringfence.console.operator.act_names import WHILE_FROZEN, Act, AskedAct, May, every_member_may
from ringfence.console.operator.staff import Staff
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Session, fresh
from ringfence.console.standstill import Standstill
from ringfence.domain.clock import Clock
from ringfence.ports.store import StoreFailedError

# The account that a request concerns, "" for none.
AccountOf = Callable[[Request], Awaitable[str]]


class ActGuard:
    """Makes the routes of a session."""

    def __init__(
        self,
        pages: Pages,
        staff: Staff,
        clock: Clock,
        standstill: Standstill,
        live: LivePages,
        may: May = every_member_may,
    ) -> None:
        self._pages = pages
        self._staff = staff
        self._clock = clock
        self._standstill = standstill
        self._live = live
        self._may = may

    async def check(self, session: Session, act: Act, *, account: str = "", persons: int = 1) -> None:
        """Return where the session's person may do it now. RefusedError, ConnectionError."""
        if act not in WHILE_FROZEN:
            await self._standstill.check_staff()
        now_ms = self._clock.now_ms()
        asked = AskedAct(
            act=act,
            staff=session.person,
            account=account,
            is_fresh=fresh(session, now_ms),
            persons=persons,
            at_ms=now_ms,
        )
        await self._may(asked)

    async def show(
        self, request: Request, template: str, title: str, status: int = 200, /, **values: Any
    ) -> HTMLResponse:
        """A page as staff have it, with what all of them are told."""
        session, notices = session_of(request), await self._staff.notices()
        return self._pages.page(template, status, title=title, session=session, notices=notices, **values)

    def page(self, path: str, act: Act, handler: Handler, read: Read | None = None) -> Route:
        """A page to GET; of the account that the path names as `sid` below /tenants. 503 where something is away.

        With `read`, which reads what its first page shows, it can be followed.
        """
        if read is not None:
            handler = self._live.followed(path, handler, read, lambda session, _: self.check(session, act))

        async def shown(request: Request) -> Response:
            try:
                await self._check(request, act)
                return await handler(request)
            except RefusedError as error:
                return await self.show(request, "refused.html", "Refused", error.status, why=error.text)
            except (ConnectionError, StoreFailedError):
                return self._pages.page("away.html", 503, title="Not now", notices=[])

        return Route(path, shown, methods=["GET"])

    def answer(self, path: str, act: Act, handler: Handler, of: AccountOf | None = None) -> Route:
        """JSON to GET."""

        async def asked(request: Request) -> Response:
            await self._check(request, act, of)
            return await handler(request)

        return Route(path, answering(asked), methods=["GET"])

    def deed(self, path: str, act: Act | None, handler: Handler, of: AccountOf | None = None) -> Route:
        """JSON to POST, which changes something: the passkey was shown within five minutes.

        Without an act, the handler asks `check` for the one that it finds. `of` says which account it concerns, where
        the path does not.
        """

        async def acted(request: Request) -> Response:
            if not fresh(session_of(request), self._clock.now_ms()):
                raise RefusedError("Show your passkey first.", status=403, fresh=True)
            if act is not None:
                await self._check(request, act, of)
            try:
                return await handler(request)
            except StoreFailedError:
                raise RefusedError("The store is away: look whether it was done.", status=503) from None

        return Route(path, answering(acted), methods=["POST"])

    async def _check(self, request: Request, act: Act, of: AccountOf | None = None) -> None:
        if of is not None:
            account = await of(request)
        else:
            account = request.path_params.get("sid", "") if request.url.path.startswith("/tenants/") else ""
        await self.check(session_of(request), act, account=account)
