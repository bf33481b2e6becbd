"""Staff ask for calls, recordings and whole hours that have ended, and read those and no other."""

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
from ringfence.domain.ledger.blast import reach_of
from ringfence.domain.sealing.call import open_call, seal_call
from ringfence.domain.sealing.content import open_content
from ringfence.domain.sealing.epoch import HOUR_MS, first_epoch
from ringfence.domain.sealing.grant import SealedGrant, open_grant, seal_grant
from ringfence.domain.sealing.record import EpochRecords, RecordSealer
from ringfence.ports.calls import CallRow, RecordingRow
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
    row = row or await made.store.recording(AC, RE)
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
            assert said(Scope(records=(CA, f"RE{1:032x}", f"SM{1:032x}"))) == "1 call, 1 recording and 1 text"

    run(story())


RE = "RE" + "1" * 32
SEALED = b"sealed by the media worker"


async def recording(made: Any, caller: Caller, sid: str = RE, **changed: Any) -> None:
    """A recording of the account, whose file lies where a media worker leaves it."""
    sealing, now_ms = await made.keys.sealing_key(caller, AC), made.clock.now_ms()
    row: dict[str, Any] = {
        "account": AC,
        "sid": sid,
        "call_sid": CA,
        "status": "completed",
        "channels": 2,
        "source": "RecordVerb",
        "epoch": sealing.epoch,
        "started_ms": now_ms,
        "duration_ms": 1_000,
        "created_ms": now_ms,
        "updated_ms": now_ms,
    }
    await made.store.add_recording(RecordingRow(**row | changed))
    folder = made.folder / "recordings" / AC
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sid).write_bytes(SEALED)


