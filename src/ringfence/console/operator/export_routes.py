"""The lists of this console as CSV: the same rows as on the pages, more of them at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.csv_file import csv_file
from ringfence.console.grant_book import GrantBook
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.acts import acts_of_staff
from ringfence.console.operator.filters import (
    grant_fields,
    queue_fields,
    queues_wanted,
    tenant_fields,
    tenants_wanted,
)
from ringfence.console.operator.grant_routes import grants_listed
from ringfence.console.operator.installation import Installation
from ringfence.console.operator.invitation_routes import state_of
from ringfence.console.operator.night_support import NightSupport, Rows
from ringfence.console.operator.staff import Staff
from ringfence.console.operator.tenant_routes import LOOKED
from ringfence.console.pages import shown_time
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Sessions
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid
from ringfence.ports.access_notes import AccessNotes
from ringfence.ports.invitations import Invitations
from ringfence.ports.ledger import AccessEntry, OwnRecords
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.store import AccountRow

EXPORTED_MAX: Final = 5_000
# Each row of these asks for more than itself.
DEAR_MAX: Final = 500

Cells = Sequence[object]
RowsOf = Callable[[Request], Awaitable[Sequence[Cells]]]
ROW_HEADS: Final = (
    *("sid", "kind", "country", "prefix", "own_number", "status", "error", "made_utc", "changed_utc", "carrier"),
)


def export_routes(
    guard: ActGuard,
    staff: Staff,
    sessions: Sessions,
    book: GrantBook,
    view: OperatorView,
    invitations: Invitations,
    installation: Installation,
    records: OwnRecords,
    notes: AccessNotes,
    clock: Clock,
) -> list[Route]:
    """Each asks for the act of its page. What is saved of a tenant is a look, in that tenant's ledger."""
    support = NightSupport(view)

    async def tenants(request: Request) -> Sequence[Cells]:
        wanted = tenants_wanted(tenant_fields(request.query_params))
        rows: list[AccountRow] = []
        before: str | None = None
        while len(rows) < EXPORTED_MAX:
            rows += await view.tenants(wanted, before=before, limit=EXPORTED_MAX - len(rows))
            before = await view.tenants_edge(wanted.since_ms, before=before)
            if before is None:
                break
            # Whoever else waits for this process comes in between.
            await asyncio.sleep(0)
        return [(each.sid, each.friendly_name, each.status, shown_time(each.created_ms)) for each in rows]

    async def invited(_: Request) -> Sequence[Cells]:
        now_ms = clock.now_ms()
        return [
            (
                *(each.id, each.name, each.invited_by, time_cell(each.created_ms), time_cell(each.expires_ms)),
                *(state_of(each, now_ms), each.account),
            )
            for each in await invitations.invitations(limit=EXPORTED_MAX)
        ]

    async def grants(request: Request) -> Sequence[Cells]:
        fields = grant_fields(request.query_params, [each.id for each in await staff.members(removed=True)])
        rows = await grants_listed(book, fields, clock.now_ms(), before="", limit=EXPORTED_MAX)
        return [
            (
                *(each.sid, each.account, each.staff, len(each.scope.names), each.reason, time_cell(each.asked_ms)),
                each.state.value,
            )
            for each in rows
        ]

    async def members(_: Request) -> Sequence[Cells]:
        return [
            (each.id, each.name, time_cell(each.made_ms), each.invited_by, each.approved_by, time_cell(each.removed_ms))
            for each in await staff.members(removed=True)
        ]

    async def open_sessions(_: Request) -> Sequence[Cells]:
        return [
            (each.id, each.person, time_cell(each.made_ms), time_cell(each.seen_ms), time_cell(each.verified_ms))
            for each in await sessions.open_now("staff")
        ]

    async def queues(request: Request) -> Sequence[Cells]:
        wanted = queues_wanted(queue_fields(request.query_params, installation.pausable))
        return [
            (each.sender, each.account, each.carrier, each.depth, time_cell(each.next_ms), each.owner)
            for each in await view.sender_queues(wanted=wanted, limit=DEAR_MAX)
        ]

    async def carriers(_: Request) -> Sequence[Cells]:
        return [
            (each.name, each.kind, each.owner, each.up, time_cell(each.since_ms), each.figures.sent_last_minute)
            for each in await view.carrier_states()
        ]

    async def incidents(_: Request) -> Sequence[Cells]:
        return [
            (each.sid, each.kind, each.what, time_cell(each.began_ms), time_cell(each.ended_ms), each.acknowledged_by)
            for each in await view.incidents(limit=EXPORTED_MAX)
        ]

    async def ledger(_: Request) -> Sequence[Cells]:
        found: list[tuple[int, AccessEntry]] = []
        before: int | None = None
        while len(found) < DEAR_MAX:
            page = await acts_of_staff(records, before)
            found += page.entries
            if page.before is None:
                break
            before = page.before
        return [(n, time_cell(each.at_ms), each.actor, each.verb, " ".join(each.scope)) for n, each in found]

    def whole(name: str, act: Act, heads: str, rows: RowsOf) -> Route:
        return list_export(guard, name, act, heads, rows)

    def of_tenant(name: str, page_of: Callable[[str, str | None], Awaitable[Rows]]) -> Route:
        async def exported(request: Request) -> Response:
            sid, session = request.path_params["sid"], session_of(request)
            if not is_sid(sid, "AC") or await view.account(sid) is None:
                raise RefusedError("There is no such account.", status=404)
            await notes.note(sid, session.actor, LOOKED, (session.scope, f"{name}/export"))
            cells: list[Cells] = []
            before: str | None = None
            while len(cells) < DEAR_MAX:
                page = await page_of(sid, before)
                cells += [
                    (
                        *(each.sid, each.kind, each.country, each.prefix, each.local, each.status, each.error_code),
                        *(time_cell(each.made_ms), time_cell(each.changed_ms), each.carrier),
                    )
                    for each in page.rows
                ]
                if page.before is None:
                    break
                before = page.before
            return csv_file(name, ROW_HEADS, cells)

        return guard.answer(f"/tenants/{{sid}}/{name}/export", Act.TENANT_LOOK, exported)

    return [
        whole("tenants", Act.TENANTS_LIST, "account name status made_utc", tenants),
        whole("invitations", Act.INVITATIONS_LIST, "invitation name by made_utc until_utc state account", invited),
        whole("grants", Act.GRANTS_LIST, "grant account staff texts reason asked_utc state", grants),
        whole("staff", Act.STAFF_LIST, "id name made_utc invited_by approved_by removed_utc", members),
        whole("sessions", Act.SESSIONS_LIST, "session staff made_utc seen_utc verified_utc", open_sessions),
        whole("queues", Act.QUEUES_LOOK, "sender account carrier waiting due_utc held_by", queues),
        whole("carriers", Act.CARRIERS_LOOK, "carrier kind told_by answers since_utc sent_last_minute", carriers),
        whole("incidents", Act.INCIDENTS_LOOK, "incident kind what began_utc ended_utc acknowledged_by", incidents),
        whole("ledger", Act.LEDGER_LOOK, "entry at_utc who what of", ledger),
        of_tenant("texts", support.texts),
        of_tenant("calls", support.calls),
        of_tenant("codes", support.codes),
    ]


def list_export(guard: ActGuard, name: str, act: Act, heads: str, rows: RowsOf) -> Route:
    """What saves the list of that name, whose columns are `heads`."""

    async def exported(request: Request) -> Response:
        return csv_file(name, heads.split(), await rows(request))

    return guard.answer(f"/{name}/export", act, exported)


def time_cell(at_ms: int | None) -> str:
    return "" if at_ms is None else shown_time(at_ms)
