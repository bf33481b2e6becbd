"""Pages of how the installation runs: carriers, routes, queues, capacity, incidents, the ledger's health."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.json_routes import done
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.filters import queue_fields, queues_wanted
from ringfence.console.operator.installation import Installation
from ringfence.console.operator.ledger_health import ledger_health
from ringfence.console.operator.staff import Staff
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.standing_duty import standing_duty
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.freezes import FreezeRow, is_frozen
from ringfence.ports.ledger import OwnRecords
from ringfence.ports.operations import INCIDENT, OperationsStore
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.oversight import DEPTH_MAX, QueuePlace
from ringfence.ports.process_states import ProcessStates
from ringfence.ports.retention import Duties

PAGE: Final = 50


def operations_routes(
    guard: ActGuard,
    staff: Staff,
    view: OperatorView,
    incidents: OperationsStore,
    installation: Installation,
    records: OwnRecords,
    duties: Duties,
    processes: ProcessStates,
    notes: AccessNotes,
    clock: Clock,
) -> list[Route]:
    """All to GET, but for saying that one knows of an incident."""

    async def carriers(request: Request) -> Response:
        states = await view.carrier_states()
        queues = await view.sender_queues(limit=PAGE)
        return await guard.show(
            request,
            "carriers.html",
            "Carriers",
            ways=installation.ways,
            states={way.name: [each for each in states if each.name == way.name] for way in installation.ways},
            oldest={each.carrier: each.next_ms for each in reversed(queues)},
            paused=_paused(await view.freezes()),
            now_ms=clock.now_ms(),
        )

    async def carriers_now(_: Looked) -> Now:
        states = rows_by(lambda each: f"{each.name} {each.owner}", await view.carrier_states())
        queues = await view.sender_queues(limit=PAGE)
        paused = sorted(_paused(await view.freezes()))
        return {**states, "paused": paused, "oldest": [(each.carrier, each.next_ms) for each in queues]}

    async def routes(request: Request) -> Response:
        up = {each.name: each.up for each in await view.carrier_states()}
        paused = _paused(await view.freezes())
        return await guard.show(request, "routes.html", "Routes", ways=installation.ways, up=up, paused=paused)

    async def routes_now(_: Looked) -> Now:
        up = {each.name: each.up for each in await view.carrier_states()}
        return {**up, "paused": sorted(_paused(await view.freezes()))}

    async def queues(request: Request) -> Response:
        fields = queue_fields(request.query_params, installation.pausable)
        found = await view.sender_queues(_place(request), wanted=queues_wanted(fields), limit=PAGE + 1)
        freezes = await view.freezes()
        parked = {
            each.place
            for each in found
            if is_frozen(freezes, "account", each.account) or is_frozen(freezes, "carrier", each.carrier)
        }
        return await guard.show(
            request,
            "queues.html",
            "Queues",
            queues=found[:PAGE],
            parked=parked,
            fields=fields,
            carriers=installation.pausable,
            more=fields.older("/queues", after="|".join(map(str, found[PAGE - 1].place)) if len(found) > PAGE else ""),
            most=DEPTH_MAX,
            now_ms=clock.now_ms(),
        )

    async def capacity(request: Request) -> Response:
        states = await view.carrier_states()
        return await guard.show(
            request,
            "capacity.html",
            "Capacity",
            processes=await processes(),
            backlog=await view.backlog(),
            sent_mps=sum(each.figures.sent_last_minute for each in states) / 60,
            installation=installation,
            rates=await view.allowed_rates(),
            disk=installation.disk(),
        )

    async def capacity_now(_: Looked) -> Now:
        return {
            **rows_by(lambda each: each.name, await processes()),
            "waiting": await view.backlog(),
            "sent": sum(each.figures.sent_last_minute for each in await view.carrier_states()),
            "rates": list(await view.allowed_rates()),
        }

    async def listed(request: Request) -> Response:
        before, going_on = request.query_params.get("before", ""), "going_on" in request.query_params
        place = before if is_sid(before, INCIDENT) else None
        found = await view.incidents(before=place, limit=PAGE + 1, going_on=going_on)
        return await guard.show(
            request,
            "incidents.html",
            "Incidents",
            incidents=found[:PAGE],
            names={each.id: each.name for each in await staff.members(removed=True)},
            before=found[PAGE - 1].sid if len(found) > PAGE else "",
            going_on=going_on,
        )

    async def queues_now(looked: Looked) -> Now:
        frozen = [(row.kind, row.name) for row in await view.freezes()]
        wanted = queues_wanted(queue_fields(dict(looked.query), installation.pausable))
        found = await view.sender_queues(wanted=wanted, limit=PAGE + 1)
        # A lease is renewed every few seconds: who holds it is what is shown.
        held = {str(each.place[1:]): (each.depth, each.next_ms, each.owner) for each in found}
        return {"frozen": frozen, **held}

    async def incidents_now(looked: Looked) -> Now:
        going_on = "going_on" in dict(looked.query)
        return rows_by(lambda each: each.sid, await view.incidents(limit=PAGE + 1, going_on=going_on))

    async def acknowledge(request: Request) -> Response:
        session, sid = session_of(request), request.path_params["sid"]
        if not is_sid(sid, INCIDENT):
            raise RefusedError("There is no such incident.", status=404)
        await notes.note(OPERATOR, session.actor, "acknowledge_incident", (session.scope, f"incident:{sid}"))
        if not await incidents.acknowledge_incident(sid, session.person, clock.now_ms()):
            raise RefusedError("Somebody has acknowledged it, or there is none such.")
        return done()

    async def health(request: Request) -> Response:
        return await guard.show(
            request,
            "ledger_health.html",
            "Ledger health",
            health=await ledger_health(records),
            retained=await standing_duty(duties),
            witnesses=installation.witnesses(),
            policies=installation.policies,
        )

    async def health_now(_: Looked) -> Now:
        return {
            "health": await ledger_health(records),
            "retained": await standing_duty(duties),
            **installation.witnesses(),
        }

    return [
        guard.page("/carriers", Act.CARRIERS_LOOK, carriers, carriers_now),
        guard.page("/routes", Act.ROUTES_LOOK, routes, routes_now),
        guard.page("/queues", Act.QUEUES_LOOK, queues, queues_now),
        guard.page("/capacity", Act.CAPACITY_LOOK, capacity, capacity_now),
        guard.page("/incidents", Act.INCIDENTS_LOOK, listed, incidents_now),
        guard.deed("/incidents/{sid}/acknowledge", Act.INCIDENT_ACKNOWLEDGE, acknowledge),
        guard.page("/ledger/health", Act.LEDGER_LOOK, health, health_now),
    ]


def _paused(freezes: Sequence[FreezeRow]) -> set[str]:
    return {row.name for row in freezes if row.kind == "carrier"}


def _place(request: Request) -> QueuePlace | None:
    """Where a page of queues begins; None for the first, and for what is no place."""
    next_ms, *names = request.query_params.get("after", "").split("|")
    if len(names) != 3 or not (next_ms.isascii() and next_ms.isdecimal() and len(next_ms) < 16):
        return None
    account, sender, carrier = names
    return int(next_ms), account, sender, carrier
