"""Staff ask for calls and for whole hours that have ended, and read those and no other."""

import os
from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.console.test_grant_routes import AC, PROMISED, SESSION, VALUE
from tests.unit.console.test_members import OTHER, account, enrolled, text

from ringfence.console.grant_book import GrantBook
from ringfence.console.grant_json import said
from ringfence.domain.access.grant import Approver, Grant
from ringfence.domain.access.scope import Scope, epoch_name
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.sealing.call import open_call, seal_call
from ringfence.domain.sealing.content import open_content
from ringfence.domain.sealing.epoch import HOUR_MS, first_epoch
from ringfence.domain.sealing.grant import SealedGrant, open_grant, seal_grant
from ringfence.domain.sealing.record import EpochRecords, RecordSealer
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller
from ringfence.usecases.access.answer_grant import approve_grant, look_at_grant

CA = "CA" + "1" * 32
VL = "VL" + "1" * 32


def wish(**what: Any) -> dict[str, Any]:
    return {"account": AC, "reason": "it came garbled", "minutes": 30, **PROMISED, **what}


async def call(made: Any, caller: Caller, sid: str = CA, **changed: Any) -> None:
    """A call of the account, sealed."""
    sealing = await made.keys.sealing_key(caller, AC)
    content = seal_call(RecordSealer(sealing.epoch_key, AC), sid, Content(to="+12025550177", sender="+12025550123"))
    now_ms = made.clock.now_ms()
    row: dict[str, Any] = {
        "account": AC,
        "sid": sid,
        "direction": Direction.OUTBOUND_API,
        "status": Status.COMPLETED,
        "local": "+12025550123",
        "remote_index": b"",
        "remote_region": "US",
        "epoch": sealing.epoch,
        "content": content,
        "created_ms": now_ms,
        "updated_ms": now_ms,
    }
    await made.store.create_call(CallRow(**row | changed))


async def approved(made: Any, ada: Any, caller: Caller, asked: dict[str, Any]) -> Grant:
    """Asked on the page's routes, and approved as a member's browser does."""
    answer = await ada.ask("POST", "/grants", asked)
    assert answer.status_code == 200, answer.text
    sid, book = answer.json()["grant"]["sid"], GrantBook(made.storage)
    who = Approver(member="MB1", account=AC, approves=True, verified_ms=made.clock.now_ms())
    await look_at_grant(book, made.clock, sid, who, os.urandom(32), made.clock.now_ms() + 30 * 60_000)
    shown = await ada.ask("POST", f"/grants/{sid}/value", {"value": encode_base64url(VALUE)})
    assert shown.status_code == 200, shown.text
    grant = await book.grant(sid)
    assert grant is not None
    row = await made.store.call(AC, CA)
    epochs = await made.keys.open_epochs(caller, AC, list(grant.scope.epochs) or [row.epoch])
    keys = {epoch_name(number): key for number, key in epochs.items() if grant.scope.epochs}
    keys |= {sid: EpochRecords(epochs[row.epoch]).key(sid) for sid in grant.scope.records}
    sealed = seal_grant(grant.binding, keys, await made.keys.grant_keeper())
    return await approve_grant(book, made.keys, made.keys, made.clock, sid, who, typed=grant.number, sealed=sealed)


