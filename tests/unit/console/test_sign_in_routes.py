"""What is at the door of both consoles: pages and files open to all, signing in, showing a passkey again, leaving."""

from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.test_ends_of_grants import GR, SM1, granted
from tests.unit.console.test_members import AC, account, enrolled

from ringfence.console.sessions import Sessions
from ringfence.drills.staff_browser import SessionKey
from ringfence.ports.keys import KeyRefusedError

HELD = "HttpOnly; Path=/; SameSite=strict"


def test_pages_and_files_are_open_to_all(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            browser = it.browser()
            health = await browser.ask("GET", "/healthz", signed=False)
            assert (health.status_code, health.text) == (200, "ok\n")
            page = await browser.ask("GET", "/sign-in", signed=False)
            assert (page.status_code, "<title>Sign in" in page.text) == (200, True)
            for path in ("/worker.js", "/assets/acts.js"):
                file = await browser.ask("GET", path, signed=False)
                assert (file.status_code, file.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
            assert (await browser.ask("GET", "/assets/nothing.js", signed=False)).status_code == 404

    run(scene())


def test_a_sign_in_says_what_time_it_is_and_opens_a_session_by_a_cookie_for_this_host(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            browser = it.browser()
            await browser.join(await it.terminal.invite_first("Ada"))
            asked = {"key": SessionKey().jwk}
            begun = (await browser.ask("POST", "/sign-in/options", asked, signed=False)).json()
            assert set(begun) == {"ceremony", "options", "now_ms"}
            assert begun["now_ms"] == it.clock.now_ms()
            for path in ("/sign-in/options", "/sign-in"):
                refused = await browser.ask("POST", path, {"key": "none"}, signed=False)
                assert (refused.status_code, refused.json()["error"]) == (400, "The body is not what this takes.")
            answered = await browser.sign_in()
            assert (answered.status_code, answered.json()) == (200, {})
            assert answered.headers["set-cookie"] == f"{browser.cookie}; {HELD}"
            assert browser.cookie.startswith("ringfence_session=")
            assert (await browser.page("/")).status_code == 200

    run(scene())


def test_who_shows_a_passkey_again_is_told_what_signing_in_tells(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, ben = await it.first(), await enrolled(it, await account(it))
            assert (await ada.verify()).json() == {}
            again = (await ben.verify()).json()
            assert (again["credential"], bool(again["boxes"])) == (ben.opened_by, True)
            assert set((await ben.ask("POST", "/verify/options")).json()) == {"ceremony", "options"}

    run(scene())


@pytest.mark.parametrize("console", ["operator", "tenant"])
def test_who_signs_out_is_out_and_the_ledger_has_it(run: Any, stand: Any, console: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            person = await it.first() if console == "operator" else await enrolled(it, await account(it))
            kind = "staff" if console == "operator" else "member"
            (session,) = await Sessions(it.storage, it.clock).open_now(kind)
            left = await person.ask("POST", "/sign-out")
            assert (left.status_code, left.json()) == (200, {})
            assert left.headers["set-cookie"].startswith('ringfence_session=""; expires=')
            assert await Sessions(it.storage, it.clock).open_now(kind) == []
            entry = it.ledger.entries[-1]
            assert (entry.account, entry.verb) == (AC if console == "tenant" else "operator", "note.sign_out")
            assert (entry.actor, entry.scope) == (session.actor, (session.scope,))

    run(scene())


@pytest.mark.parametrize("console", ["operator", "tenant"])
def test_a_ledger_that_cannot_be_written_keeps_nobody_signed_in(run: Any, stand: Any, console: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            person = await it.first() if console == "operator" else await enrolled(it, await account(it))
            kind = "staff" if console == "operator" else "member"
            (session,) = await Sessions(it.storage, it.clock).open_now(kind)
            if console == "operator":
                await granted(it, person)
            cookie, it.ledger.full = person.cookie, True
            with capture_logs() as logged:
                left = await person.ask("POST", "/sign-out")
            assert (left.status_code, left.json()) == (200, {})
            assert left.headers["set-cookie"].startswith('ringfence_session=""; expires=')
            assert await Sessions(it.storage, it.clock).open_now(kind) == []
            person.cookie = cookie
            assert (await person.page("/")).status_code == 401
            # The operator reads whose leaving is in no ledger, and whose grants may last until their time is over.
            events = ["console.sign_out_unwritten", *["console.grants_not_ended"] * (console == "operator")]
            assert [(each["event"], each["session"]) for each in logged] == [(each, session.id) for each in events]
            if console == "operator":
                with pytest.raises(KeyRefusedError):
                    await it.keys.grant_boxes(GR, session.id, [SM1])

    run(scene())


def test_nobody_leaves_whose_session_cannot_be_ended(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            end = it.storage.run

            async def once_looked_up(work: Any) -> Any:
                found = await end(work)
                await it.storage.close()
                return found

            it.storage.run = once_looked_up
            left = await ada.ask("POST", "/sign-out")
            assert (left.status_code, "it was not done" in left.json()["error"]) == (503, True)
            assert "set-cookie" not in left.headers

    run(scene())


def test_the_consoles_sign_in_pages_are_each_their_own(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            page = await member.ask("GET", "/sign-in", signed=False)
            assert (page.status_code, ORIGINS.keys in page.text) == (200, True)

    run(scene())