def test_a_recording_is_opened_by_itself_and_its_file_given_while_the_grant_lasts(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            await call(made, caller)
            await recording(made, caller)
            await recording(made, caller, "RE" + "2" * 32)
            ada, eve = await made.first(), made.browser()
            grant = await approved(made, ada, caller, wish(records=[RE]))
            told = (await ada.ask("POST", f"/grants/{grant.sid}/read", {})).json()
            assert (told["records"], told["calls"], sids(told["recordings"])) == ([], [], [RE])
            (row,) = told["recordings"]
            made_ms = (await made.store.recording(AC, RE)).created_ms
            assert row == {"sid": RE, "call": CA, "created_ms": made_ms, "duration_ms": 1_000, "channels": 2}
            assert ("lid" in told, told["grant"]["sid"]) == (False, grant.sid)
            at = f"/grants/{grant.sid}/recordings"
            assert "grant_open" not in [entry.verb for entry in made.ledger.entries]
            opener = (await ada.ask("POST", f"{at}/{RE}", {})).json()
            boxes = {name: decode_base64url(box) for name, box in opener["boxes"]}
            sealed = SealedGrant(lid=decode_base64url(opener["lid"]), boxes=boxes)
            row = await made.store.recording(AC, RE)
            epochs = await made.keys.open_epochs(caller, AC, [row.epoch])
            assert open_grant(grant.binding, sealed, SESSION) == {RE: EpochRecords(epochs[row.epoch]).key(RE)}
            assert opener["record"] == {"sid": RE, "epoch": row.epoch}
            (opened,) = [entry.scope for entry in made.ledger.entries if entry.verb == "grant_open"]
            assert opened[2:] == (RE,)
            assert (await ada.ask("GET", f"{at}/{RE}/sound")).content == SEALED
            # Not another one, nor another's, nor after its end.
            for path in (f"{at}/RE{'2' * 32}", f"{at}/{CA}", f"/grants/GR{'1' * 32}/recordings/{RE}"):
                assert (await ada.ask("POST", path, {})).status_code == 404, path
                assert (await ada.ask("GET", f"{path}/sound")).status_code == 404, path
            assert (await eve.ask("GET", f"{at}/{RE}/sound")).status_code == 401
            again = made.browser(ada.authenticator)
            assert (await again.sign_in()).status_code == 200
            assert (await again.ask("GET", f"{at}/{RE}/sound")).status_code == 404, "another session"
            made.clock.advance(30 * 60_000)
            assert (await ada.sign_in()).status_code == 200
            assert (await ada.ask("POST", f"{at}/{RE}", {})).status_code == 404
            assert reach_of(
                (entry.at_ms, entry.account, entry.verb, entry.scope)
                for entry in made.ledger.entries
                if entry.actor.startswith("staff:")
            )[0].objects == (f"grant_open:{RE}",)

    run(story())


def test_a_grant_that_ended_gives_no_file(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            await recording(made, caller)
            ada = await made.first()
            grant = await approved(made, ada, caller, wish(records=[RE]))
            at = f"/grants/{grant.sid}/recordings/{RE}"
            assert (await ada.ask("GET", f"{at}/sound")).status_code == 200
            assert (await ada.ask("POST", f"/grants/{grant.sid}/end", {})).status_code == 200
            assert (await ada.ask("GET", f"{at}/sound")).status_code == 409
            assert (await ada.ask("POST", at, {})).status_code == 409

    run(story())


def test_recordings_of_an_hour_are_opened_by_its_key(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            made.clock.advance(HOUR_MS - made.clock.now_ms() % HOUR_MS)
            start_ms = made.clock.now_ms()
            await call(made, caller)
            await recording(made, caller)
            await recording(made, caller, "RE" + "2" * 32, status="in-progress")
            made.clock.advance(HOUR_MS)
            await recording(made, caller, "RE" + "3" * 32)
            made.clock.advance(HOUR_MS)
            ada = await made.first()
            grant = await approved(made, ada, caller, wish(from_ms=start_ms, hours=1))
            told, _ = await read(made, ada, grant)
            assert sids(told["recordings"]) == [RE]
            opener = (await ada.ask("POST", f"/grants/{grant.sid}/recordings/{RE}", {})).json()
            assert [name for name, _ in opener["boxes"]] == [epoch_name(first_epoch(start_ms))]
            other = f"/grants/{grant.sid}/recordings/RE{'3' * 32}"
            assert (await ada.ask("POST", other, {})).status_code == 404
            assert (await ada.ask("GET", f"{other}/sound")).status_code == 404

    run(story())


def test_an_hour_that_holds_a_recording_alone_is_asked_for_and_empty_ones_are_told(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            start_ms = made.clock.now_ms() // HOUR_MS * HOUR_MS
            await call(made, caller)
            made.clock.advance(HOUR_MS)
            await recording(made, caller)
            made.clock.advance(HOUR_MS)
            await recording(made, caller, "RE" + "3" * 32, status="deleted")
            made.clock.advance(HOUR_MS)
            ada = await made.first()
            asked = await ada.ask("POST", "/grants", wish(from_ms=start_ms - HOUR_MS, hours=4))
            assert asked.json()["empty"] == [start_ms - HOUR_MS, start_ms + 2 * HOUR_MS]
            grant = await approved(made, ada, caller, wish(from_ms=start_ms + HOUR_MS, hours=1))
            assert list(grant.scope.epochs) == [first_epoch(start_ms + HOUR_MS)]
            told, _ = await read(made, ada, grant)
            assert (told["calls"], sids(told["recordings"])) == ([], [RE])

    run(story())


def test_a_recording_that_goes_on_or_of_a_call_that_brings_a_code_is_not_asked_for(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            caller = await account(made)
            await account(made, OTHER)
            await call(made, caller, parent_sid="VE" + "1" * 32)
            await recording(made, caller)
            await recording(made, caller, "RE" + "2" * 32, call_sid="CA" + "2" * 32, status="in-progress")
            await recording(made, caller, "RE" + "3" * 32, call_sid="CA" + "2" * 32)
            ada = await made.first()
            for sid in (RE, "RE" + "2" * 32, "RE" + "4" * 32):
                assert (await ada.ask("POST", "/grants", wish(records=[sid]))).status_code == 404
            theirs = wish(account=OTHER, records=["RE" + "3" * 32])
            assert (await ada.ask("POST", "/grants", theirs)).status_code == 404
            assert (await ada.ask("POST", "/grants", wish(records=["RE" + "3" * 32]))).status_code == 200

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
