"""Staff asked directly, without their console: what is allowed, refused in which words, and written down."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.console.staff_office import PARTY, made_by, office, refused
from tests.unit.console.test_session_rows import JWK

from ringfence.console.ceremonies import LIFE_MS, OF_ONE_MAX
from ringfence.console.operator import staff_rows
from ringfence.console.operator.staff import APPROVAL_MS, DELAY_MS, LINK_LIFE_MS, MISSED_MS, PASSKEYS_MAX, NewKey
from ringfence.console.operator.staff_rows import Invitation
from ringfence.domain.access.staff_role import ALL_STAFF_ROLES, StaffRole
from ringfence.domain.sid import is_sid, made_ms
from ringfence.ports.passkeys import AttestationPolicy
from software_authenticator import Maker, SoftwareAuthenticator, b64, unb64

SUPPORT, SECURITY = StaffRole.SUPPORT, StaffRole.SECURITY
NO_MEMBER = "there is no such member"
NO_LINK = "this link does not work any more: it serves once, and for ten minutes"
NO_INVITATION = "there is no such invitation any more"


def test_the_terminals_link_is_for_the_first_who_may_sign_in_at_once(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            old, secret = [await it.staff.invite_first(name) for name in ("Old", "  Ada   Byron ")]
            (invitation,) = await it.staff.invitations()
            now_ms = it.clock.now_ms()
            assert it.ledger.last == (
                *("operator", "staff:terminal", "note.invite_staff"),
                (invitation.id, *ALL_STAFF_ROLES),
            )
            assert is_sid(invitation.id, "IV")
            assert made_ms(invitation.id) == invitation.made_ms == now_ms
            assert invitation.until_ms == now_ms + LINK_LIFE_MS
            # 32 bytes, of which the hash alone is kept.
            assert (len(secret), invitation.secret_sha256) == (43, hashlib.sha256(secret.encode()).digest())
            # The link before it is none any more.
            assert await refused(it.staff.begin_joining(old)) == NO_LINK
            it.clock.advance(1_000)
            ada = await it.joins(secret)
            assert it.ledger.last == ("operator", f"staff:{ada.id}", "note.join_staff", (invitation.id,))
            assert await it.staff.members() == [ada]
            assert is_sid(ada.id, "ST")
            assert made_ms(ada.id) == ada.made_ms == ada.active_ms == now_ms + 1_000
            assert (ada.name, ada.roles) == ("Ada Byron", ALL_STAFF_ROLES)
            assert (ada.invited_by, ada.approved_by, len(ada.handle)) == ("terminal", "", 32)
            (kept,) = await it.staff.passkeys_of(ada.id)
            assert (kept.kind, kept.person, kept.account) == ("staff", ada.id, "")
            assert (kept.made_ms, kept.used_ms, kept.passkey.user_handle) == (ada.made_ms, 0, ada.handle)
            assert await refused(it.joins(secret)) == NO_LINK
            said = "there is staff already: a member invites the next, in the operator's console"
            assert await refused(it.staff.invite_first("Eve")) == said

    run(scene())


def test_a_browser_is_asked_for_a_passkey_that_knows_whose_it_is(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = SoftwareAuthenticator()
            secret = await it.staff.invite_first("Ada")
            (_, one), (_, two) = await it.staff.begin_joining(secret), await it.staff.begin_joining(secret)
            assert one["user"]["id"] != two["user"]["id"]
            assert (one["user"]["name"], one["user"]["displayName"], one["excludeCredentials"]) == ("Ada", "Ada", [])
            assert (one["rp"], one["timeout"]) == ({"id": PARTY.id, "name": "Acme"}, LIFE_MS)
            wish = {"requireResidentKey": True, "residentKey": "required", "userVerification": "required"}
            assert one["authenticatorSelection"] == wish
            member = await it.joins(secret, ada)
            # A further one is of the same person, on another authenticator.
            _, asked = await it.staff.begin_adding(member.id)
            assert (unb64(asked["user"]["id"]), asked["user"]["name"]) == (member.handle, "Ada")
            assert [each["id"] for each in asked["excludeCredentials"]] == [b64(ada.credential_id)]

    run(scene())


def test_a_member_who_is_alone_invites_by_a_link_and_one_of_two_by_the_others_approval(
    run: Any, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            secret = await it.staff.invite(ada.id, "Bob", [SECURITY, SUPPORT, SUPPORT])
            assert secret is not None
            (invitation,) = await it.staff.invitations()
            # Each role once, in one order.
            assert it.ledger.last == (
                *("operator", f"staff:{ada.id}", "note.invite_staff"),
                (invitation.id, "support", "security"),
            )
            assert (invitation.invited_by, invitation.until_ms) == (ada.id, it.clock.now_ms() + LINK_LIFE_MS)
            bob = await it.joins(secret)
            assert (bob.invited_by, bob.approved_by, bob.roles) == (ada.id, "", (SUPPORT, SECURITY))
            assert bob.active_ms == bob.made_ms + DELAY_MS
            # Until then there is one who can.
            it.clock.advance(DELAY_MS - 1)
            assert await it.staff.invite(ada.id, "Eve", [SUPPORT]) is not None
            it.clock.advance(1)
            assert await it.staff.invite(bob.id, "Carol", [SUPPORT]) is None
            waiting = (await it.staff.invitations())[-1]
            assert (waiting.secret_sha256, waiting.until_ms) == (None, it.clock.now_ms() + APPROVAL_MS)
            assert await refused(it.staff.approve(bob.id, waiting.id)) == "another member must approve it"
            assert await refused(it.staff.approve(ada.id, "IV1")) == NO_INVITATION
            it.clock.advance(APPROVAL_MS)
            approved = await it.staff.approve(ada.id, waiting.id)
            assert it.ledger.last == ("operator", f"staff:{ada.id}", "note.approve_staff", (waiting.id,))
            (now,) = await it.staff.invitations()
            assert now == msgspec.structs.replace(
                waiting,
                secret_sha256=hashlib.sha256(approved.encode()).digest(),
                approved_by=ada.id,
                until_ms=it.clock.now_ms() + LINK_LIFE_MS,
            )
            assert len(approved) == 43
            assert await refused(it.staff.approve(ada.id, waiting.id)) == "it is approved already"
            carol = await it.joins(approved)
            assert (carol.invited_by, carol.approved_by) == (bob.id, ada.id)
            assert carol.active_ms == carol.made_ms + DELAY_MS

    run(scene())


def test_an_invitation_that_nobody_approved_within_a_day_is_none(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            assert await it.staff.invite(ada.id, "Carol", [SUPPORT]) is None
            (waiting,) = await it.staff.invitations()
            it.clock.advance(APPROVAL_MS + 1)
            assert await refused(it.staff.approve(bob.id, waiting.id)) == NO_INVITATION

    run(scene())


def test_a_link_serves_for_ten_minutes_and_is_listed_so_long(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            secret = await it.staff.invite_first("Ada")
            it.clock.advance(LINK_LIFE_MS)
            assert await it.staff.begin_joining(secret)
            assert len(await it.staff.notices()) == len(await it.staff.invitations()) == 1
            it.clock.advance(1)
            assert await it.staff.notices() == []
            assert await it.staff.invitations() == []
            assert await refused(it.staff.begin_joining(secret)) == NO_LINK

    run(scene())


def test_nobody_is_crowded_out_by_who_holds_another_link_or_adds_a_passkey(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            bobs, carols = [await it.staff.invite(ada.id, name, [SUPPORT]) for name in ("Bob", "Carol")]
            assert bobs is not None
            assert carols is not None
            joining, options = await it.staff.begin_joining(bobs)
            adding, further = await it.staff.begin_adding(ada.id)
            for _ in range(OF_ONE_MAX + 1):
                await it.staff.begin_joining(carols)
            await it.staff.join(joining, made_by(SoftwareAuthenticator(), options))
            await it.staff.add(ada.id, adding, made_by(SoftwareAuthenticator(), further))

    run(scene())


def test_any_member_refuses_an_invitation_once(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            secret = await it.staff.invite(ada.id, "Bob", [SUPPORT])
            assert secret is not None
            (invitation,) = await it.staff.invitations()
            await it.staff.refuse(ada.id, invitation.id)
            assert it.ledger.last == ("operator", f"staff:{ada.id}", "note.refuse_staff", (invitation.id,))
            assert await refused(it.staff.begin_joining(secret)) == NO_LINK
            # What does not happen is not written down.
            written = len(it.ledger.entries)
            assert await refused(it.staff.refuse(ada.id, invitation.id)) == NO_INVITATION
            assert len(it.ledger.entries) == written

    run(scene())


def test_an_invitation_that_is_taken_while_somebody_refuses_it_was_taken(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            secret = await it.staff.invite(ada.id, "Bob", [SUPPORT])
            assert secret is not None
            (invitation,) = await it.staff.invitations()
            it.ledger.meanwhile(lambda: it.joins(secret))
            assert await refused(it.staff.refuse(ada.id, invitation.id)) == NO_INVITATION
            assert len(await it.staff.members()) == 2

    run(scene())


@pytest.mark.parametrize("name", ["", "x" * 61, "A\u202eB"])
def test_an_invitation_is_for_a_name_and_for_a_role(run: Any, tmp_path: Path, name: str) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            assert await refused(it.staff.invite_first(name)) == "a name has 1 to 60 characters"
            assert await refused(it.staff.invite_first("Ada", [])) == (
                "say what they are for: support, operations, security"
            )
            assert await it.staff.invitations() == []
            assert it.ledger.entries == []

    run(scene())


def test_what_an_invitation_rests_on_must_still_be_so_once_it_is_written_down(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            # There were two, and then one.
            it.ledger.meanwhile(lambda: it.staff.remove("terminal", bob.id))
            again = "somebody came or went meanwhile: try again"
            assert await refused(it.staff.invite(ada.id, "Eve", [SUPPORT])) == again
            assert await it.staff.invite(ada.id, "Carol", [SUPPORT]) is not None

    run(scene())


def test_the_terminal_lets_in_without_delay_only_where_there_is_nobody_to_the_end(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            await it.staff.remove(ada.id, bob.id)
            it.ledger.meanwhile(lambda: it.staff.remove("terminal", ada.id))
            again = "somebody came or went meanwhile: try again"
            assert await refused(it.staff.invite_first("Eve")) == again
            assert (await it.joins(await it.staff.invite_first("Carol"))).active_ms == it.clock.now_ms()

    run(scene())


def test_a_link_without_delay_is_nothing_where_somebody_is_staff(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            await it.ada()
            planted = Invitation(
                id="IV1",
                name="Eve",
                secret_sha256=hashlib.sha256(b"secret").digest(),
                invited_by="terminal",
                approved_by="",
                made_ms=1,
                until_ms=it.clock.now_ms() + 1,
                delay_ms=0,
            )
            await it.storage.run(lambda db: staff_rows.keep_invitation(db, planted))
            assert await refused(it.joins("secret")) == "there is staff already"
            assert [each.name for each in await it.staff.members()] == ["Ada"]

    run(scene())


def test_who_removed_the_other_one_invites_nobody_for_a_week_and_the_terminal_does(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            await it.staff.remove(ada.id, bob.id)
            said = "a member was removed within seven days: until then the operator's terminal invites"
            assert await refused(it.staff.invite(ada.id, "Eve", [SUPPORT])) == said
            carol = await it.joins(await it.staff.invite_first("Carol", [SUPPORT]))
            assert carol.active_ms == it.clock.now_ms() + DELAY_MS
            await it.staff.remove("terminal", carol.id)
            it.clock.advance(MISSED_MS - 1)
            assert await refused(it.staff.invite(ada.id, "Eve", [SUPPORT])) == said
            it.clock.advance(1)
            assert await it.staff.invite(ada.id, "Dave", [SUPPORT]) is not None

    run(scene())


@pytest.mark.parametrize("how", ["by the terminal", "by themselves", "before they could sign in"])
def test_who_is_removed_otherwise_leaves_nobody_waiting(run: Any, tmp_path: Path, how: str) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            if how == "by the terminal":
                await it.staff.remove("terminal", bob.id)
            elif how == "by themselves":
                await it.staff.remove(bob.id, bob.id)
            else:
                await it.staff.remove("terminal", bob.id)
                secret = await it.staff.invite(ada.id, "Carol", [SUPPORT])
                assert secret is not None
                carol = await it.joins(secret)
                it.clock.advance(DELAY_MS - 1)
                await it.staff.remove(ada.id, carol.id)
                it.clock.advance(1)
            assert await it.staff.invite(ada.id, "Dave", [SUPPORT]) is not None

    run(scene())


def test_a_member_who_is_removed_keeps_nothing_but_their_name(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            of_ada, _ = await it.signed_in(ada.id), await it.signed_in(bob.id)
            member, cookie = it.sessions.new("member", bob.id, "AC1", JWK)
            await it.sessions.keep(member, cookie)
            await it.staff.remove(ada.id, bob.id)
            assert it.ledger.last == ("operator", f"staff:{ada.id}", "note.remove_staff", (f"staff:{bob.id}",))
            assert await it.sessions.open_now("staff") == [of_ada]
            assert await it.sessions.open_now("member") == [member]
            assert (await it.staff.passkeys_of(bob.id), len(await it.staff.passkeys_of(ada.id))) == ([], 1)
            assert await it.staff.members() == [ada]
            gone = msgspec.structs.replace(bob, removed_ms=it.clock.now_ms(), removed_by=ada.id)
            assert await it.staff.members(removed=True) == [ada, gone]
            for who in (bob.id, "ST1"):
                assert await refused(it.staff.remove(ada.id, who)) == NO_MEMBER
                assert await refused(it.staff.give_roles(who, [SUPPORT])) == NO_MEMBER
                assert await refused(it.staff.begin_adding(who)) == NO_MEMBER
            assert len(it.ledger.entries) == 5

    run(scene())


def test_the_last_who_can_sign_in_is_removed_by_the_terminal_alone(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            secret = await it.staff.invite(ada.id, "Bob", [SUPPORT])
            assert secret is not None
            bob = await it.joins(secret)
            it.clock.advance(DELAY_MS - 1)
            last = "the last member stays: the operator's terminal can remove them"
            assert await refused(it.staff.remove(bob.id, ada.id)) == last
            it.clock.advance(1)
            await it.staff.remove(bob.id, ada.id)
            assert await refused(it.staff.remove(bob.id, bob.id)) == last
            await it.staff.remove("terminal", bob.id)
            assert await it.staff.members() == []

    run(scene())


def test_the_terminal_says_what_a_member_is_for(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            await it.staff.give_roles(ada.id, [SECURITY, SUPPORT])
            assert it.ledger.last == (
                *("operator", "staff:terminal", "note.give_staff_roles"),
                (f"staff:{ada.id}", "support", "security"),
            )
            assert await it.staff.members() == [msgspec.structs.replace(ada, roles=(SUPPORT, SECURITY))]
            said = "say what they are for: support, operations, security"
            assert await refused(it.staff.give_roles(ada.id, [])) == said

    run(scene())


def test_a_member_has_ten_passkeys_at_most_and_each_is_written_down(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            it.clock.advance(1)
            for _ in range(PASSKEYS_MAX - 1):
                await it.adds(ada.id)
                assert it.ledger.last == ("operator", f"staff:{ada.id}", "note.add_passkey", (f"staff:{ada.id}",))
            held = await it.staff.passkeys_of(ada.id)
            assert {(each.kind, each.person, each.made_ms) for each in held[1:]} == {
                ("staff", ada.id, it.clock.now_ms())
            }
            assert await refused(it.adds(ada.id)) == "a member has at most 10 passkeys"

    run(scene())


def test_a_ceremony_is_for_what_it_was_begun_for(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            await it.staff.remove("terminal", bob.id)
            ceremony, options = await it.staff.begin_adding(ada.id)
            answer = made_by(SoftwareAuthenticator(), options)
            assert await refused(it.staff.join(ceremony, answer)) == "this is for somebody who joins"
            late = "this took too long: begin again"
            assert await refused(it.staff.add(ada.id, ceremony, answer)) == late
            ceremony, options = await it.staff.begin_adding(ada.id)
            answer = made_by(SoftwareAuthenticator(), options)
            assert await refused(it.staff.add(bob.id, ceremony, answer)) == "this is for another member"
            secret = await it.staff.invite(ada.id, "Carol", [SUPPORT])
            assert secret is not None
            ceremony, options = await it.staff.begin_joining(secret)
            assert await refused(it.staff.add(ada.id, ceremony, made_by(SoftwareAuthenticator(), options))) == (
                "this is for another member"
            )
            assert [len(await it.staff.passkeys_of(each.id)) for each in (ada, bob)] == [1, 0]

    run(scene())


def test_a_member_who_is_removed_while_they_add_a_passkey_has_none(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            it.ledger.meanwhile(lambda: it.staff.remove(ada.id, bob.id))
            assert await refused(it.adds(bob.id)) == NO_MEMBER
            assert await it.staff.passkeys_of(bob.id) == []

    run(scene())


def test_a_link_makes_one_member_however_many_enrol_by_it(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            secret = await it.staff.invite_first("Ada")
            it.ledger.meanwhile(lambda: it.joins(secret))
            assert await refused(it.joins(secret)) == "this link was used already"
            assert len(await it.staff.members()) == 1

    run(scene())


def test_a_refused_authenticator_is_told_by_which_rule(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        policy = AttestationPolicy(roots=(Maker(bytes(range(16))).root,))
        async with office(tmp_path, policy) as it:
            secret = await it.staff.invite_first("Ada")
            assert await refused(it.joins(secret)) == "this authenticator is not taken (attestation)"
            # It was the authenticator: the link still serves.
            ceremony, options = await it.staff.begin_joining(secret)
            it.clock.advance(LIFE_MS)
            answer = made_by(SoftwareAuthenticator(), options)
            assert await refused(it.staff.join(ceremony, answer)) == "this authenticator is not taken (expired)"

    run(scene())


def test_a_dropped_passkey_ends_the_other_sessions_of_its_member(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada, bob = await it.ada_and_bob()
            (first,) = await it.staff.passkeys_of(ada.id)
            name = first.passkey.credential_id
            own, _, of_bob = await it.signed_in(ada.id), await it.signed_in(ada.id), await it.signed_in(bob.id)
            said = "the last passkey stays: add another first"
            assert await refused(it.staff.drop(ada.id, name, own.id)) == said
            second = await it.adds(ada.id)
            written = len(it.ledger.entries)
            for of, passkey in ((bob.id, name), (ada.id, b"unknown")):
                assert await refused(it.staff.drop(of, passkey, own.id)) == "there is no such passkey"
            assert len(it.ledger.entries) == written
            await it.staff.drop(ada.id, name, own.id)
            assert it.ledger.last == ("operator", f"staff:{ada.id}", "note.drop_passkey", (f"staff:{ada.id}",))
            assert [each.passkey.credential_id for each in await it.staff.passkeys_of(ada.id)] == [second.credential_id]
            assert {each.id for each in await it.sessions.open_now("staff")} == {own.id, of_bob.id}

    run(scene())


def test_a_links_secret_is_in_no_repr() -> None:
    assert repr(NewKey(handle=b"handle", invitation=b"secret")) == "NewKey(…)"
