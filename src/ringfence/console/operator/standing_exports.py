"""How the installation stands, as CSV: the overview, routes, what is frozen, and what waits for a second person."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import Route

from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.acts import ledger_size
from ringfence.console.operator.export_routes import Cells, list_export, time_cell
from ringfence.console.operator.installation import Installation
from ringfence.console.operator.thawing import Thawing
from ringfence.console.operator.two_person_acts import TwoPersonActs
from ringfence.ports.ledger import OwnRecords
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.process_states import ProcessStates


def standing_exports(
    guard: ActGuard,
    acts: TwoPersonActs,
    thawing: Thawing,
    installation: Installation,
    view: OperatorView,
    processes: ProcessStates,
    records: OwnRecords,
) -> list[Route]:
    """Each asks for the act of its page, and has the same rows."""

    async def overview(_: Request) -> Sequence[Cells]:
        backlog = await view.backlog()
        return [
            *((f"process {each.name} answers", each.answers) for each in await processes()),
            ("texts to send", backlog.texts),
            ("first of them due, utc", time_cell(backlog.oldest_text_ms)),
            ("webhooks to send", backlog.events),
            ("webhooks that failed for good", backlog.dead_events),
            ("calls under way", backlog.live_calls),
            ("ledger entries, signed", await ledger_size(records)),
        ]

    async def routes(_: Request) -> Sequence[Cells]:
        up = {each.name: each.up for each in await view.carrier_states()}
        paused = {row.name for row in await view.freezes() if row.kind == "carrier"}
        return [
            (
                *(way.kind, " ".join(way.beginnings) or "anything", way.name, way.host or "in-house"),
                *(up.get(way.name, True), way.name in paused),
            )
            for way in installation.ways
        ]

    async def requests(_: Request) -> Sequence[Cells]:
        return [
            (each.id, each.act, each.value, each.target, each.reason, each.asked_by, time_cell(each.asked_ms))
            for each in await acts.waiting()
        ]

    async def frozen(_: Request) -> Sequence[Cells]:
        return [(each.kind, each.name, time_cell(each.since_ms)) for each in await thawing.frozen()]

    return [
        list_export(guard, "overview", Act.OVERVIEW_LOOK, "what now", overview),
        list_export(guard, "routes", Act.ROUTES_LOOK, "for beginnings goes_to at answers paused", routes),
        list_export(guard, "requests", Act.REQUESTS_LIST, "request act value of reason asked_by asked_utc", requests),
        list_export(guard, "frozen", Act.REQUESTS_LIST, "kind which since_utc", frozen),
    ]
