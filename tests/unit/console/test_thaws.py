"""What was frozen goes on when one member of staff asked and another confirmed, and by nobody alone."""

from typing import Any

import pytest

from ringfence.console.lockout import Lockout
from ringfence.console.operator.staff_rows import StaffMember, keep_member
from ringfence.console.operator.thaw_rows import WAITS_MS
from ringfence.console.operator.thaws import Thaws
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import FRESH_MS, Session
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.usecases.access.freeze import freeze, thaw
from software_authenticator import SoftwareAuthenticator

AC = "AC" + "a" * 32
ASK, CONFIRM, REFUSE = (f"/frozen/account/{AC}/{verb}" for verb in ("ask", "confirm", "refuse"))


async def frozen_account(at: Any) -> None:
    row = AccountRow(sid=AC, tenant=AC, friendly_name="Acme", created_ms=1, updated_ms=1)
    key = CredentialRow(
        account=AC, sid=AC, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
    )
    await at.store.create_account(row, key)
    assert await freeze(at.store, at.clock, "account", AC)


async def status(at: Any) -> str:
    return str((await at.store.account(AC)).status)


class Two:
    """Ada and Bob, as sessions of theirs act, without browsers."""

    def __init__(self, at: Any) -> None:
        self.at = at
        self.lockout = Lockout(at.storage, at.keys, at.clock)
        self.thaws = Thaws(at.storage, at.store, self.lockout, at.keys, at.clock)
        self.ada, self.bob, self.eve = (self._session(name) for name in ("Ada", "Bob", "Eve"))

    def _session(self, name: str) -> Session:
        return Session(
            id=f"CS{name}",
            kind="staff",
            person=f"ST{name}",
            account="",
            public_jwk=PublicJwk(kty="EC", crv="P-256", x="", y=""),
            made_ms=1,
            seen_ms=1,
            verified_ms=1,
        )

    async def join(self) -> "Two":
        for name in ("Ada", "Bob", "Eve"):
            member = StaffMember(
                id=f"ST{name}", handle=name.encode(), name=name, made_ms=1, active_ms=1, invited_by="", approved_by=""
            )
            await self.at.storage.run(lambda db, member=member: keep_member(db, member))
        return self

    async def refused(self, work: Any) -> str:
        with pytest.raises(RefusedError) as refused:
            await work
        return refused.value.text


def test_one_asks_with_a_passkey_just_shown_and_another_confirms_with_theirs(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            ada, bob = await at.first(), at.browser(SoftwareAuthenticator())
            link = (await ada.ask("POST", "/staff/invitations", {"name": "Bob"})).json()["link"]
            assert (await bob.join(link.partition("/join#")[2])).status_code == 200
            at.clock.advance(24 * 3_600_000)
            for one in (ada, bob):
                assert (await one.sign_in()).status_code == 200
            at.clock.advance(FRESH_MS + 1)
            assert (await ada.ask("POST", ASK)).json()["fresh"] is True
            await ada.verify()
            assert (await ada.ask("POST", ASK)).status_code == 200
            assert "asks to thaw account" in (await bob.page("/")).text
            assert CONFIRM in (await bob.page("/frozen")).text
            assert CONFIRM not in (await ada.page("/frozen")).text
            own = await ada.ask("POST", CONFIRM)
            assert (own.status_code, own.json()["error"]) == (409, "another member must confirm it")
            assert (await bob.ask("POST", CONFIRM)).json()["fresh"] is True
            assert await status(at) == "suspended"
            await bob.verify()
            assert (await bob.ask("POST", CONFIRM)).status_code == 200
            assert await status(at) == "active"
            people = {each.name: each.id for each in await at.terminal.members()}
            told = [(each.actor, each.verb, each.scope) for each in at.ledger.entries if each.account == AC]
            assert [(actor, verb) for actor, verb, _ in told] == [
                (f"staff:{people['Ada']}", "note.ask_thaw"),
                (f"staff:{people['Bob']}", "note.thaw"),
            ]
            assert told[1][2][1:] == (f"account:{AC}", f"staff:{people['Ada']}")
            assert (await bob.ask("POST", CONFIRM)).status_code == 404

    run(story())


def test_a_request_is_for_one_freeze_for_an_hour_and_of_somebody_who_is_still_staff(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            thaws, what = two.thaws, ("account", AC)
            assert "nobody asks" in await two.refused(thaws.confirm(two.bob, *what))
            await thaws.ask(two.ada, *what)
            assert "already" in await two.refused(thaws.ask(two.bob, *what))
            # Somebody thawed it at the terminal, and it was frozen anew, for another reason.
            at.clock.advance(1)
            assert await thaw(at.store, at.clock, *what)
            assert await freeze(at.store, at.clock, *what)
            assert "nobody asks" in await two.refused(thaws.confirm(two.bob, *what))
            await thaws.ask(two.ada, *what)
            at.clock.advance(WAITS_MS + 1)
            assert "nobody asks" in await two.refused(thaws.confirm(two.bob, *what))
            await thaws.ask(two.ada, *what)
            await two.lockout.freeze_staff(two.ada.person, "staff:terminal")
            assert "nobody asks" in await two.refused(thaws.confirm(two.bob, *what))
            # Who asks while they are kept out, by a session that ended late, gets nothing by it.
            await thaws.ask(two.ada, *what)
            assert "kept out" in await two.refused(thaws.confirm(two.bob, *what))
            await thaws.refuse(two.bob, *what)
            await two.lockout.thaw_staff(two.ada.person)
            await thaws.ask(two.ada, *what)
            await two.lockout.end_session(two.ada.id, "staff:terminal")
            assert "nobody asks" in await two.refused(thaws.confirm(two.bob, *what))
            await thaws.ask(two.ada, *what)
            assert await status(at) == "suspended"
            await thaws.refuse(two.bob, *what)
            assert "nobody asks" in await two.refused(thaws.refuse(two.bob, *what))

    run(story())


def test_staff_and_keys_go_on_in_the_same_way(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            two = await Two(at).join()
            await two.lockout.freeze_staff(two.eve.person, "staff:terminal")
            await frozen_account(at)
            await freeze(at.store, at.clock, "key", AC)
            for what in (("staff", two.eve.person), ("key", AC), ("account", AC)):
                await two.thaws.ask(two.ada, *what)
                await two.thaws.confirm(two.bob, *what)
            assert list(await two.thaws.frozen()) == []
            assert (await two.refused(two.thaws.ask(two.ada, "session", "CS1"))) == "that is not frozen"

    run(story())


def test_what_cannot_be_written_down_does_not_go_on(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            await two.thaws.ask(two.ada, "account", AC)
            at.ledger.full = True
            with pytest.raises(ConnectionError):
                await two.thaws.confirm(two.bob, "account", AC)
            assert await status(at) == "suspended"
            at.ledger.full = False
            await two.thaws.confirm(two.bob, "account", AC)
            assert await status(at) == "active"

    run(story())
