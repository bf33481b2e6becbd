"""What needs two of staff: asking, confirming, refusing; and the page of what is frozen."""

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.json_routes import done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.paging import page_before
from ringfence.console.operator.staff import Staff
from ringfence.console.operator.thawing import Thawing
from ringfence.console.operator.two_person_acts import TwoPersonActs
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of


class _Asked(msgspec.Struct, frozen=True):
    act: str
    target: str
    reason: str
    value: str = ""


def request_routes(guard: ActGuard, staff: Staff, acts: TwoPersonActs, thawing: Thawing) -> list[Route]:
    """Each act is judged by its own name, for one person where it is asked for and for two where it is confirmed."""

    async def listed(request: Request) -> Response:
        names = {each.id: each.name for each in await staff.members(removed=True)}
        asked = request.query_params.get("before", "")
        waiting, before = page_before(await acts.waiting(), lambda each: each.id, asked)
        older = f"/requests?before={before}" if before else ""
        return await guard.show(request, "requests.html", "Requests", requests=waiting, older=older, names=names)

    async def requests_now(_: Looked) -> Now:
        return rows_by(lambda each: each.id, await acts.waiting())

    async def frozen(request: Request) -> Response:
        names = {each.id: each.name for each in await staff.members(removed=True)}
        asked = {each.target for each in await acts.waiting() if each.act == Act.THAW}
        page, before = page_before(
            await thawing.frozen(), lambda each: each.target, request.query_params.get("before", "")
        )
        older = f"/frozen?{urlencode({'before': before})}" if before else ""
        return await guard.show(request, "frozen.html", "Frozen", frozen=page, older=older, names=names, asked=asked)

    async def frozen_now(_: Looked) -> Now:
        asked = [each.target for each in await acts.waiting() if each.act == Act.THAW]
        return {**rows_by(lambda each: each.target, await thawing.frozen()), "asked": asked}

    async def ask(request: Request) -> Response:
        asked, session = await read_json(request, _Asked), session_of(request)
        if asked.act not in set(Act):
            raise RefusedError("There is no such act.", status=400)
        act = Act(asked.act)
        account = await acts.account_of(act, asked.target, asked.value)
        await guard.check(session, act, account=account)
        made = await acts.ask(session, act, asked.target, asked.value, asked.reason)
        return done(id=made.id)

    async def confirm(request: Request) -> Response:
        session, found = session_of(request), await acts.request(request.path_params["id"])
        account = await acts.account_of(Act(found.act), found.target, found.value)
        await guard.check(session, Act(found.act), account=account, persons=2)
        await acts.confirm(session, found)
        return done()

    async def refuse(request: Request) -> Response:
        await acts.refuse(session_of(request), await acts.request(request.path_params["id"]))
        return done()

    return [
        guard.page("/requests", Act.REQUESTS_LIST, listed, requests_now),
        guard.deed("/requests", Act.REQUEST_ASK, ask),
        guard.deed("/requests/{id}/confirm", Act.REQUEST_CONFIRM, confirm),
        guard.deed("/requests/{id}/refuse", Act.REQUEST_REFUSE, refuse),
        guard.page("/frozen", Act.REQUESTS_LIST, frozen, frozen_now),
    ]
