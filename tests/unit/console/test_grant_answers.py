"""An approver of the tenant looks, matches the number and approves, refuses or ends; nobody else answers for it."""

from typing import Any

import pytest
from tests.unit.console.test_grant_routes import SESSION, VALUE, wish
from tests.unit.console.test_grant_scopes import CA, RE, call, recording
from tests.unit.console.test_grant_scopes import wish as hours_wish
from tests.unit.console.test_members import AC, OTHER, Member, account, enrolled, text

from ringfence.console.grant_book import GrantBook
from ringfence.console.tenant.member_rows import members_of
from ringfence.domain.access.grant import FRESH_MS, Grant, GrantState
from ringfence.domain.access.scope import epoch_name
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.sealing.epoch import HOUR_MS, first_epoch, open_epoch_key
from ringfence.domain.sealing.grant import SealedGrant, open_grant, seal_grant
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sealing.slots import ContentKey

SM = f"SM{1:032x}"
MINUTES_MS = 30 * 60_000
LOOKED = b"\x02" * 32


class Asked:
    """A request of Ada's, as her browser and the owner's go on with it."""

    def __init__(self, it: Any, ada: Any, owner: Member, sid: str) -> None:
        self.it, self.ada, self.owner, self.sid = it, ada, owner, sid

    @property
    def at(self) -> str:
        return f"/grants/{self.sid}"

    async def grant(self) -> Grant:
        found = await GrantBook(self.it.storage).grant(self.sid)
        assert found is not None
        return found

    async def look(self) -> Any:
        expires_ms = self.it.clock.now_ms() + MINUTES_MS
        looked = {"value": encode_base64url(LOOKED), "expires_ms": expires_ms}
        return await self.owner.ask("POST", f"{self.at}/look", looked)

    async def match(self) -> None:
        """Both sides see the number."""
        assert (await self.look()).status_code == 200
        shown = await self.ada.ask("POST", f"{self.at}/value", {"value": encode_base64url(VALUE)})
        assert shown.status_code == 200, shown.text

    async def keys(self, credential: str = "") -> Any:
        return await self.owner.ask("POST", f"{self.at}/keys", {"credential": credential or self.owner.opened_by})

    async def sealed(self) -> dict[str, Any]:
        """What the owner's frame seals of the keys that it is given."""
        given, grant = (await self.keys()).json(), await self.grant()
        granted = {}
        for name, hour in given["hours"].items():
            ((number, box),) = given["epochs"][str(hour)]
            content = ContentKey(AC, number, self.owner.content[number])
            opened = open_epoch_key(decode_base64url(box), content.recipient, AC, hour)
            granted[name] = EpochRecords(opened).key(name)
        made = seal_grant(grant.binding, granted, await self.it.keys.grant_keeper())
        boxes = [[name, encode_base64url(box)] for name, box in made.boxes.items()]
        return {"typed": grant.number, "lid": encode_base64url(made.lid), "boxes": boxes}

    async def approve(self, **changed: Any) -> Any:
        return await self.owner.ask("POST", f"{self.at}/approve", await self.sealed() | changed)


async def asked(it: Any, *, prf: bool = True) -> Asked:
    """A text, of which Ada asks for the key; without `prf` the owner's passkey opens nothing by itself."""
    caller = await account(it)
    owner = await enrolled(it, caller, prf=prf)
    await text(it, caller, "the owl flies at nine")
    ada = await it.first()
    answer = await ada.ask("POST", "/grants", wish(SM))
    assert answer.status_code == 200, answer.text
    return Asked(it, ada, owner, answer.json()["grant"]["sid"])