async def read(made: Any, ada: Any, grant: Grant, **behind: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the console hands out, and the keys that the asker's browser opens of it."""
    answer = await ada.ask("POST", f"/grants/{grant.sid}/read", behind)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    boxes = {name: decode_base64url(box) for name, box in told["boxes"]}
    return told, open_grant(grant.binding, SealedGrant(lid=decode_base64url(told["lid"]), boxes=boxes), SESSION)


def sids(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["sid"] for row in rows]


def test_whole_hours_that_ended_are_read_with_their_texts_and_calls_and_no_other_hour(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            made.clock.advance(HOUR_MS - made.clock.now_ms() % HOUR_MS)
            start_ms = made.clock.now_ms()
            await text(made, caller, "of the first hour", n=1)
            await call(made, caller)
            made.clock.advance(HOUR_MS)
            await text(made, caller, "of the second hour", n=2)
            made.clock.advance(HOUR_MS)
            ada = await made.first()
            grant = await approved(made, ada, caller, wish(from_ms=start_ms + 5, hours=1))
            assert grant.scope == Scope(epochs=(first_epoch(start_ms),))
            assert said(grant.scope).startswith("all of 1 hour, from ")
            told, keys = await read(made, ada, grant)
            assert (sids(told["records"]), sids(told["calls"]), told["behind"]) == ([f"SM{1:032x}"], [CA], None)
            (key,) = keys.values()
            sealer = RecordSealer(key, AC)
            (one,), (other,) = told["records"], told["calls"]
            assert open_content(sealer, one["sid"], decode_base64url(one["content"])).body == "of the first hour"
            assert open_call(sealer, CA, decode_base64url(other["content"])).to == "+12025550177"
            opened = [entry for entry in made.ledger.entries if entry.verb == "grant_open"]
            assert [entry.scope[2:] for entry in opened] == [(epoch_name(first_epoch(start_ms)),)]
            page = (await ada.page("/grants")).text
            assert "all of 1 hour, from " in page

    run(story())


def test_a_call_is_asked_for_by_its_sid(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            await call(made, caller)
            ada = await made.first()
            grant = await approved(made, ada, caller, wish(records=[CA]))
            told, keys = await read(made, ada, grant)
            assert (told["records"], sids(told["calls"]), set(keys)) == ([], [CA], {CA})
            assert said(Scope(records=(CA, f"SM{1:032x}", f"SM{2:032x}"))) == "1 call and 2 texts"
            assert said(Scope(records=(f"RE{1:032x}", f"RE{2:032x}"))) == "2 recordings"

    run(story())


@pytest.mark.parametrize("hours", [0, -1, 25])
def test_no_other_number_of_hours_is_asked_for(run: Any, stand: Any, hours: int) -> None:
    async def story() -> None:
        async with stand() as made:
            await account(made)
            ada = await made.first()
            assert (await ada.ask("POST", "/grants", wish(from_ms=1, hours=hours))).status_code == 409

    run(story())


def test_an_hour_that_goes_on_or_that_holds_nothing_is_not_asked_for(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            await account(made, OTHER)
            await call(made, caller)
            ada, now_ms = await made.first(), made.clock.now_ms()
            for from_ms, status in ((now_ms, 409), (now_ms + HOUR_MS, 409), (-1, 409), (now_ms - 5 * HOUR_MS, 404)):
                answer = await ada.ask("POST", "/grants", wish(from_ms=from_ms, hours=1))
                assert answer.status_code == status, from_ms
            assert (await ada.ask("POST", "/grants", wish(account=OTHER, records=[CA]))).status_code == 404
            assert await GrantBook(made.storage).grants_of_staff("", "", 9) == []

    run(story())


def test_a_call_that_brings_a_code_is_not_asked_for(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            await call(made, await account(made), parent_sid="VE" + "1" * 32)
            ada = await made.first()
            assert (await ada.ask("POST", "/grants", wish(records=[CA]))).status_code == 404

    run(story())


def test_a_text_that_brings_a_code_is_not_asked_for(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            await text(made, caller, "your code is 123456", sid=VL)
            await text(made, caller, "it is ready")
            ada = await made.first()
            assert (await ada.ask("POST", "/grants", wish(records=[VL]))).status_code == 404
            assert (await ada.ask("POST", "/grants", wish(records=[f"SM{1:032x}", VL]))).status_code == 404
            assert await GrantBook(made.storage).grants_of_staff("", "", 9) == []
            assert (await ada.page(f"/tenants/{AC}/texts/{VL}")).status_code == 404
            assert (await ada.page(f"/tenants/{AC}/texts/SM{1:032x}")).status_code == 200

    run(story())


def test_a_member_is_told_in_which_hour_a_call_was_sealed(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            await call(made, caller)
            owner = await enrolled(made, caller)
            asked = await (await made.first()).ask("POST", "/grants", wish(records=[CA]))
            at = f"/grants/{asked.json()['grant']['sid']}/keys"
            given = (await owner.ask("POST", at, {"credential": owner.opened_by})).json()
            row = await made.store.call(AC, CA)
            assert given["hours"] == {CA: row.epoch}
            assert "1 call" in (await owner.page("/grants")).text

    run(story())
