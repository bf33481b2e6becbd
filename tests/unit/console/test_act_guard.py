"""Each route of a session of staff asks whether its act may be done, before anything is done, and says why not."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ringfence.console.json_routes import done
from ringfence.console.live.looked import Looked, Now
from ringfence.console.live.pages import LivePages
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import WHILE_FROZEN, Act, AskedAct
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import SESSION
from ringfence.console.sessions import FRESH_MS, Session, Sessions
from ringfence.console.standstill import Standstill
from ringfence.drills.staff_browser import Request as Asked
from ringfence.drills.staff_browser import Response as Answer
from ringfence.drills.staff_browser import answer_of
from ringfence.ports.store import StoreFailedError
from ringfence.usecases.access.freeze import freeze

AC = "AC" + "a" * 32
PASSKEY = {"error": "Show your passkey first.", "fresh": True}


class Guarded:
    """A guard, and a session that asks it."""

    def __init__(self, it: Any) -> None:
        self.it = it
        self.sessions = Sessions(it.storage, it.clock)
        self.live = LivePages(self.sessions, it.clock)
        self.guard = ActGuard(Pages(), it.terminal, it.clock, Standstill(it.store), self.live, it._may)
        key = PublicJwk(kty="EC", crv="P-256", x="", y="")
        self.session, _ = self.sessions.new("staff", "ST1", "", key)
        self.did: list[str] = []
        self.raises: Exception | None = None

    async def handler(self, request: Request) -> Response:
        if self.raises is not None:
            raise self.raises
        self.did.append(request.url.path)
        return done(done=True)

    async def ask(self, route: Route, path: str, session: Session | None = None) -> Answer:
        app = Starlette(routes=[route])

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope | {"state": {SESSION: session or self.session}}, receive, send)

        (method,) = (route.methods or set()) - {"HEAD"}
        return await answer_of(asked, Asked(method, f"http://operator.localhost{path}", {}))

    def stale(self, by_ms: int = 1) -> Session:
        now = self.it.clock.now_ms()
        given = {name: getattr(self.session, name) for name in Session.__struct_fields__}
        return Session(**given | {"verified_ms": now - FRESH_MS - by_ms})


@contextlib.asynccontextmanager
async def guarded(stand: Any) -> AsyncIterator[Guarded]:
    async with stand() as it:
        yield Guarded(it)


def test_what_is_asked_is_one_act_of_one_person_now(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            await at.guard.check(at.session, Act.TENANT_INVITE, account=AC, persons=2)
            await at.guard.check(at.stale(), Act.TENANTS_LIST)
            now_ms = at.it.clock.now_ms()
            assert at.it.asked == [
                AskedAct(act=Act.TENANT_INVITE, staff="ST1", account=AC, is_fresh=True, persons=2, at_ms=now_ms),
                AskedAct(act=Act.TENANTS_LIST, staff="ST1", account="", is_fresh=False, persons=1, at_ms=now_ms),
            ]

    run(scene())


def test_where_everything_is_frozen_staff_may_let_it_go_on_and_nothing_else(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            assert await freeze(at.it.store, at.it.clock, "platform", "platform")
            for act in Act:
                if act in WHILE_FROZEN:
                    await at.guard.check(at.session, act)
                else:
                    with pytest.raises(RefusedError, match="Everything is frozen"):
                        await at.guard.check(at.session, act)
            assert {each.act for each in at.it.asked} == WHILE_FROZEN

    run(scene())


def test_a_page_is_shown_to_who_may_and_to_others_why_not(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            route = at.guard.page("/tenants/{sid}", Act.TENANT_LOOK, at.handler)
            assert (await at.ask(route, f"/tenants/{AC}", at.stale())).json() == {"done": True}
            assert [(each.act, each.account) for each in at.it.asked] == [(Act.TENANT_LOOK, AC)]
            at.it.forbids = "It is Sunday."
            refused = await at.ask(route, f"/tenants/{AC}")
            assert (refused.status_code, at.did) == (403, [f"/tenants/{AC}"])
            assert "<p>It is Sunday.</p>" in refused.text
            assert "<title>Refused" in refused.text
            at.it.forbids = ""
            at.raises = RefusedError("There is no such account.", status=404)
            missing = await at.ask(route, f"/tenants/{AC}")
            assert (missing.status_code, "<p>There is no such account.</p>" in missing.text) == (404, True)

    run(scene())


@pytest.mark.parametrize("why", [StoreFailedError("away"), ConnectionError("away")])
def test_where_something_is_away_a_page_says_so_and_a_deed_that_it_may_be_done(
    run: Any, stand: Any, why: Exception
) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            at.raises = why
            page = await at.ask(at.guard.page("/x", Act.OVERVIEW_LOOK, at.handler), "/x")
            assert page.status_code == 503
            assert "<title>Not now" in page.text
            assert "The store or the ledger cannot be read now. You stay signed in." in page.text
            deed = await at.ask(at.guard.deed("/x", Act.STAFF_INVITE, at.handler), "/x")
            lost = isinstance(why, StoreFailedError)
            told = "The store is away: look whether it was done." if lost else "This cannot be written down now"
            assert (deed.status_code, deed.json()["error"].startswith(told)) == (503, True)

    run(scene())


def test_what_all_of_staff_are_told_is_on_every_page(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:

            async def shown(request: Request) -> Response:
                return await at.guard.show(request, "refused.html", "A title", 418, why="a word")

            await at.it.terminal.invite_first("Ada")
            page = await at.ask(at.guard.page("/x", Act.OVERVIEW_LOOK, shown), "/x")
            assert page.status_code == 418
            assert "<title>A title" in page.text
            assert "<p>a word</p>" in page.text
            told = await at.it.terminal.notices()
            assert page.text.count('<section class="notice">') == len(told)

    run(scene())


def test_a_page_knows_whose_session_looks_at_it(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            other, _ = at.sessions.new("staff", "ST2", "", at.session.public_jwk)
            given = {"sessions": [at.session, other], "names": {}, "passkeys": [], "before": ""}

            async def shown(request: Request) -> Response:
                return await at.guard.show(request, "sessions.html", "Sessions", **given)

            page = await at.ask(at.guard.page("/x", Act.SESSIONS_LIST, shown), "/x")
            assert page.status_code == 200
            assert f"<code>{at.session.id}</code> this one" in page.text
            assert f"<code>{other.id}</code></th>" in page.text

    run(scene())


def test_an_answer_is_asked_of_the_account_that_its_route_names_or_finds(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:

            async def of(request: Request) -> str:
                return f"of {request.path_params['sid']}"

            for make in (at.guard.answer, at.guard.deed):
                for path, finds, account in (
                    (f"/tenants/{AC}", None, AC),
                    (f"/grants/{AC}", None, ""),
                    ("/grants/GR1", of, "of GR1"),
                    (f"/tenants/{AC}", of, f"of {AC}"),
                ):
                    at.it.asked.clear()
                    pattern = f"/{path.split('/')[1]}/{{sid}}"
                    answer = await at.ask(make(pattern, Act.GRANT_READ, at.handler, finds), path)
                    assert (answer.status_code, answer.json()) == (200, {"done": True})
                    assert [(each.act, each.account) for each in at.it.asked] == [(Act.GRANT_READ, account)]
            at.it.forbids = "It is Sunday."
            for make in (at.guard.answer, at.guard.deed):
                at.did.clear()
                refused = await at.ask(make("/x", Act.GRANT_READ, at.handler), "/x")
                assert (refused.status_code, refused.json()["error"], at.did) == (403, "It is Sunday.", [])

    run(scene())


def test_pages_and_answers_are_got_and_deeds_are_posted(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            guard, act = at.guard, Act.OVERVIEW_LOOK
            page, answer, deed = (make("/x", act, at.handler) for make in (guard.page, guard.answer, guard.deed))
            assert [route.path for route in (page, answer, deed)] == ["/x"] * 3
            assert (page.methods, answer.methods, deed.methods) == ({"GET", "HEAD"}, {"GET", "HEAD"}, {"POST"})

    run(scene())


def test_a_deed_is_done_within_five_minutes_of_a_passkey_shown_and_else_asks_for_it_first(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            route = at.guard.deed("/x", Act.STAFF_INVITE, at.handler)
            assert (await at.ask(route, "/x", at.stale(0))).status_code == 200
            at.it.asked.clear()
            refused = await at.ask(route, "/x", at.stale())
            assert (refused.status_code, refused.json(), at.it.asked) == (403, PASSKEY, [])
            assert at.did == ["/x"]

    run(scene())


def test_a_deed_without_an_act_asks_for_the_one_that_it_finds(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:
            answer = await at.ask(at.guard.deed("/x", None, at.handler), "/x")
            assert (answer.status_code, at.it.asked, at.did) == (200, [], ["/x"])

    run(scene())


def test_a_page_that_can_be_followed_is_one_to_who_may_look_at_it(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with guarded(stand) as at:

            async def read(_: Looked) -> Now:
                return {"row": 1}

            async def shown(request: Request) -> Response:
                return await at.guard.show(request, "refused.html", "A title", why="a word")

            page = at.guard.page("/x", Act.QUEUES_LOOK, shown, read)
            assert 'data-version="' in (await at.ask(page, "/x")).text
            assert 'data-version="' not in (await at.ask(at.guard.page("/y", Act.QUEUES_LOOK, shown), "/y")).text
            gives = next(route for route in at.live.routes() if route.path == "/live/x")
            at.it.asked.clear()
            assert (await at.ask(gives, "/live/x")).status_code == 400
            assert [(each.act, each.staff) for each in at.it.asked] == [(Act.QUEUES_LOOK, "ST1")]
            at.it.forbids = "It is Sunday."
            assert (await at.ask(gives, "/live/x")).status_code == 403

    run(scene())
