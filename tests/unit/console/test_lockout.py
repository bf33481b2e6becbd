"""Somebody is stopped: sessions end, their grants with them, and a frozen member of staff does not come back."""

from html import escape
from pathlib import Path
from typing import Any

import pytest
from tests.unit.console.staff_office import office
from tests.unit.console.test_ends_of_grants import ACCOUNT, SM1, grant_to
from tests.unit.console.test_members import AC, OTHER, Member, account, enrolled, link
from tests.unit.console.test_session_rows import JWK

from ringfence.console.frozen_sessions import FrozenSessions
from ringfence.console.lockout import Lockout, is_kept_out, kept_out
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Kind
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.access.freeze import freeze, frozen_with, thaw
from software_authenticator import SoftwareAuthenticator


def test_what_staff_are_granted_ends_with_a_session_a_freeze_of_theirs_or_one_of_the_account(
    run: Any, tmp_path: Path
) -> None:
    async def story() -> None:
        async with office(tmp_path) as at:
            ada = await at.ada()
            lockout = Lockout(at.storage, at.keys, at.clock)
            session, names = await at.signed_in(ada.id), (f"GR{n:032x}" for n in range(10))
            for end in (
                lambda: lockout.end_session(session.id, "staff:ST9"),
                # Though it is no session any more.
                lambda: lockout.end_session(session.id, "staff:ST9"),
                lambda: lockout.freeze_staff(ada.id, "staff:ST9"),
                lambda: lockout.end_accounts([OTHER, ACCOUNT], "staff:ST9"),
            ):
                grant = next(names)
                await grant_to(at, ada.id, session.id, grant)
                await end()
                assert (at.ledger.entries[-1].verb, at.ledger.entries[-1].actor) == ("grant.end", "staff:ST9")
                with pytest.raises(KeyRefusedError):
                    await at.keys.grant_boxes(grant, session.id, [SM1])
            for others in (
                lambda: lockout.end_session("CS1", "staff:ST9"),
                lambda: lockout.end_accounts([OTHER], "staff:ST9"),
                lambda: lockout.end_sessions([ACCOUNT]),
                lockout.end_all,
            ):
                grant = next(names)
                await grant_to(at, ada.id, session.id, grant)
                await others()
                assert (await at.keys.grant_boxes(grant, session.id, [SM1])).boxes

    run(story())


