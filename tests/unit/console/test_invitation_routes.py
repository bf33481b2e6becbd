"""The operator invites a tenant: a link, once, and no secret of the account that it makes."""

import re
from typing import Any

from msgspec.structs import replace

from ringfence.console.operator.paging import PAGE
from ringfence.usecases.accounts.invitation import LIFE_MS, take_invitation


def test_a_member_invites_and_withdraws_and_the_ledger_has_it_first(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            made = await ada.ask("POST", "/invitations", {"name": "  Acme   & Co "})
            link = re.fullmatch(r"http://localhost:8420/invite#([\w-]{43})", made.json()["link"])
            assert link is not None
            assert set(made.json()) == {"link"}
            (row,) = await it.store.invitations()
            assert (row.name, row.taken_ms) == ("Acme & Co", 0)
            entry = it.ledger.entries[-1]
            assert (entry.verb, entry.scope[1], entry.actor) == (
                "note.invite_account",
                row.id,
                f"staff:{row.invited_by}",
            )
            shown = (await ada.page("/invitations")).text
            assert all(part in shown for part in (row.id, "Acme &amp; Co", "Ada", "Withdraw"))
            assert link[1] not in shown + (await ada.ask("GET", "/invitations/export")).text
            it.ledger.full = True
            assert (await ada.ask("POST", "/invitations", {"name": "Unseen"})).status_code == 503
            assert (await ada.ask("POST", f"/invitations/{row.id}/withdraw")).status_code == 503
            assert [each.name for each in await it.store.invitations()] == ["Acme & Co"]
            it.ledger.full = False
            assert (await ada.ask("POST", f"/invitations/{row.id}/withdraw")).status_code == 200
            assert it.ledger.entries[-1].verb == "note.withdraw_invitation"
            assert await take_invitation(it.store, it.keys, it.clock, secret=link[1]) is None

    run(scene())


def test_what_was_taken_shows_its_account_alone_and_stays_on_record(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            link = (await ada.ask("POST", "/invitations", {"name": "Acme"})).json()["link"]
            taken = await take_invitation(it.store, it.keys, it.clock, secret=link.partition("#")[2])
            assert taken is not None
            (row,) = await it.store.invitations()
            late = await ada.ask("POST", f"/invitations/{row.id}/withdraw")
            assert (late.status_code, "which account" in late.json()["error"]) == (409, True)
            assert row.id not in (await ada.page("/invitations")).text
            shown = (await ada.page("/invitations?all")).text
            saved = (await ada.ask("GET", "/invitations/export")).text
            assert all(taken.sid in each for each in (shown, saved))
            # What the how-to tells a tenant to look for in its ledger.
            verbs = [entry.verb for entry in it.ledger.entries if entry.account == taken.sid]
            assert [verb for verb in verbs if verb in ("create_account", "add_slot")] == ["create_account", "add_slot"]
            assert not [part for part in (taken.auth_token, taken.recovery_kit[0]) if part in shown + saved]

    run(scene())


def test_they_are_listed_a_page_at_a_time_and_those_that_ended_are_not_open(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            await ada.ask("POST", "/invitations", {"name": "Acme"})
            (row,) = await it.store.invitations()
            for n in range(PAGE):
                await it.store.put_invitation(replace(row, id=f"IV{n:032x}"), f"{n:032}".encode())
            first = (await ada.page("/invitations")).text
            assert first.count("Withdraw</button>") == PAGE
            older = re.search(r'href="(/invitations\?before=\w+)"', first)
            assert older is not None
            second = (await ada.page(older[1])).text
            assert re.findall(r"<code>(IV\w+)</code>", second) == [f"IV{0:032x}"]
            it.clock.advance(LIFE_MS)
            assert (await ada.sign_in()).status_code == 200
            assert "IV" not in re.sub(r"<nav.*?</nav>", "", (await ada.page("/invitations")).text, flags=re.DOTALL)
            assert "ended" in (await ada.page("/invitations?all")).text

    run(scene())


def test_names_that_are_none_and_invitations_that_there_are_not_are_refused(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            for name in ("", "   ", "x" * 65, "A\u202eB"):
                assert (await ada.ask("POST", "/invitations", {"name": name})).status_code == 400, name
            assert (await ada.ask("POST", "/invitations/x/withdraw")).status_code == 404
            assert (await ada.ask("POST", f"/invitations/IV{0:032x}/withdraw")).status_code == 409
            assert await it.store.invitations() == []

    run(scene())
