"""What is dangerous is done when one member of staff asked and another confirmed, and by nobody alone."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest

from ringfence.console.act_notices import ActNotices
from ringfence.console.lockout import Lockout
from ringfence.console.operator.account_status import AccountStatus
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.carrier_pause import CarrierPause
from ringfence.console.operator.rate_raise import RateRaise
from ringfence.console.operator.request_rows import WAITS_MS, ActRequest
from ringfence.console.operator.staff_rows import StaffMember, keep_member
from ringfence.console.operator.thawing import Thawing
from ringfence.console.operator.two_person_acts import TwoPersonActs
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import FRESH_MS, LIFE_MS, Session, Sessions
from ringfence.kms.service import KeyService
from ringfence.ports.store import AccountRow, CredentialRow, NumberRow
from ringfence.usecases.access.freeze import freeze, thaw
from software_authenticator import SoftwareAuthenticator

AC = "AC" + "a" * 32
TARGET, CARRIER = f"account:{AC}", "carrier:simulator"
STATUSES = {Act.ACCOUNT_SUSPEND: "suspended", Act.ACCOUNT_REOPEN: "active", Act.ACCOUNT_CLOSE: "closed"}

NUMBER = NumberRow(
    account=AC,
    sid="PN" + "1" * 32,
    number="+12025550123",
    friendly_name="",
    kind="local",
    region="US",
    capabilities=frozenset(),
    standing=b"",
    created_ms=1,
    updated_ms=1,
)


async def frozen_account(at: Any) -> None:
    row = AccountRow(sid=AC, tenant=AC, friendly_name="Acme", created_ms=1, updated_ms=1)
    key = CredentialRow(
        account=AC, sid=AC, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
    )
    await at.store.create_account(row, key)
    assert await freeze(at.store, at.clock, "account", AC)


async def status(at: Any) -> str:
    return str((await at.store.account(AC)).status)


async def nothing() -> None:
    return


class Meanwhile:
    """The ledger; `then` happens while it writes that something was confirmed."""

    def __init__(self, keys: KeyService, then: Callable[[], Awaitable[Any]]) -> None:
        self._keys = keys
        self._then = then

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str]) -> None:
        await self._keys.note(account, actor, verb, scope)
        if not verb.startswith("ask_"):
            await self._then()


class Two:
    """Ada and Bob, as sessions of theirs act, without browsers."""

    def __init__(self, at: Any, then: Callable[[], Awaitable[Any]] | None = None) -> None:
        """`then` happens while the ledger writes that something is confirmed."""
        self.at = at
        self.lockout = Lockout(at.storage, at.keys, at.clock)
        self.thawing = Thawing(at.storage, at.store, self.lockout, at.clock)
        deeds: dict[Act, Any] = {Act.THAW: self.thawing, Act.RATE_RAISE: RateRaise(at.store, at.store, at.clock)}
        for act, status in STATUSES.items():
            deeds[act] = AccountStatus(at.store, self.lockout, at.clock, status)
        for act, resumes in ((Act.CARRIER_PAUSE, False), (Act.CARRIER_RESUME, True)):
            deeds[act] = CarrierPause(at.store, at.clock, ["simulator"], resumes=resumes)
        self.acts = TwoPersonActs(at.storage, deeds, Meanwhile(at.keys, then or nothing), at.clock, at.may)
        self.ada, self.bob, self.eve = (self._session(name) for name in ("Ada", "Bob", "Eve"))

    async def ask(self, act: Act, target: str, by: Session | None = None, *, value: str = "") -> ActRequest:
        return await self.acts.ask(by or self.ada, act, target, value, "Acme called")

    async def both(self, act: Act, target: str, *, value: str = "") -> None:
        await self.acts.confirm(self.bob, await self.ask(act, target, value=value))

    def _session(self, name: str) -> Session:
        return Session(
            id=f"CS{name}",
            kind="staff",
            person=f"ST{name}",
            account="",
            public_jwk=PublicJwk(kty="EC", crv="P-256", x="", y=""),
            made_ms=self.at.clock.now_ms(),
            seen_ms=self.at.clock.now_ms(),
            verified_ms=self.at.clock.now_ms(),
        )

    async def come_back(self, *sessions: Session) -> None:
        """These are open, and were used this moment."""
        for each in sessions:
            await Sessions(self.at.storage, self.at.clock).end("staff", each.id)
            now_ms = self.at.clock.now_ms()
            made_ms = each.made_ms if now_ms - each.made_ms <= LIFE_MS else now_ms
            now = msgspec.structs.replace(each, made_ms=made_ms, seen_ms=now_ms)
            await Sessions(self.at.storage, self.at.clock).keep(now, each.id)

    async def join(self) -> "Two":
        for name in ("Ada", "Bob", "Eve"):
            member = StaffMember(
                id=f"ST{name}", handle=name.encode(), name=name, made_ms=1, active_ms=1, invited_by="", approved_by=""
            )
            await self.at.storage.run(lambda db, member=member: keep_member(db, member))
        await self.come_back(self.ada, self.bob, self.eve)
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
            link = (await ada.ask("POST", "/staff/invitations", {"name": "Bob", "roles": ["support"]})).json()["link"]
            assert (await bob.join(link.partition("/join#")[2])).status_code == 200
            at.clock.advance(24 * 3_600_000)
            for one in (ada, bob):
                assert (await one.sign_in()).status_code == 200
            at.clock.advance(FRESH_MS + 1)
            wish = {"act": "thaw", "target": TARGET, "reason": "Acme called"}
            assert (await ada.ask("POST", "/requests", wish)).json()["fresh"] is True
            await ada.verify()
            assert (await ada.ask("POST", "/requests", wish | {"reason": " "})).status_code == 400
            assert (await ada.ask("POST", "/requests", wish | {"act": "staff.remove"})).status_code == 400
            made = (await ada.ask("POST", "/requests", wish)).json()["id"]
            confirm = f"/requests/{made}/confirm"
            assert f"asks for thaw of {TARGET}" in (await bob.page("/")).text
            shown = (await bob.page("/requests")).text
            assert confirm in shown
            assert "Acme called" in shown
            assert "asked for" in (await bob.page("/frozen")).text
            assert confirm not in (await ada.page("/requests")).text
            own = await ada.ask("POST", confirm)
            assert (own.status_code, own.json()["error"]) == (409, "another member must confirm it")
            assert (await bob.ask("POST", confirm)).json()["fresh"] is True
            assert await status(at) == "suspended"
            await bob.verify()
            assert (await bob.ask("POST", confirm)).status_code == 200
            assert await status(at) == "active"
            judged = [(each.persons, each.account) for each in at.asked if each.act is Act.THAW]
            assert judged == [(1, AC), (1, AC), (2, AC), (2, AC), (1, AC)]
            people = {each.name: each.id for each in await at.terminal.members()}
            told = [(each.actor, each.verb, each.scope) for each in at.ledger.entries if each.account == AC]
            assert [(actor, verb) for actor, verb, _ in told] == [
                (f"staff:{people['Ada']}", "note.ask_thaw"),
                (f"staff:{people['Bob']}", "note.thaw"),
            ]
            assert told[1][2][1:] == (TARGET, f"staff:{people['Ada']}", "because:Acme called")
            assert (await bob.ask("POST", confirm)).status_code == 409

    run(story())


def test_a_request_is_for_one_freeze_for_an_hour_and_of_somebody_who_is_still_staff(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            asked = await two.ask(Act.THAW, TARGET)
            assert "already" in await two.refused(two.ask(Act.THAW, TARGET, two.bob))
            # Somebody thawed it at the terminal, and it was frozen anew, for another reason.
            at.clock.advance(1)
            assert await thaw(at.store, at.clock, "account", AC)
            assert await freeze(at.store, at.clock, "account", AC)
            assert "changed" in await two.refused(two.acts.confirm(two.bob, asked))
            asked = await two.ask(Act.THAW, TARGET)
            at.clock.advance(WAITS_MS + 1)
            await two.come_back(two.ada, two.bob)
            assert "nobody asks" in await two.refused(two.acts.confirm(two.bob, asked))
            asked = await two.ask(Act.THAW, TARGET)
            await two.lockout.freeze_staff(two.ada.person, "staff:terminal")
            assert list(await two.acts.waiting()) == []
            # Who asks by a session that ended meanwhile gets nothing by it; nor by one that was overlooked.
            assert "has ended" in await two.refused(two.ask(Act.THAW, TARGET))
            await two.come_back(two.ada)
            asked = await two.ask(Act.THAW, TARGET)
            assert "kept out" in await two.refused(two.acts.confirm(two.bob, asked))
            await two.acts.refuse(two.bob, asked)
            await two.lockout.thaw_staff(two.ada.person)
            asked = await two.ask(Act.THAW, TARGET)
            assert await status(at) == "suspended"
            await two.acts.refuse(two.bob, asked)
            assert "nobody asks" in await two.refused(two.acts.refuse(two.bob, asked))
            assert "nobody asks" in await two.refused(two.acts.confirm(two.bob, asked))

    run(story())


def test_staff_and_keys_go_on_in_the_same_way(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            two = await Two(at).join()
            await two.lockout.freeze_staff(two.eve.person, "staff:terminal")
            await frozen_account(at)
            await freeze(at.store, at.clock, "key", AC)
            for target in (f"staff:{two.eve.person}", f"key:{AC}", TARGET):
                await two.both(Act.THAW, target)
            assert list(await two.thawing.frozen()) == []
            assert (await two.refused(two.ask(Act.THAW, "session:CS1"))) == "that is not frozen"

    run(story())


def test_an_account_is_suspended_reopened_and_closed_as_by_the_api_and_its_members_are_told(
    run: Any, stand: Any
) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            assert "thawed, not reopened" in await two.refused(two.ask(Act.ACCOUNT_REOPEN, TARGET))
            await two.both(Act.THAW, TARGET)
            await at.store.buy_number(NUMBER, from_stock=False)
            assert "active" in await two.refused(two.ask(Act.ACCOUNT_REOPEN, TARGET))
            await two.both(Act.ACCOUNT_SUSPEND, TARGET)
            assert await status(at) == "suspended"
            at.clock.advance(1)
            await two.both(Act.ACCOUNT_REOPEN, TARGET)
            assert await status(at) == "active"
            stale = await two.ask(Act.ACCOUNT_CLOSE, TARGET)
            at.clock.advance(1)
            await two.both(Act.ACCOUNT_SUSPEND, TARGET)
            assert "changed" in await two.refused(two.acts.confirm(two.bob, stale))
            await two.both(Act.ACCOUNT_CLOSE, TARGET)
            assert await status(at) == "closed"
            assert await at.store.number_by_e164(NUMBER.number) is None
            assert "closed" in await two.refused(two.ask(Act.ACCOUNT_REOPEN, TARGET))
            assert "no such account" in await two.refused(two.ask(Act.ACCOUNT_CLOSE, "account:AC1"))
            assert "no such account" in await two.refused(two.ask(Act.ACCOUNT_CLOSE, f"key:{AC}"))
            told = await ActNotices(at.storage).of(AC, at.clock.now_ms())
            assert [each.act for each in told][:2] == ["account.close", "account.suspend"]
            assert {(each.asked_by, each.confirmed_by) for each in told} == {("STAda", "STBob")}
            verbs = [each.verb for each in at.ledger.entries if each.account == AC]
            assert verbs[-2:] == ["note.ask_account_close", "note.account_close"]

    run(story())


def test_what_cannot_be_written_down_is_not_done(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            asked = await two.ask(Act.THAW, TARGET)
            at.ledger.full = True
            with pytest.raises(ConnectionError):
                await two.acts.confirm(two.bob, asked)
            assert await status(at) == "suspended"
            at.ledger.full = False
            await two.acts.confirm(two.bob, asked)
            assert await status(at) == "active"

    run(story())


def test_a_carrier_is_paused_and_goes_on(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            two = await Two(at).join()
            assert "no such carrier" in await two.refused(two.ask(Act.CARRIER_PAUSE, "carrier:other"))
            assert "not paused" in await two.refused(two.ask(Act.CARRIER_RESUME, CARRIER))
            await two.both(Act.CARRIER_PAUSE, CARRIER)
            assert [each.target for each in await two.thawing.frozen()] == [CARRIER]
            assert "paused already" in await two.refused(two.ask(Act.CARRIER_PAUSE, CARRIER))
            await two.both(Act.CARRIER_RESUME, CARRIER)
            assert list(await two.thawing.frozen()) == []

    run(story())
