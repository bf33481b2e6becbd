"""The operator's console: its routes, behind the guard of sessions."""

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.console.dependencies import ConsoleDependencies, domain_of
from ringfence.console.grant_book import GrantBook
from ringfence.console.lockout import Lockout
from ringfence.console.operator.freeze_routes import freeze_routes
from ringfence.console.operator.grant_routes import grant_routes
from ringfence.console.operator.sign_in import StaffSignIn
from ringfence.console.operator.sign_in_routes import OPEN, sign_in_routes
from ringfence.console.operator.staff import Staff
from ringfence.console.operator.staff_routes import staff_routes
from ringfence.console.operator.tenant_routes import tenant_routes
from ringfence.console.operator.thaws import Thaws
from ringfence.console.pages import Pages
from ringfence.console.session_guard import SessionGuard
from ringfence.console.sessions import Session, Sessions
from ringfence.console.standstill import Standstill
from ringfence.ports.passkeys import RelyingParty

NAME = "ringfence operator"


def create_operator_console(dependencies: ConsoleDependencies, pages: Pages) -> ASGIApp:
    """For staff, who sign in with passkeys of this origin's host."""

    async def locked(scope: Scope, receive: Receive, send: Send) -> None:
        await pages.page("sign_in.html", 401, title="Sign in")(scope, receive, send)

    standstill = Standstill(dependencies.view)

    async def admits(_: Session) -> None:
        await standstill.check_staff()

    return SessionGuard(
        Starlette(routes=operator_routes(dependencies, pages)),
        kind="staff",
        origin=dependencies.origins.operator,
        sessions=Sessions(dependencies.storage, dependencies.clock),
        open_paths=OPEN,
        locked=locked,
        admits=admits,
    )


def operator_routes(dependencies: ConsoleDependencies, pages: Pages) -> list[BaseRoute]:
    """All there are, those of `OPEN` too."""
    origin = dependencies.origins.operator
    storage, clock, notes = dependencies.storage, dependencies.clock, dependencies.notes
    party = RelyingParty(id=domain_of(origin), name=NAME, origins=(origin,))
    sessions = Sessions(storage, clock)
    staff = Staff(storage, dependencies.staff_passkeys, party, notes, clock, dependencies.grants)
    standstill = Standstill(dependencies.view)
    sign_in = StaffSignIn(storage, sessions, dependencies.staff_passkeys, party, notes, clock, standstill)
    return [
        *sign_in_routes(pages, sign_in, staff, sessions, notes, dependencies.grants, clock, origin),
        *staff_routes(pages, staff, sessions, notes, dependencies.grants, clock, origin),
        *grant_routes(
            pages,
            staff,
            GrantBook(storage),
            dependencies.grants,
            dependencies.view,
            notes,
            clock,
            dependencies.origins.keys,
        ),
        *freeze_routes(
            pages,
            staff,
            Thaws(storage, dependencies.frozen, Lockout(storage, dependencies.grants, clock), notes, clock),
            clock,
        ),
        *tenant_routes(pages, staff, dependencies.view, dependencies.records, notes, dependencies.processes, clock),
    ]
