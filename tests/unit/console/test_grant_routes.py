"""Staff ask for texts by SID, and read what was granted in the session that asked; nobody else does."""

import os
from typing import Any

from tests.unit.console.test_members import account, enrolled, text

from ringfence.console.grant_book import GrantBook
from ringfence.console.sessions import Sessions
from ringfence.domain.access.grant import ANSWER_MS, Approver, Grant
from ringfence.domain.access.matching import commitment
from ringfence.domain.access.scope import Scope
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.content import open_content_with, seal_content
from ringfence.domain.sealing.grant import SealedGrant, open_grant, seal_grant
from ringfence.domain.sealing.record import EpochRecords, RecordSealer
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.domain.sid import new_sid
from ringfence.ports.keys import Caller, Slot
from ringfence.ports.store import AccountRow, CredentialRow, MessageRow
from ringfence.usecases.access.answer_grant import approve_grant, look_at_grant

AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
SESSION = hpke.Recipient(b"\x07" * 32, hybrid=True)
VALUE = b"\x01" * 32
PROMISED = {
    "public": encode_base64url(SESSION.public),
    "committed": encode_base64url(commitment(VALUE, SESSION.public)),
}
CALLER = Caller(account=AC, credential=AC, seed=slot_seed("e" * 32, AC))


async def text_of(made: Any) -> MessageRow:
    """An account's one text, sealed."""
    for sid in (AC, OTHER):
        row = AccountRow(sid=sid, tenant=sid, friendly_name="Acme", created_ms=1, updated_ms=1)
        key = CredentialRow(
            account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
        )
        await made.store.create_account(row, key)
    await made.keys.create_account(AC, [Slot(credential=AC, public=slot_public(CALLER.seed))])
    sealing, sid = await made.keys.sealing_key(CALLER, AC), new_sid("SM", made.clock.now_ms())
    content = seal_content(RecordSealer(sealing.epoch_key, AC), sid, Content(remote="+12025550177", body="Hello"))
    message = MessageRow(
        account=AC,
        sid=sid,
        direction=Direction.OUTBOUND_API,
        status=Status.DELIVERED,
        local="+12025550123",
        remote_index=b"",
        remote_region="US",
        epoch=sealing.epoch,
        content=content,
        num_segments=1,
        created_ms=1,
        updated_ms=1,
    )
    await made.store.accept(message)
    return message


def wish(sid: str, **changed: Any) -> dict[str, Any]:
    return {"account": AC, "records": [sid], "reason": "it came garbled", "minutes": 30, **PROMISED, **changed}


async def granted(made: Any, ada: Any, message: MessageRow) -> str:
    """Asked on the page's routes, and approved as a member's browser does."""
    sid = (await ada.ask("POST", "/grants", wish(message.sid))).json()["grant"]["sid"]
    book = GrantBook(made.storage)
    who = Approver(member="MB1", account=AC, approves=True, verified_ms=made.clock.now_ms())
    expires_ms = made.clock.now_ms() + 30 * 60_000
    await look_at_grant(book, made.clock, sid, who, os.urandom(32), expires_ms)
    shown = await ada.ask("POST", f"/grants/{sid}/value", {"value": encode_base64url(VALUE)})
    assert shown.status_code == 200, shown.text
    grant = await book.grant(sid)
    assert grant is not None
    epochs = await made.keys.open_epochs(CALLER, AC, [message.epoch])
    keys = {message.sid: EpochRecords(epochs[message.epoch]).key(message.sid)}
    sealed = seal_grant(grant.binding, keys, await made.keys.grant_keeper())
    await approve_grant(book, made.keys, made.keys, made.clock, sid, who, typed=grant.number, sealed=sealed)
    return str(sid)


