"""Pages of what there is: how the installation fares, tenants, what support sees of one, and what staff did."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.acts import acts_of_staff, ledger_size
from ringfence.console.operator.filters import STATUSES, tenant_fields, tenants_wanted
from ringfence.console.operator.night_support import NightSupport, Rows
from ringfence.console.operator.staff import Staff
from ringfence.console.session_guard import session_of
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.day_counts import DAY_MS
from ringfence.ports.ledger import OwnRecords
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.oversight import TENANTS_LOOKED
from ringfence.ports.process_states import ProcessStates
from ringfence.ports.store import AccountRow

PAGE: Final = 50
DAYS_SHOWN: Final = 14
INCIDENTS_COUNTED: Final = 100
LOOKED: Final = "look"


def tenant_routes(
    guard: ActGuard,
    staff: Staff,
    view: OperatorView,
    records: OwnRecords,
    notes: AccessNotes,
    processes: ProcessStates,
    clock: Clock,
) -> list[Route]:
    """All of it to GET."""
    support = NightSupport(view)

    async def missing(request: Request) -> Response:
        return await guard.show(request, "missing.html", "Not found", 404)

    async def overview(request: Request) -> Response:
        return await guard.show(
            request,
            "overview.html",
            "Overview",
            processes=await processes(),
            backlog=await view.backlog(),
            incidents=len(await view.incidents(going_on=True, limit=INCIDENTS_COUNTED)),
            now_ms=clock.now_ms(),
            ledger_entries=await ledger_size(records),
        )

    async def overview_now(_: Looked) -> Now:
        return {
            **rows_by(lambda each: each.name, await processes()),
            "waiting": await view.backlog(),
            "incidents": len(await view.incidents(going_on=True, limit=INCIDENTS_COUNTED)),
            "ledger": await ledger_size(records),
        }

    async def tenants(request: Request) -> Response:
        fields = tenant_fields(request.query_params)
        wanted, before = tenants_wanted(fields), _sid(request, "AC")
        found = await view.tenants(wanted, before=before, limit=PAGE + 1)
        edge = await view.tenants_edge(wanted.since_ms, before=before) if len(found) <= PAGE else None
        return await guard.show(
            request,
            "tenants.html",
            "Tenants",
            accounts=found[:PAGE],
            fields=fields,
            statuses=STATUSES,
            older=fields.older("/tenants", before=found[PAGE - 1].sid if len(found) > PAGE else edge or ""),
            looked=TENANTS_LOOKED if edge else 0,
        )

    async def tenants_now(looked: Looked) -> Now:
        wanted = tenants_wanted(tenant_fields(dict(looked.query)))
        return rows_by(lambda each: each.sid, await view.tenants(wanted, limit=PAGE + 1))

    async def account_of(request: Request) -> AccountRow | None:
        sid = request.path_params["sid"]
        found = await view.account(sid) if is_sid(sid, "AC") else None
        if found is not None:
            session = session_of(request)
            scope = (session.scope, request.url.path.removeprefix(f"/tenants/{sid}").strip("/") or "overview")
            await notes.note(sid, session.actor, LOOKED, scope)
        return found

    async def tenant(request: Request) -> Response:
        account = await account_of(request)
        if account is None:
            return await missing(request)
        until_ms = (clock.now_ms() // DAY_MS + 1) * DAY_MS
        below = await view.accounts(account.sid, limit=PAGE + 1) if account.parent is None else []
        return await guard.show(
            request,
            "tenant.html",
            "Tenant",
            account=account,
            below=[each for each in below if each.sid != account.sid][:PAGE],
            days=await view.texts_by_day(account.sid, until_ms - DAYS_SHOWN * DAY_MS, until_ms),
        )

    def listing(
        title: str, prefix: str, rows: Callable[[str, str | None], Awaitable[Rows]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def listed(request: Request) -> Response:
            account = await account_of(request)
            if account is None:
                return await missing(request)
            page = await rows(account.sid, _sid(request, prefix))
            return await guard.show(request, "rows.html", title, account=account, page=page)

        return listed

    async def text(request: Request) -> Response:
        account = await account_of(request)
        message = request.path_params["message"]
        steps = await support.text(account.sid, message) if account is not None and is_sid(message) else None
        if account is None or steps is None:
            return await missing(request)
        return await guard.show(request, "carrier.html", "Carrier", account=account, sid=message, steps=steps)

    async def acts(request: Request) -> Response:
        before = request.query_params.get("before", "")
        found = await acts_of_staff(records, int(before) if before.isascii() and before.isdecimal() else None)
        names = {each.id: each.name for each in await staff.members(removed=True)}
        return await guard.show(request, "acts.html", "Ledger", acts=found, names=names)

    async def acts_now(_: Looked) -> Now:
        return rows_by(lambda each: str(each.n), (await records.latest_for(OPERATOR, None, 1)).entries)

    return [
        guard.page("/", Act.OVERVIEW_LOOK, overview, overview_now),
        guard.page("/tenants", Act.TENANTS_LIST, tenants, tenants_now),
        guard.page("/tenants/{sid}", Act.TENANT_LOOK, tenant),
        guard.page("/tenants/{sid}/texts", Act.TENANT_LOOK, listing("Texts", "", support.texts)),
        guard.page("/tenants/{sid}/texts/{message}", Act.TENANT_LOOK, text),
        guard.page("/tenants/{sid}/calls", Act.TENANT_LOOK, listing("Calls", "CA", support.calls)),
        guard.page("/tenants/{sid}/codes", Act.TENANT_LOOK, listing("Codes", "VL", support.codes)),
        guard.page("/ledger", Act.LEDGER_LOOK, acts, acts_now),
    ]


def _sid(request: Request, prefix: str) -> str | None:
    """The SID after which a page begins; None for the first, and for what is no such SID."""
    before = request.query_params.get("before", "")
    return before if is_sid(before, prefix) else None
