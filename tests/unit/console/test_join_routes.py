"""The page of a link to become staff, and what it asks."""

from typing import Any

from ringfence.console.operator.staff import DELAY_MS
from ringfence.usecases.access.freeze import freeze, thaw


def test_whoever_holds_a_link_joins_and_is_told_whether_they_wait(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, bob = it.browser(), it.browser()
            page = await ada.ask("GET", "/join", signed=False)
            assert (page.status_code, "<title>Join" in page.text) == (200, True)
            secret = await it.terminal.invite_first("Ada")
            asked = (await ada.ask("POST", "/join/options", {"secret": secret}, signed=False)).json()
            assert set(asked) == {"ceremony", "options"}
            assert asked["options"]["user"]["name"] == "Ada"
            assert (await ada.join(secret)).json() == {"waits": False}
            assert (await ada.sign_in()).status_code == 200
            invited = await ada.ask("POST", "/staff/invitations", {"name": "Bob", "roles": ["support"]})
            assert (await bob.join(str(invited.json()["link"]).partition("/join#")[2])).json() == {"waits": True}
            assert (await bob.sign_in()).status_code == 403
            it.clock.advance(DELAY_MS)
            assert (await bob.sign_in()).status_code == 200

    run(scene())


def test_what_is_no_link_and_no_answer_is_refused_in_words(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            browser = it.browser()
            guess = await browser.ask("POST", "/join/options", {"secret": "guess"}, signed=False)
            assert (guess.status_code, "does not work any more" in guess.json()["error"]) == (409, True)
            for path in ("/join/options", "/join"):
                refused = await browser.ask("POST", path, {"link": "x"}, signed=False)
                assert (refused.status_code, refused.json()["error"]) == (400, "The body is not what this takes.")
            secret = await it.terminal.invite_first("Ada")
            asked = (await browser.ask("POST", "/join/options", {"secret": secret}, signed=False)).json()
            answer = browser.authenticator.create(asked["options"], browser.origin)
            refused = await browser.ask("POST", "/join", {"ceremony": "x", "answer": answer}, signed=False)
            assert (refused.status_code, refused.json()["error"]) == (409, "this took too long: begin again")

    run(scene())


def test_nobody_joins_where_everything_is_frozen_and_the_link_is_not_used_up(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, secret = it.browser(), await it.terminal.invite_first("Ada")
            await freeze(it.store, it.clock, "platform", "platform")
            refused = await ada.join(secret)
            assert (refused.status_code, "Everything is frozen" in refused.json()["error"]) == (403, True)
            assert await it.terminal.members() == []
            await thaw(it.store, it.clock, "platform", "platform")
            assert (await ada.join(secret)).status_code == 200

    run(scene())