def test_what_a_member_granted_opens_in_the_session_that_asked(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            sid = await granted(made, ada, message)
            read = (await ada.ask("POST", f"/grants/{sid}/read", {})).json()
            grant = await GrantBook(made.storage).grant(sid)
            assert grant is not None
            boxes = {name: decode_base64url(box) for name, box in read["boxes"]}
            keys = open_grant(grant.binding, SealedGrant(lid=decode_base64url(read["lid"]), boxes=boxes), SESSION)
            (record,) = read["records"]
            content = open_content_with(keys[message.sid], AC, message.sid, decode_base64url(record["content"]))
            assert content.body == "Hello"
            assert ("staff", "grant_open") in made.noted
            assert (await ada.ask("POST", f"/grants/{sid}/end")).status_code == 200
            assert (await ada.ask("POST", f"/grants/{sid}/read", {})).status_code == 409
            assert "revoked" in (await ada.page("/grants")).text

    run(story())


def test_what_was_asked_for_is_kept_as_it_was_asked_and_told_to_the_page(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            (person,) = await made.terminal.members()
            (session,) = await Sessions(made.storage, made.clock).open_now("staff")
            # Where records are named it is these, and no hours.
            told = (await ada.ask("POST", "/grants", wish(message.sid, minutes=45, hours=1))).json()
            assert told["empty"] == []
            kept = await GrantBook(made.storage).grant(told["grant"]["sid"])
            assert kept == Grant(
                sid=told["grant"]["sid"],
                tenant=AC,
                account=AC,
                staff=person.id,
                session=session.id,
                public=SESSION.public,
                committed=commitment(VALUE, SESSION.public),
                scope=Scope(records=(message.sid,)),
                reason="it came garbled",
                minutes=45,
                asked_ms=made.clock.now_ms(),
            )
            assert told["grant"] == PROMISED | {
                "sid": kept.sid,
                "account": AC,
                "staff": person.id,
                "session": session.id,
                "approver_value": "",
                "value": "",
                "expires_ms": 0,
                "names": [message.sid],
                "reason": "it came garbled",
                "minutes": 45,
                "state": "pending",
                "approved": False,
            }
            assert ("staff", "note.ask_grant") in made.noted
            made.clock.advance(ANSWER_MS)
            assert (await ada.ask("GET", f"/grants/{kept.sid}")).json()["grant"]["state"] == "timed_out"

    run(story())


def test_what_is_read_comes_with_what_the_frame_shows_of_it(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            sid = await granted(made, ada, message)
            assert (await ada.ask("POST", f"/grants/{sid}/read", {"text": 1})).status_code == 400
            read = (await ada.ask("POST", f"/grants/{sid}/read", {})).json()
            assert read["records"] == [
                {
                    "sid": message.sid,
                    "epoch": message.epoch,
                    "content": encode_base64url(message.content),
                    "direction": "outbound-api",
                    "status": "delivered",
                    "local": "+12025550123",
                    "created_ms": 1,
                    "error_code": None,
                }
            ]
            assert (read["calls"], read["recordings"], read["behind"]) == ([], [], None)
            now = (await ada.ask("GET", f"/grants/{sid}")).json()
            assert (now["grant"], now["grant"]["approved"]) == (read["grant"], True)

    run(story())


def test_each_step_is_judged_by_its_own_act_on_the_account_that_was_asked(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            sid = await granted(made, ada, message)
            at, none = f"/grants/{sid}", f"/grants/GR{'0' * 32}"
            for method, path, act in (
                ("GET", "/grants", "grants.list"),
                ("POST", "/grants", "grant.ask"),
                ("GET", at, "grants.list"),
                ("POST", f"{at}/value", "grant.ask"),
                ("POST", f"{at}/read", "grant.read"),
                ("POST", f"{at}/recordings/RE1", "grant.read"),
                ("GET", f"{at}/recordings/RE1/sound", "grant.read"),
                ("POST", f"{at}/end", "grant.end"),
            ):
                made.asked.clear()
                assert (await ada.ask(method, path, {"account": AC})).status_code in (200, 400, 404), path
                of = "" if (method, path) == ("GET", "/grants") else AC
                assert [(each.act, each.account) for each in made.asked] == [(act, of)], path
                if of and path != "/grants":
                    made.asked.clear()
                    assert (await ada.ask(method, path.replace(at, none), {"value": ""})).status_code == 404, path
                    assert [(each.act, each.account) for each in made.asked] == [(act, "")], path

    run(story())


def test_another_session_of_the_same_person_gets_nothing(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            sid = await granted(made, ada, message)
            await ada.sign_in()
            for method, path in (("GET", f"/grants/{sid}"), ("POST", f"/grants/{sid}/read")):
                assert (await ada.ask(method, path, {} if method == "POST" else None)).status_code == 404
            assert ("staff", "grant_open") not in made.noted

    run(story())


def test_what_there_is_not_cannot_be_asked_for(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            for wrong, status in (
                (wish(message.sid, account=OTHER), 404),
                (wish(message.sid, account="AC"), 404),
                (wish("SM" + "0" * 32), 404),
                (wish("epoch:5"), 404),
                (wish(message.sid, records=[]), 409),
                (wish(message.sid, records=[message.sid] * 2), 409),
                (wish(message.sid, records=[message.sid] * 51), 409),
                (wish(message.sid, minutes=481), 409),
                (wish(message.sid, reason="why"), 409),
                (wish(message.sid, public="!"), 400),
                (wish(message.sid, public=encode_base64url(bytes(32))), 409),
            ):
                assert (await ada.ask("POST", "/grants", wrong)).status_code == status, wrong
            unknown = await ada.ask("POST", "/grants", wish(message.sid, account="AC" + "c" * 32))
            assert unknown.json()["error"] == "There is no such account."
            assert await GrantBook(made.storage).grants_of_staff("", "", 9) == []

    run(story())


def test_a_member_is_given_sealed_keys_and_not_to_which_key_to_seal_them_again(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            ours = await account(made)
            owner = await enrolled(made, ours)
            await text(made, ours, "the owl flies at nine")
            asked = await (await made.first()).ask("POST", "/grants", wish(f"SM{1:032x}"))
            at = f"/grants/{asked.json()['grant']['sid']}/keys"
            given = (await owner.ask("POST", at, {"credential": owner.opened_by})).json()
            assert set(given) == {"hours", "epochs"}
            assert encode_base64url(await made.keys.grant_keeper()) not in str(given)

    run(story())


def test_asking_needs_a_passkey_shown_of_late_and_three_may_wait(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            made.clock.advance(5 * 60_000 + 1)
            refused = await ada.ask("POST", "/grants", wish(message.sid))
            assert (refused.status_code, refused.json()["fresh"]) == (403, True)
            await ada.verify()
            for _ in range(3):
                assert (await ada.ask("POST", "/grants", wish(message.sid))).status_code == 200
            refused = await ada.ask("POST", "/grants", wish(message.sid))
            assert (refused.status_code, "three requests are waiting" in refused.json()["error"]) == (409, True)
            assert ("staff", "note.grant_turned_away") in made.noted

    run(story())


def test_a_grant_ends_with_the_session_that_it_was_for(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as made:
            message, ada = await text_of(made), await made.first()
            await granted(made, ada, message)
            (person,) = {each.id for each in await made.terminal.members()}
            assert (await ada.ask("POST", "/sign-out")).status_code == 200
            assert ("staff", "grant.end") in made.noted
            assert await made.keys.end_grants("staff:x", staff=person) == 0

    run(story())