def test_an_approver_looks_matches_and_approves_in_the_order_of_these(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            one = await asked(it)
            shown = (await one.owner.ask("GET", one.at)).json()
            assert (shown["state"], shown["grant"]["staff_name"], shown["grant"]["names"]) == ("pending", "Ada", [SM])
            looked = (await one.look()).json()["grant"]
            assert looked["approver_value"] == encode_base64url(LOOKED)
            assert looked["expires_ms"] == it.clock.now_ms() + MINUTES_MS
            assert (await one.look()).status_code == 409
            (member,) = await it.storage.run(lambda db: members_of(db, AC))
            assert (await one.grant()).approver == member.id
            await one.ada.ask("POST", f"{one.at}/value", {"value": encode_base64url(VALUE)})
            sealed = await one.sealed()
            # With a passkey shown just now.
            it.clock.advance(FRESH_MS + 1)
            stale = await one.owner.ask("POST", f"{one.at}/approve", sealed)
            assert (stale.status_code, stale.json()["fresh"]) == (403, True)
            assert (await one.owner.verify()).status_code == 200
            approved = await one.owner.ask("POST", f"{one.at}/approve", sealed)
            assert (approved.status_code, approved.json()["state"]) == (200, "approved")
            # And what was sealed opens in the session that asked.
            await one.ada.verify()
            read = (await one.ada.ask("POST", f"{one.at}/read", {})).json()
            boxes = {name: decode_base64url(box) for name, box in read["boxes"]}
            lid = decode_base64url(read["lid"])
            keys = open_grant((await one.grant()).binding, SealedGrant(lid=lid, boxes=boxes), SESSION)
            assert set(keys) == {SM}
            kept = [entry for entry in it.ledger.entries if entry.verb == "grant.keep"]
            assert [(entry.account, entry.actor) for entry in kept] == [(AC, f"member:{member.id}")]

    run(scene())


def test_a_number_that_differs_refuses_for_good(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            one = await asked(it)
            await one.match()
            sealed = await one.sealed()
            wrong = await one.owner.ask("POST", f"{one.at}/approve", sealed | {"typed": "000000x"})
            assert (wrong.status_code, wrong.json()["error"][:21]) == (409, "No: the numbers diffe")
            assert (await one.owner.ask("POST", f"{one.at}/approve", sealed)).status_code == 409
            assert (await one.grant()).state is GrantState.REFUSED
            assert ("member", "note.refuse_grant") in it.noted

    run(scene())


def test_keys_that_the_key_service_does_not_take_end_the_request(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            one = await asked(it)
            await one.match()
            assert (await one.approve(lid="!")).status_code == 400
            assert (await one.approve(boxes=[[SM, "!"]])).status_code == 400
            assert (await one.grant()).state is GrantState.PENDING
            wrong = await one.approve(lid=encode_base64url(b"no lid"))
            assert wrong.status_code == 409
            assert wrong.json()["error"] == "The key service did not take these keys: the request has ended."
            assert (await one.grant()).state is GrantState.REVOKED

    run(scene())


def test_an_approver_refuses_what_waits_and_ends_what_was_granted(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            one = await asked(it)
            refused = (await one.owner.ask("POST", f"{one.at}/refuse")).json()
            assert (refused["state"], refused["grant"]["staff_name"]) == ("refused", "Ada")
            assert ("member", "note.refuse_grant") in it.noted
            it.clock.advance(5 * 60_000)
            await one.ada.verify()
            again = await one.ada.ask("POST", "/grants", wish(SM))
            two = Asked(it, one.ada, one.owner, again.json()["grant"]["sid"])
            await two.match()
            assert (await two.approve()).status_code == 200
            ended = (await one.owner.ask("POST", f"{two.at}/end")).json()
            assert (ended["state"], ended["grant"]["approved"]) == ("revoked", False)
            assert (await two.grant()).ended_by.startswith("member:MB")
            assert (await one.ada.ask("POST", f"{two.at}/read", {})).status_code == 409

    run(scene())


def test_nobody_of_another_account_sees_or_answers_it(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            one = await asked(it)
            other = await enrolled(it, await account(it, OTHER))
            sealed = {"typed": "", "lid": "", "boxes": []}
            bodies: dict[str, Any] = {"look": {"value": "", "expires_ms": 1}, "keys": {"credential": other.opened_by}}
            for at in (one.at, f"/grants/GR{'0' * 32}"):
                unknown = await other.ask("GET", at)
                assert (unknown.status_code, unknown.json()["error"]) == (404, "No: there is no such request.")
                for step in ("look", "keys", "approve", "refuse", "end"):
                    answer = await other.ask("POST", f"{at}/{step}", bodies.get(step, sealed))
                    assert (answer.status_code, answer.json()) == (404, unknown.json()), step
            assert "it came garbled" not in (await other.page("/grants")).text
            assert (await one.grant()).state is GrantState.PENDING

    run(scene())


@pytest.mark.parametrize("what", ["a text", "a call", "a recording", "an hour"])
def test_keys_are_those_of_the_hours_in_which_it_was_sealed(run: Any, stand: Any, what: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            it.clock.advance(HOUR_MS - it.clock.now_ms() % HOUR_MS)
            start_ms = it.clock.now_ms()
            await text(it, caller, "the owl")
            await call(it, caller)
            await recording(it, caller)
            it.clock.advance(HOUR_MS)
            ada, hour = await it.first(), first_epoch(start_ms)
            assert (await owner.sign_in()).status_code == 200
            names = {"a text": SM, "a call": CA, "a recording": RE, "an hour": epoch_name(hour)}
            by_hour = {"from_ms": start_ms, "hours": 1}
            wanted = hours_wish(**(by_hour if what == "an hour" else {"records": [names[what]]}))
            sid = (await ada.ask("POST", "/grants", wanted)).json()["grant"]["sid"]
            given = (await Asked(it, ada, owner, sid).keys()).json()
            assert given["hours"] == {names[what]: hour}
            assert list(given["epochs"]) == [str(hour)]
            opening = it.ledger.entries[-1]
            assert (opening.verb, opening.actor) == ("open_epochs", owner.opened_by)

    run(scene())


def test_what_is_gone_is_granted_no_more(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            one = await asked(it)
            await it.store.delete_message(AC, SM)
            gone = await one.keys()
            assert (gone.status_code, gone.json()["error"]) == (409, "One of these is there no more: refuse it.")

    run(scene())


@pytest.mark.parametrize("prf", [True, False])
def test_a_secret_that_opens_nothing_of_the_account_gives_no_keys(run: Any, stand: Any, prf: bool) -> None:
    async def scene() -> None:
        async with stand() as it:
            one = await asked(it, prf=prf)
            for credential in ("PK" + "0" * 32, "SK" + "0" * 32):
                refused = await one.keys(credential)
                assert (refused.status_code, refused.json()["error"]) == (409, "That opens nothing of this account.")

    run(scene())
