"""Each act of staff is asked for at one place, before anything is done."""

from typing import Any

from tests.authorisation.surfaces import open_routes
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.conftest import stand as stand

from ringfence.console.dependencies import host_of
from ringfence.console.operator.act_names import Act

# What a session of its own may do: leave, show its passkey again, and bring a ticket.
OWN = {"/sign-out", "/verify", "/verify/options", "/live"}


async def test_who_may_do_nothing_does_nothing_by_any_route(stand: Any) -> None:
    async with stand() as made:
        staff = await made.first()
        made.forbids = "Your part is another."
        noted = list(made.noted)
        closed = [
            route
            for route in open_routes(made.app._apps[host_of(ORIGINS.operator)])
            if (await made.browser().ask(route.method, route.path, {})).status_code == 401 and route.path not in OWN
        ]
        assert len(closed) > 20
        for route in closed:
            answer = await staff.ask(route.method, route.path, {} if route.method == "POST" else None)
            assert answer.status_code == 403, route
            assert made.forbids in answer.text, route
        assert made.noted == noted
        assert len(made.asked) == len(closed)


async def test_it_is_said_who_wants_to_do_what_and_of_whom(stand: Any) -> None:
    async with stand() as made:
        staff = await made.first()
        (ada,) = await made.terminal.members()
        account = "AC" + "a" * 32
        await staff.page(f"/tenants/{account}")
        asked = made.asked[-1]
        assert (asked.act, asked.staff, asked.account, asked.is_fresh, asked.persons) == (
            *(Act.TENANT_LOOK, ada.id, account, True, 1),
        )
        made.clock.advance(5 * 60_000 + 1)
        await staff.page("/staff")
        assert (made.asked[-1].act, made.asked[-1].is_fresh) == (Act.STAFF_LIST, False)
