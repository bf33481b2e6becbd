"""Members asked directly, without their console: who is let in by what, which passkeys go, and in which words not."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.console.member_house import PARTY, House, house, made, refusal
from tests.unit.console.test_members import AC, KL, LINK_SECRET

from ringfence.console.ceremonies import LIFE_MS, OF_ONE_MAX
from ringfence.console.passkey_book import keep_passkey
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import FRESH_MS
from ringfence.console.tenant.member_rows import Member, keep_member, members_of
from ringfence.console.tenant.members import PASSKEYS_MAX
from ringfence.console.tenant.owner_claims import CLAIMS_MAX, keep_claim
from ringfence.console.tenant.slot_name import slot_name
from ringfence.domain.access.role import Role
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.domain.sid import is_sid, made_ms
from ringfence.kms.proof_keys import PROOF_KEYS_OF_ACCOUNT_MAX
from ringfence.ports.keys import Slot
from ringfence.usecases.access.freeze import freeze, thaw
from software_authenticator import b64, unb64

LINK = ("This link was used, or its ten minutes are over: make another.", 410)
NO_MEMBER = ("You are no member any more.", 403)
SHOW_FIRST = ("Show your passkey first.", 403)
ENROLLED = ("This passkey is enrolled already.", 409)
TEN = ("A member has 10 passkeys at most.", 409)
LATE = ("This took too long: begin again.", 409)
NO_PASSKEY = ("There is no such passkey.", 404)


async def roles(it: House) -> list[Role]:
    return [each.role for each in await it.storage.run(lambda db: members_of(db, AC))]


async def slots_of(it: House, *names: str) -> list[bool]:
    known = await it.keys.with_slots(AC, names)
    return [name in known for name in names]


def name_of(browser: Any) -> str:
    return slot_name(browser.authenticator.credential_id)


def test_a_link_asks_for_a_passkey_that_knows_whose_it_is_and_gives_the_account_sealed_to_it(
    run: Any, tmp_path: Path
) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            await it.link()
            asked, again = [await it.members.begin_enrolling(AC, KL) for _ in range(2)]
            user = asked.options["user"]
            assert (user["name"], user["displayName"]) == (AC, f"Member of {AC}")
            assert len(unb64(user["id"])) == 32
            assert user["id"] != again.options["user"]["id"]
            assert (asked.options["rp"], asked.options["timeout"]) == ({"id": PARTY.id, "name": "Acme"}, LIFE_MS)
            wish = {"requireResidentKey": True, "residentKey": "required", "userVerification": "required"}
            assert asked.options["authenticatorSelection"] == wish
            assert asked.options["excludeCredentials"] == []
            assert asked.boxes == await it.keys.link_boxes(AC, KL)
            assert asked.proof_key != again.proof_key

    run(story())


def test_what_is_no_link_and_a_link_that_is_used_or_past_are_refused_alike(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            member, _ = await it.came()
            assert member.let_in_by == KL
            for link in (KL, f"KL{9:032x}", f"SK{1:032x}", AC, ""):
                assert await refusal(it.members.begin_enrolling(AC, link)) == LINK

    run(story())


def test_who_comes_by_a_link_is_a_member_with_a_passkey_and_its_slot(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            await it.link()
            now_ms, browser = it.clock.now_ms(), it.browser()
            asked = await it.members.begin_enrolling(AC, KL)
            it.clock.advance(1_000)
            answer, slot = made(browser, asked, KL, LINK_SECRET)
            member = await it.members.finish(asked.ceremony, answer, slot, None)
            assert is_sid(member.id, "MB")
            assert made_ms(member.id) == now_ms
            assert (member.account, member.let_in_by, member.made_ms) == (AC, KL, now_ms + 1_000)
            assert b64(member.handle) == asked.options["user"]["id"]
            ((kept_member, (kept,)),) = await it.members.of(AC)
            assert kept_member == msgspec.structs.replace(member, role=Role.OWNER)
            assert (kept.kind, kept.person, kept.account) == ("member", member.id, AC)
            assert (kept.made_ms, kept.used_ms) == (member.made_ms, 0)
            assert kept.passkey.credential_id == browser.authenticator.credential_id
            assert await slots_of(it, slot.credential) == [True]
            assert it.ledger.last == (AC, f"member:{member.id}", "note.enrol_passkey", (slot.credential, KL))
            # An answer serves once.
            assert await refusal(it.members.finish(asked.ceremony, answer, slot, None)) == LATE

    run(story())


def test_the_first_member_is_an_owner_and_who_comes_by_a_link_for_one_later_waits(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            first, _ = await it.came(owner=True)
            assert it.ledger.last[2:] == ("note.claim_ownership", (KL,))
            await it.came()
            assert await roles(it) == [Role.OWNER, Role.READER]
            ben, _ = await it.came(owner=True)
            assert it.ledger.last == (AC, f"member:{ben.id}", "note.claim_ownership", (KL,))
            assert await roles(it) == [Role.OWNER, Role.READER, Role.READER]
            claims = await it.storage.run(lambda db: db.execute("SELECT member, asked_ms FROM owner_claim").fetchall())
            assert claims == [(ben.id, ben.made_ms)]
            assert first.id not in dict(claims)

    run(story())


@pytest.mark.parametrize("before", ["it began", "the entry was written"])
def test_among_many_who_are_to_be_owners_no_further_one_is_let_in(run: Any, tmp_path: Path, before: str) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            await it.came()

            async def crowd() -> None:
                def work(db: Any) -> None:
                    for n in range(CLAIMS_MAX):
                        keep_claim(db, f"MB{n}", AC, it.clock.now_ms())

                await it.storage.run(work)

            if before == "it began":
                await crowd()
            else:
                it.ledger.meanwhile(crowd, "note.claim_ownership")
            text, status = await refusal(it.came(owner=True))
            assert (text.startswith("5 are to be owners already"), status) == (True, 409)
            assert len(await it.members.of(AC)) == 1
            assert it.ledger.last[2] == "revoke_slot"
            verbs = [entry.verb for entry in it.ledger.entries]
            assert ("note.claim_ownership" in verbs) == (before == "the entry was written")

    run(story())


def test_a_frozen_account_takes_nobody_at_either_step(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            await it.link()
            asked = await it.members.begin_enrolling(AC, KL)
            await freeze(it.store, it.clock, "account", AC)
            words, status = await refusal(it.members.begin_enrolling(AC, KL))
            assert (words.startswith("This account is frozen, since"), status) == (True, 403)
            # Who has no link is told nothing of that.
            assert await refusal(it.members.begin_enrolling(AC, f"KL{9:032x}")) == LINK
            answer, slot = made(it.browser(), asked, KL, LINK_SECRET)
            assert await refusal(it.members.finish(asked.ceremony, answer, slot, None)) == (words, 403)
            await thaw(it.store, it.clock, "account", AC)
            assert await it.members.of(AC) == []

    run(story())


def test_a_slot_comes_with_its_own_passkey_and_a_proof_of_who_opened_the_account(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            await it.link()

            async def tried(**changed: Any) -> tuple[str, int]:
                asked = await it.members.begin_enrolling(AC, KL)
                answer, slot = made(it.browser(), asked, KL, LINK_SECRET)
                changed_slot = msgspec.structs.replace(slot, **changed)
                return await refusal(it.members.finish(asked.ceremony, answer, changed_slot, None))

            assert await tried(credential=f"PK{0:032x}") == ("The slot is not this passkey's.", 400)
            assert await tried(proof=bytes(32)) == (LINK[0], 403)
            assert await it.members.of(AC) == []
            member, browser = await it.came()
            session = await it.session(member)
            asked = await it.members.begin_adding(session)
            answer, slot = made(browser, asked)
            forged = msgspec.structs.replace(slot, proof=bytes(32))
            said = ("The key service refused this slot.", 403)
            assert await refusal(it.members.finish(asked.ceremony, answer, forged, session)) == said
            assert len(await it.held(member)) == 1

    run(story())


def test_nobody_is_crowded_out_by_another_member(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            (ada, of_ada), (ben, _) = await it.came(), await it.came()
            ada_in, ben_in = await it.session(ada), await it.session(ben)
            asked = await it.members.begin_adding(ada_in)
            for _ in range(OF_ONE_MAX + 1):
                await it.members.begin_adding(ben_in)
            assert await it.members.finish(asked.ceremony, *made(of_ada, asked), ada_in)

    run(story())


def test_nobody_is_crowded_out_by_who_has_another_link(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            await it.link()
            first = await it.members.begin_enrolling(AC, KL)
            another = "KL" + "2" * 32
            slot = Slot(credential=another, public=slot_public(slot_seed(LINK_SECRET, another)))
            await it.keys.open_console_link(it.caller, AC, slot, it.clock.now_ms() + 60_000, False)
            for _ in range(max(OF_ONE_MAX, PROOF_KEYS_OF_ACCOUNT_MAX) + 1):
                await it.members.begin_enrolling(AC, another)
            answer, slot_made = made(it.browser(), first, KL, LINK_SECRET)
            assert await it.members.finish(first.ceremony, answer, slot_made, None)

    run(story())


def test_a_passkey_is_added_by_the_one_that_was_shown_last(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            member, browser = await it.came()
            session, first = await it.session(member), browser.authenticator
            asked = await it.members.begin_adding(session)
            assert unb64(asked.options["user"]["id"]) == member.handle
            assert [each["id"] for each in asked.options["excludeCredentials"]] == [b64(first.credential_id)]
            it.clock.advance(1_000)
            second = await it.adds(session, browser)
            assert it.ledger.last == (
                *(AC, f"member:{member.id}", "note.enrol_passkey"),
                (second, slot_name(first.credential_id)),
            )
            assert (await it.held(member))[1].made_ms == it.clock.now_ms()
            # That one was not shown yet: once it was, the next is by it.
            browser.opened_by = second
            await it.storage.run(
                lambda db: (
                    db.execute(
                        "UPDATE passkey SET used_ms = 5 WHERE credential_id = ?", (browser.authenticator.credential_id,)
                    )
                    and None
                )
            )
            third = await it.adds(session, browser)
            assert it.ledger.last[3] == (third, second)
            assert [each.role for each, _ in await it.members.of(AC)] == [Role.OWNER]

    run(story())


def test_a_passkey_is_added_by_who_has_just_shown_one_and_is_a_member(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            member, _ = await it.came()
            session = await it.session(member)
            it.clock.advance(FRESH_MS)
            assert await it.members.begin_adding(session)
            it.clock.advance(1)
            for work in (it.members.begin_adding(session), it.members.forget(session, member.id, "PK1")):
                with pytest.raises(RefusedError) as refused:
                    await work
                assert (refused.value.text, refused.value.status, refused.value.fresh) == (*SHOW_FIRST, True)
            stranger = await it.session(msgspec.structs.replace(member, id="MB1"))
            elsewhere = await it.session(msgspec.structs.replace(member, account="AC" + "b" * 32))
            for each in (stranger, elsewhere):
                assert await refusal(it.members.begin_adding(each)) == NO_MEMBER
            await it.storage.run(lambda db: db.execute("DELETE FROM passkey") and None)
            assert await refusal(it.members.begin_adding(await it.session(member))) == NO_MEMBER

    run(story())


def test_a_passkey_that_opens_nothing_adds_none(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            member, _ = await it.came(prf=False)
            said = ("This passkey opens nothing, so none can be added by it.", 409)
            assert await refusal(it.members.begin_adding(await it.session(member))) == said

    run(story())


def test_a_member_has_ten_passkeys_at_most(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            member, browser = await it.came()
            session = await it.session(member)
            for _ in range(PASSKEYS_MAX - 2):
                await it.adds(session, browser)
            one, two = [await it.members.begin_adding(session) for _ in range(2)]
            answer, slot = made(browser, one)
            assert await it.members.finish(one.ceremony, answer, slot, session)
            assert await refusal(it.members.begin_adding(session)) == TEN
            # And none by what was begun before.
            answer, slot = made(browser, two)
            assert await refusal(it.members.finish(two.ceremony, answer, slot, session)) == TEN
            assert (await slots_of(it, slot.credential), len(await it.held(member))) == ([False], PASSKEYS_MAX)

    run(story())


def test_what_a_link_began_no_session_ends_and_the_other_way_round(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            (ada, of_ada), (ben, _) = await it.came(), await it.came()
            ada_in, ben_in = await it.session(ada), await it.session(ben)
            await it.link()
            asked = await it.members.begin_adding(ada_in)
            assert await refusal(it.members.finish(asked.ceremony, *made(of_ada, asked), None)) == LATE
            asked = await it.members.begin_enrolling(AC, KL)
            by_link = made(it.browser(), asked, KL, LINK_SECRET)
            assert await refusal(it.members.finish(asked.ceremony, *by_link, ada_in)) == LATE
            for other in (ben_in, msgspec.structs.replace(ada_in, account="AC" + "b" * 32)):
                asked = await it.members.begin_adding(ada_in)
                said = ("This was begun by somebody else.", 403)
                assert await refusal(it.members.finish(asked.ceremony, *made(of_ada, asked), other)) == said

    run(story())


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_passkey_is_enrolled_once_also_where_two_enrol_it_together(run: Any, tmp_path: Path, when: str) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            member, browser = await it.came()
            session = await it.session(member)
            asked = await it.members.begin_adding(session)
            answer, slot = made(browser, asked)

            async def the_same() -> None:
                (held,) = await it.held(member)
                kept = msgspec.structs.replace(
                    held, passkey=msgspec.structs.replace(held.passkey, credential_id=answer.credential_id)
                )
                await it.storage.run(lambda db: keep_passkey(db, kept))

            if when == "before":
                await the_same()
            else:
                it.ledger.meanwhile(the_same, "note.enrol_passkey")
            assert await refusal(it.members.finish(asked.ceremony, answer, slot, session)) == ENROLLED
            assert await slots_of(it, slot.credential) == [False]
            # A slot that was there before is let be.
            assert ("revoke_slot" in [entry.verb for entry in it.ledger.entries]) == (when == "meanwhile")

    run(story())


def test_who_is_signed_out_while_they_add_a_passkey_has_none_of_it(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            member, browser = await it.came()
            session = await it.session(member)
            it.ledger.meanwhile(lambda: it.sessions.end("member", session.id), "note.enrol_passkey")
            assert await refusal(it.adds(session, browser)) == NO_MEMBER
            assert it.ledger.last == (AC, f"member:{member.id}", "revoke_slot", (name_of(browser),))
            assert (len(await it.held(member)), await slots_of(it, name_of(browser))) == (1, [False])

    run(story())


def test_a_passkey_is_forgotten_with_its_slot_and_the_other_sessions_of_whose_it_was(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            (ada, of_ada), (ben, _) = await it.came(), await it.came()
            session, other, of_ben = await it.session(ada), await it.session(ada), await it.session(ben)
            staff, cookie = it.sessions.new("staff", ada.id, "", session.public_jwk)
            await it.sessions.keep(staff, cookie)
            first = of_ada.opened_by
            second = await it.adds(session, of_ada)
            await it.members.forget(session, ada.id, first)
            assert it.ledger.last == (AC, session.actor, "revoke_slot", (first,))
            assert await slots_of(it, first, second) == [False, True]
            assert [slot_name(each.passkey.credential_id) for each in await it.held(ada)] == [second]
            assert {each.id for each in await it.sessions.open_now("member")} == {session.id, of_ben.id}
            assert await it.sessions.open_now("staff") == [staff]
            assert other.id
            assert await refusal(it.members.forget(session, ada.id, first)) == NO_PASSKEY

    run(story())


def test_an_owner_removes_others_and_a_reader_nobody_but_themselves(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            (ada, of_ada), (ben, of_ben), (carol, of_carol) = [await it.came() for _ in range(3)]
            by_ada, by_ben = await it.session(ada), await it.session(ben)
            said = ("Only an owner of the account may do that.", 403)
            assert await refusal(it.members.forget(by_ben, carol.id, name_of(of_carol))) == said
            assert await refusal(it.members.forget(by_ada, "MB1", name_of(of_carol))) == NO_PASSKEY
            assert await refusal(it.members.forget(by_ada, ben.id, name_of(of_carol))) == NO_PASSKEY
            it.clock.advance(1_000)
            await it.members.forget(by_ada, carol.id, name_of(of_carol))
            assert [each.id for each, _ in await it.members.of(AC)] == [ada.id, ben.id]
            row = "SELECT removed_ms FROM member WHERE id = ?"
            removed = await it.storage.run(lambda db: db.execute(row, (carol.id,)).fetchone())
            assert removed == (it.clock.now_ms(),)
            await it.members.forget(by_ben, ben.id, name_of(of_ben))
            assert [each.id for each, _ in await it.members.of(AC)] == [ada.id]
            # Whose session ended removes nobody, and the last passkey stays.
            assert await refusal(it.members.forget(by_ben, ada.id, name_of(of_ada))) == NO_MEMBER
            last = ("The account's last passkey stays: nobody could sign in.", 409)
            assert await refusal(it.members.forget(by_ada, ada.id, name_of(of_ada))) == last

    run(story())


def test_nobody_removes_whoever_is_of_another_account(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            (ada, _), (ben, of_ben) = await it.came(), await it.came()
            theirs = msgspec.structs.replace(ben, account="AC" + "b" * 32)
            await it.storage.run(lambda db: keep_member(db, theirs))
            refused = it.members.forget(await it.session(ada), ben.id, name_of(of_ben))
            assert await refusal(refused) == NO_PASSKEY
            assert await slots_of(it, name_of(of_ben)) == [True]

    run(story())


def test_the_last_owners_last_passkey_stays(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it:
            (ada, of_ada), _ = await it.came(), await it.came()
            session = await it.session(ada)
            said = ("The last owner's last passkey stays: make another member an owner first.", 409)
            assert await refusal(it.members.forget(session, ada.id, name_of(of_ada))) == said
            first = name_of(of_ada)
            await it.adds(session, of_ada)
            await it.members.forget(session, ada.id, first)
            assert await roles(it) == [Role.OWNER, Role.READER]

    run(story())


def test_a_person_is_in_no_repr() -> None:
    member = Member(id="MB1", account=AC, handle=b"handle", let_in_by=KL, made_ms=1)
    assert repr(member) == "Member(MB1)"