def test_sessions_end_of_whom_it_was_said_and_of_nobody_else(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with office(tmp_path) as at:
            ada, bob = await at.ada_and_bob()
            lockout = Lockout(at.storage, at.keys, at.clock)

            async def opened(kind: Any, person: str, account: str = "") -> str:
                session, cookie = at.sessions.new(kind, person, account, JWK)
                await at.sessions.keep(session, cookie)
                return session.id

            async def open_now() -> set[str]:
                kinds: tuple[Kind, ...] = ("staff", "member")
                return {each.id for kind in kinds for each in await at.sessions.open_now(kind)}

            one, two, of_bob = [await opened("staff", who) for who in (ada.id, ada.id, bob.id)]
            # A member by the same name is another person.
            namesake, of_account, of_other = (
                await opened("member", ada.id, "AC0"),
                await opened("member", "MB1", AC),
                await opened("member", "MB2", OTHER),
            )
            assert await lockout.end_session(one, "staff:ST9")
            assert not await lockout.end_session(one, "staff:ST9")
            assert await open_now() == {two, of_bob, namesake, of_account, of_other}
            assert await lockout.freeze_staff(ada.id, "staff:ST9")
            assert await open_now() == {of_bob, namesake, of_account, of_other}
            await lockout.end_sessions(["AC9", AC])
            assert await open_now() == {of_bob, namesake, of_other}
            await lockout.end_accounts([AC, OTHER], "staff:ST9")
            assert await open_now() == {of_bob, namesake}
            await lockout.end_all()
            assert await open_now() == set()

    run(story())


def test_who_is_kept_out_is_so_since_the_first_freeze_and_is_let_in_by_the_thaw_of_that_one(
    run: Any, tmp_path: Path
) -> None:
    async def story() -> None:
        async with office(tmp_path) as at:
            ada, bob = await at.ada_and_bob()
            lockout, since_ms = Lockout(at.storage, at.keys, at.clock), at.clock.now_ms()

            async def out() -> list[tuple[str, int]]:
                return list(await at.storage.run(kept_out))

            assert await lockout.freeze_staff(ada.id, "staff:ST9")
            at.clock.advance(1)
            assert not await lockout.freeze_staff(ada.id, "staff:ST9")
            assert await out() == [(ada.id, since_ms)]
            assert await at.storage.run(lambda db: is_kept_out(db, ada.id))
            assert not await at.storage.run(lambda db: is_kept_out(db, bob.id))
            assert not await lockout.thaw_staff(ada.id, since_ms + 1)
            assert not await lockout.thaw_staff(bob.id)
            assert await out() == [(ada.id, since_ms)]
            assert await lockout.thaw_staff(ada.id, since_ms)
            assert await out() == []

    run(story())


def test_a_frozen_member_of_staff_is_out_and_stays_out_until_thawed(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            person = (await at.terminal.members())[0].id
            lockout = Lockout(at.storage, at.keys, at.clock)
            assert (await ada.page("/")).status_code == 200
            assert await lockout.freeze_staff(person, "staff:terminal")
            assert not await lockout.freeze_staff(person, "staff:terminal")
            assert (await ada.page("/")).status_code == 401
            refused = await ada.sign_in()
            assert (refused.status_code, "kept out" in refused.json()["error"]) == (403, True)
            assert await lockout.thaw_staff(person)
            assert not await lockout.thaw_staff(person)
            assert (await ada.sign_in()).status_code == 200

    run(story())


def test_a_name_that_nobody_has_is_not_kept_out_instead_of_whom_was_meant(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first("Ada")
            person = (await at.terminal.members())[0].id
            lockout = Lockout(at.storage, at.keys, at.clock)
            for name in ("Ada", person[:-1], person.lower(), ""):
                for refused in (lockout.freeze_staff(name, "staff:terminal"), lockout.check_staff(name)):
                    with pytest.raises(RefusedError, match=r"^nobody is staff by that ID$") as error:
                        await refused
                    assert error.value.status == 404
            assert (await ada.sign_in()).status_code == 200
            # Who was removed may be named: it is sure then that they are out.
            await at.terminal.remove("terminal", person)
            await lockout.check_staff(person)
            assert await lockout.freeze_staff(person, "staff:terminal")

    run(story())


def test_one_session_ends_and_the_others_stay(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            first = (ada.key, ada.cookie)
            at.clock.advance(1_000)
            await ada.sign_in()
            lockout = Lockout(at.storage, at.keys, at.clock)
            rows = await at.storage.run(lambda db: db.execute("SELECT id FROM session ORDER BY id DESC").fetchall())
            (latest,), _ = rows
            assert await lockout.end_session(latest, "staff:terminal")
            assert not await lockout.end_session(latest, "staff:terminal")
            assert (await ada.page("/")).status_code == 401
            ada.key, ada.cookie = first
            assert (await ada.page("/")).status_code == 200
            await lockout.end_accounts(["AC1"], "staff:terminal")
            assert (await ada.page("/")).status_code == 200
            await lockout.end_all()
            assert (await ada.page("/")).status_code == 401

    run(story())


def test_members_of_a_frozen_account_and_of_its_subaccounts_are_out_until_it_goes_on(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await enrolled(at, await account(at))
            ben = await enrolled(at, await account(at, OTHER, parent=AC))
            lockout = Lockout(at.storage, at.keys, at.clock)
            await freeze(at.store, at.clock, "account", AC)
            await lockout.end_accounts(await frozen_with(at.store, AC), "staff:terminal")
            rows = await at.storage.run(lambda db: db.execute("SELECT id FROM session").fetchall())
            assert rows == []
            for member, what in ((ada, "This account"), (ben, f"{AC}, the account above this one,")):
                refused = await member.sign_in()
                assert refused.status_code == 403
                assert refused.json()["error"].startswith(f"{what} is frozen, since ")
            await thaw(at.store, at.clock, "account", AC)
            for member in (ada, ben):
                assert (await member.sign_in()).status_code == 200

    run(story())


def test_a_session_that_a_freeze_overlooked_is_none_while_it_lasts(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada, ben = await at.first(), await enrolled(at, await account(at))
            await freeze(at.store, at.clock, "account", AC)
            # Whoever has a session there is told why.
            shown, asked = await ben.page("/members"), await ben.ask("POST", "/boxes", {"credential": AC})
            assert (shown.status_code, asked.status_code) == (401, 401)
            assert f'<p class="notice" role="alert">{escape(asked.json()["error"])}</p>' in shown.text
            assert asked.json()["error"].startswith("This account is frozen, since")
            assert (await ada.page("/")).status_code == 200
            await thaw(at.store, at.clock, "account", AC)
            assert (await ben.page("/members")).status_code == 200

    run(story())


def test_nobody_becomes_a_member_of_a_frozen_account(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await link(at, await account(at))
            await freeze(at.store, at.clock, "account", AC)
            assert (await Member(at.app, at.clock).enrol()).status_code == 403
            # Whoever has no link is not told that the account stands still.
            guess = await Member(at.app, at.clock).at_enrol("/enrol/options", {"account": AC, "link": "KL" + "9" * 32})
            assert guess.status_code == 410
            await thaw(at.store, at.clock, "account", AC)
            assert (await Member(at.app, at.clock).enrol()).status_code == 200

    run(story())


def test_where_everything_is_frozen_members_are_out_and_staff_may_thaw_it_and_nothing_else(
    run: Any, stand: Any
) -> None:
    async def story() -> None:
        async with stand() as at:
            ada, ben = await at.first(), await enrolled(at, await account(at))
            bob = at.browser(SoftwareAuthenticator())
            link = (await ada.ask("POST", "/staff/invitations", {"name": "Bob", "roles": ["security"]})).json()["link"]
            secret = link.partition("/join#")[2]
            await freeze(at.store, at.clock, "platform", "platform")
            await Lockout(at.storage, at.keys, at.clock).end_all()
            assert (await bob.join(secret)).status_code == 403
            assert (await ben.page("/members")).status_code == 401
            assert (await ben.sign_in()).status_code == 403
            assert (await ada.page("/frozen")).status_code == 401
            assert (await ada.sign_in()).status_code == 200
            for path in ("/", "/tenants", "/staff", "/sessions", "/grants", "/ledger"):
                shown = await ada.page(path)
                assert (shown.status_code, "Everything is frozen" in shown.text) == (403, True), path
            invited = await ada.ask("POST", "/staff/invitations", {"name": "Eve", "roles": ["security"]})
            closing = {"act": "account.close", "target": f"account:{AC}", "reason": "x"}
            for refused in (invited, await ada.ask("POST", "/requests", closing)):
                assert (refused.status_code, "Everything is frozen" in refused.text) == (403, True)
            assert "platform" in (await ada.page("/frozen")).text
            asked = {"act": "thaw", "target": "platform:platform", "reason": "all is well"}
            made = await ada.ask("POST", "/requests", asked)
            assert made.status_code == 200
            assert (await ada.ask("POST", f"/requests/{made.json()['id']}/confirm")).status_code == 409
            await thaw(at.store, at.clock, "platform", "platform")
            assert (await ada.page("/tenants")).status_code == 200
            assert (await ben.sign_in()).status_code == 200

    run(story())


def test_two_of_staff_thaw_everything(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada, bob = await at.first(), at.browser(SoftwareAuthenticator())
            link = (await ada.ask("POST", "/staff/invitations", {"name": "Bob", "roles": ["security"]})).json()["link"]
            assert (await bob.join(link.partition("/join#")[2])).status_code == 200
            at.clock.advance(24 * 3_600_000)
            await freeze(at.store, at.clock, "platform", "platform")
            for one in (ada, bob):
                assert (await one.sign_in()).status_code == 200
            asked = {"act": "thaw", "target": "platform:platform", "reason": "all is well"}
            request = (await ada.ask("POST", "/requests", asked)).json()["id"]
            assert (await bob.ask("POST", f"/requests/{request}/confirm")).status_code == 200
            assert await at.store.freezes() == []
            assert (await bob.page("/tenants")).status_code == 200

    run(story())


def test_sessions_of_an_account_that_a_key_froze_do_not_go_on_after_the_thaw(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada, ben = await enrolled(at, await account(at)), await enrolled(at, await account(at, OTHER, parent=AC))
            staff = await at.first()
            following = FrozenSessions(at.store, Lockout(at.storage, at.keys, at.clock))
            await following.look()
            # As `usecases.access.react` does it, from the API: for a second time too.
            for _ in range(2):
                assert (await ada.page("/members")).status_code == 200
                await freeze(at.store, at.clock, "account", AC)
                await following.look()
                await thaw(at.store, at.clock, "account", AC)
                await following.look()
                for member in (ada, ben):
                    assert (await member.page("/members")).status_code == 401
                    assert (await member.sign_in()).status_code == 200
                at.clock.advance(1_000)
            assert (await staff.page("/")).status_code == 200

    run(story())
