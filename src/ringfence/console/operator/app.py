"""The operator's console: its routes, behind the guard of sessions."""

from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.console.dependencies import ConsoleDependencies, domain_of
from ringfence.console.ends_of_grants import EndsOfGrants, GrantsToEnd, keep_to_end
from ringfence.console.grant_book import GrantBook
from ringfence.console.live.pages import LivePages
from ringfence.console.lockout import Lockout
from ringfence.console.operator.account_status import AccountStatus
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.admission import check_admitted
from ringfence.console.operator.carrier_pause import CarrierPause
from ringfence.console.operator.export_routes import export_routes
from ringfence.console.operator.grant_routes import grant_routes
from ringfence.console.operator.invitation_routes import invitation_routes
from ringfence.console.operator.join_routes import OPEN as JOIN_OPEN
from ringfence.console.operator.join_routes import join_routes
from ringfence.console.operator.operations_routes import operations_routes
from ringfence.console.operator.rate_raise import RateRaise
from ringfence.console.operator.request_routes import request_routes
from ringfence.console.operator.staff import Staff
from ringfence.console.operator.staff_routes import staff_routes
from ringfence.console.operator.standing_exports import standing_exports
from ringfence.console.operator.tenant_routes import tenant_routes
from ringfence.console.operator.thawing import Thawing
from ringfence.console.operator.two_person_acts import Deed, TwoPersonActs
from ringfence.console.pages import Pages
from ringfence.console.session_guard import OpenPaths, SessionGuard
from ringfence.console.sessions import Session, Sessions
from ringfence.console.sign_in import SignIn
from ringfence.console.sign_in_routes import OPEN, OPEN_BELOW, After, sign_in_routes
from ringfence.console.standstill import Standstill
from ringfence.console.tenant.calls import TenantCalls
from ringfence.console.tenant.record_kinds import calls_of, texts_of
from ringfence.console.tenant.traffic import TenantTraffic
from ringfence.ports.passkeys import RelyingParty

NAME = "ringfence operator"


def create_operator_console(dependencies: ConsoleDependencies, pages: Pages) -> ASGIApp:
    """For staff, who sign in with passkeys of this origin's host."""

    async def locked(scope: Scope, receive: Receive, send: Send) -> None:
        await pages.page("sign_in.html", 401, title="Sign in")(scope, receive, send)

    async def admits(_: Session) -> None:
        """Whoever has a session: `ActGuard` asks what they may do."""

    sessions = Sessions(dependencies.storage, dependencies.clock)
    live = LivePages(sessions, dependencies.clock)
    return SessionGuard(
        Starlette(routes=operator_routes(dependencies, pages, live)),
        kind="staff",
        origin=dependencies.origins.operator,
        sessions=sessions,
        open_paths=OpenPaths([*OPEN, *JOIN_OPEN], below=OPEN_BELOW),
        locked=locked,
        admits=admits,
        tickets=live.tickets,
    )


def operator_routes(dependencies: ConsoleDependencies, pages: Pages, live: LivePages) -> list[BaseRoute]:
    """All there are, those that are open to all too."""
    origin = dependencies.origins.operator
    storage, clock, notes, grants = (
        *(dependencies.storage, dependencies.clock),
        *(dependencies.notes, dependencies.grants),
    )
    party = RelyingParty(id=domain_of(origin), name=NAME, origins=(origin,))
    sessions, standstill = Sessions(storage, clock), Standstill(dependencies.view)
    staff = Staff(storage, dependencies.staff_passkeys, party, notes, clock, grants)
    guard = ActGuard(pages, staff, clock, standstill, live, dependencies.staff_may)

    async def standing(_: str) -> None:
        """Staff sign in where everything is frozen too: somebody must let it go on."""

    ends = EndsOfGrants(storage, grants)

    async def leaving(session: Session) -> After:
        ending = GrantsToEnd(session=session.id, actor=session.actor, at_ms=clock.now_ms())
        await storage.run(lambda db: keep_to_end(db, ending))

        async def left() -> dict[str, Any]:
            await ends.settle()
            return {}

        return left

    lockout, accounts = Lockout(storage, grants, clock), dependencies.accounts
    thawing = Thawing(storage, accounts, lockout, clock)
    carriers = dependencies.installation.pausable
    texts, calls = TenantTraffic(dependencies.texts, clock), TenantCalls(dependencies.calls)
    kinds = texts_of(texts, dependencies.told), calls_of(calls, dependencies.told)
    deeds: dict[Act, Deed] = {
        Act.RATE_RAISE: RateRaise(accounts, accounts, clock),
        Act.THAW: thawing,
        Act.CARRIER_PAUSE: CarrierPause(accounts, clock, carriers, resumes=False),
        Act.CARRIER_RESUME: CarrierPause(accounts, clock, carriers, resumes=True),
        Act.ACCOUNT_SUSPEND: AccountStatus(accounts, lockout, clock, "suspended"),
        Act.ACCOUNT_REOPEN: AccountStatus(accounts, lockout, clock, "active"),
        Act.ACCOUNT_CLOSE: AccountStatus(accounts, lockout, clock, "closed"),
    }
    acts = TwoPersonActs(storage, deeds, notes, clock, dependencies.staff_may)

    async def sign_in_page() -> Response:
        return pages.page("sign_in.html", title="Sign in")

    sign_in = SignIn(
        "staff", storage, sessions, dependencies.staff_passkeys, party, notes, clock, check_admitted, standing
    )
    return [
        *sign_in_routes(
            *(sign_in_page, sign_in, sessions, notes, clock, origin),
            leaving=leaving,
        ),
        *join_routes(pages, staff, standstill, clock),
        # Before the pages of single texts and grants, whose addresses theirs look like.
        *export_routes(
            *(guard, staff, sessions, GrantBook(storage), dependencies.view),
            *(accounts, dependencies.installation, dependencies.records, notes, clock),
        ),
        *standing_exports(
            *(guard, acts, thawing, dependencies.installation, dependencies.view),
            *(dependencies.processes, dependencies.records),
        ),
        *staff_routes(guard, staff, sessions, notes, ends, clock, origin),
        *grant_routes(
            *(guard, staff, GrantBook(storage), grants, dependencies.view, dependencies.recordings, kinds),
            *(notes, clock, dependencies.origins.keys),
        ),
        *request_routes(guard, staff, acts, thawing),
        *operations_routes(
            *(guard, staff, dependencies.view, accounts, dependencies.installation),
            *(dependencies.records, dependencies.duties, dependencies.processes, notes, clock),
        ),
        *invitation_routes(guard, staff, accounts, notes, clock, dependencies.origins.api),
        *tenant_routes(guard, staff, dependencies.view, dependencies.records, notes, dependencies.processes, clock),
        # The last: by now each page has said whether it can be followed.
        *live.routes(),
    ]
