"""Who becomes staff: never by one link or one person's word alone."""

import re
from typing import Any

import pytest

from ringfence.console.operator.staff import DELAY_MS, LINK_LIFE_MS, MISSED_MS
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import FRESH_MS
from ringfence.ports.passkeys import AttestationPolicy
from software_authenticator import Maker, SoftwareAuthenticator, Wrong, b64

MODEL = bytes(range(16))


async def invited(browser: Any, name: str) -> Any:
    return await browser.ask("POST", "/staff/invitations", {"name": name, "roles": ["support"]})


def secret_of(answer: Any) -> str:
    return str(answer.json()["link"]).partition("/join#")[2]


def waiting(page: Any) -> str:
    found = re.search(r"/staff/invitations/(IV\w+)/refuse", page.text)
    assert found is not None
    return found[1]


def test_the_first_member_joins_by_the_terminals_link_and_signs_in_at_once(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            assert "Overview" in (await ada.page("/")).text
            assert it.noted == [
                ("staff", "note.invite_staff"),
                ("staff", "note.join_staff"),
                ("staff", "note.sign_in"),
            ]

    run(scene())


def test_a_link_serves_once_and_for_ten_minutes(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            late = await it.terminal.invite_first("Ada")
            it.clock.advance(LINK_LIFE_MS + 1)
            assert (await it.browser().join(late)).status_code == 409
            secret = await it.terminal.invite_first("Ada")
            ada, mallory = it.browser(), it.browser()
            begun = (await mallory.ask("POST", "/join/options", {"secret": secret}, signed=False)).json()
            assert (await ada.join(secret)).status_code == 200
            answer = mallory.authenticator.create(begun["options"], mallory.origin)
            again = await mallory.ask("POST", "/join", {"ceremony": begun["ceremony"], "answer": answer}, signed=False)
            assert again.status_code == 409
            assert [each.name for each in await it.terminal.members()] == ["Ada"]
            with pytest.raises(RefusedError, match="there is staff already"):
                await it.terminal.invite_first("Mallory")

    run(scene())


def test_the_only_member_invites_alone_and_the_second_waits_a_day(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            bob = it.browser()
            assert (await bob.join(secret_of(await invited(ada, "Bob")))).json() == {"waits": True}
            early = await bob.sign_in()
            assert (early.status_code, bob.cookie) == (403, "")
            assert "Bob has enrolled" in (await ada.page("/")).text
            it.clock.advance(DELAY_MS)
            assert (await bob.sign_in()).status_code == 200

    run(scene())


def test_among_two_the_third_needs_the_other_ones_approval(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            bob, eve = it.browser(), it.browser()
            await bob.join(secret_of(await invited(ada, "Bob")))
            it.clock.advance(DELAY_MS)
            await bob.sign_in()
            await ada.sign_in()
            assert (await invited(ada, "Eve")).json() == {"link": None}
            invitation = waiting(await bob.page("/staff"))
            own = await ada.ask("POST", f"/staff/invitations/{invitation}/approve")
            assert own.json()["error"] == "another member must approve it"
            approved = await bob.ask("POST", f"/staff/invitations/{invitation}/approve")
            assert (await eve.join(secret_of(approved))).json() == {"waits": True}

    run(scene())


async def one_removed_the_other(it: Any) -> tuple[Any, Any]:
    """Ada, who is the only one now, and Bob, who was removed."""
    ada, bob = await it.first("Ada"), it.browser()
    await bob.join(secret_of(await invited(ada, "Bob")))
    it.clock.advance(DELAY_MS)
    await bob.sign_in()
    await ada.sign_in()
    member = next(each.id for each in await it.terminal.members() if each.name == "Bob")
    assert (await ada.ask("POST", f"/staff/{member}/remove")).status_code == 200
    assert (await bob.page("/")).status_code == 401
    assert (await bob.sign_in()).status_code == 401
    return ada, bob


def test_who_removes_the_others_does_not_let_anybody_in_alone_for_a_week(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, _ = await one_removed_the_other(it)
            refused = await invited(ada, "Mallory")
            assert (refused.status_code, "removed within seven days" in refused.json()["error"]) == (409, True)
            it.clock.advance(MISSED_MS)
            await ada.sign_in()
            assert (await it.browser().join(secret_of(await invited(ada, "Carol")))).json() == {"waits": True}

    run(scene())


def test_meanwhile_the_terminal_lets_in_a_second_one_who_waits_a_day(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await one_removed_the_other(it)
            carol = it.browser()
            assert (await carol.join(await it.terminal.invite_first("Carol"))).json() == {"waits": True}
            assert (await carol.sign_in()).status_code == 403
            it.clock.advance(DELAY_MS)
            assert (await carol.sign_in()).status_code == 200
            # Now there are two, who let others in between them.
            with pytest.raises(RefusedError):
                await it.terminal.invite_first("Dave")
            assert (await invited(carol, "Dave")).json() == {"link": None}

    run(scene())


def test_whoever_enrolled_can_be_removed_before_they_ever_signed_in(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            mallory = it.browser()
            await mallory.join(secret_of(await invited(ada, "Mallory")))
            member = next(each.id for each in await it.terminal.members() if each.name == "Mallory")
            assert (await ada.ask("POST", f"/staff/{member}/remove")).status_code == 200
            it.clock.advance(DELAY_MS)
            assert (await mallory.sign_in()).status_code == 401
            # Who could not sign in yet would have approved nobody.
            await ada.sign_in()
            assert secret_of(await invited(ada, "Bob"))

    run(scene())


def test_removing_somebody_ends_their_sessions_and_the_last_one_only_the_terminal_removes(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            member = (await it.terminal.members())[0].id
            refused = await ada.ask("POST", f"/staff/{member}/remove")
            assert "the last member stays" in refused.json()["error"]
            await it.terminal.remove("terminal", member)
            assert (await ada.page("/")).status_code == 401
            assert (await ada.sign_in()).status_code == 401
            assert await it.terminal.invite_first("Ada")

    run(scene())


@pytest.mark.parametrize("path", ["/staff/invitations", "/passkeys/options", "/sessions/CS1/end", "/staff/ST1/remove"])
def test_what_is_sensitive_asks_for_a_passkey_shown_within_five_minutes(run: Any, stand: Any, path: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            it.clock.advance(FRESH_MS + 1)
            stale = await ada.ask("POST", path, {"name": "Bob", "roles": ["support"]})
            assert (stale.status_code, stale.json()["fresh"]) == (403, True)
            assert (await ada.verify()).status_code == 200
            assert (await ada.ask("POST", path, {"name": "Bob", "roles": ["support"]})).status_code in (200, 409)

    run(scene())


def test_a_member_adds_a_key_with_one_they_have_and_the_others_are_told(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            second = SoftwareAuthenticator()
            it.clock.advance(1_000)
            begun = (await ada.ask("POST", "/passkeys/options")).json()
            answer = second.create(begun["options"], ada.origin)
            made = await ada.ask("POST", "/passkeys", {"ceremony": begun["ceremony"], "answer": answer})
            assert made.status_code == 200
            assert "Ada has added a passkey" in (await ada.page("/")).text
            elsewhere = it.browser(second)
            assert (await elsewhere.sign_in()).status_code == 200
            first_id = (await it.terminal.passkeys_of((await it.terminal.members())[0].id))[0].passkey.credential_id
            assert (await elsewhere.ask("POST", f"/passkeys/{b64(first_id)}/drop")).status_code == 200
            assert (await ada.page("/")).status_code == 401
            assert (await elsewhere.page("/")).status_code == 200
            assert (await ada.sign_in()).status_code == 401

    run(scene())


def test_who_is_removed_while_they_sign_in_is_not_let_in(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            member = (await it.terminal.members())[0].id
            noted = it.keys.note

            async def note(account: str, actor: str, verb: str, scope: Any = ()) -> None:
                await noted(account, actor, verb, scope)
                if verb == "sign_in":
                    await it.terminal.remove("terminal", member)

            it.keys.note = note
            assert (await ada.sign_in()).status_code == 401
            it.keys.note = noted
            assert (await ada.page("/")).status_code == 401

    run(scene())


def test_with_makers_named_an_authenticator_that_nobody_vouches_for_is_not_enrolled(run: Any, stand: Any) -> None:
    async def scene() -> None:
        maker = Maker(MODEL)
        policy = AttestationPolicy(roots=(maker.root,), aaguids=frozenset({"00010203-0405-0607-0809-0a0b0c0d0e0f"}))
        async with stand(policy) as it:
            secret = await it.terminal.invite_first("Ada")
            software = await it.browser().join(secret)
            assert (software.status_code, "attestation" in software.json()["error"]) == (409, True)
            ada = it.browser(SoftwareAuthenticator(aaguid=MODEL))
            assert (await ada.join(secret, Wrong(attestation=maker))).status_code == 200

    run(scene())


def test_no_act_of_staff_happens_that_cannot_be_written_down(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("Ada")
            it.ledger.full = True
            assert (await invited(ada, "Bob")).status_code == 503
            assert await it.terminal.invitations() == []
            assert (await ada.sign_in()).status_code == 503
            assert ada.cookie == ""

    run(scene())
