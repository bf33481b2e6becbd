"""Owners name a provider, let people in and forget them: in the ledger first, and who came that way is signed out."""

from typing import Any

import pytest
from tests.unit.console.sso_parts import CLIENT, ISSUER, Parts, refusal
from tests.unit.console.test_members import AC, OTHER
from tests.unit.console.test_sso import Visitor
from tests.unit.console.test_sso import sso as sso

from ringfence.console.sessions import FRESH_MS, Session
from ringfence.console.tenant.member_rows import Member, members_of
from ringfence.console.tenant.sso.id_token import STRONG
from ringfence.console.tenant.sso.people import CLIENT_MAX
from ringfence.console.tenant.sso.rows import SsoProvider
from ringfence.domain.access.role import Role

NOBODY = ("There is nobody by that name.", 404)


async def kept(parts: Parts, person: str, at: str = AC, **changed: Any) -> Session:
    """A session that is open."""
    session = parts.session(person, at, **changed)
    await parts.sessions.keep(session, session.id)
    return session


def noted(parts: Parts, verb: str) -> list[tuple[str, str, list[str]]]:
    """Account, actor and scope of such entries."""
    entries = [each for each in parts.it.ledger.entries if each.verb == f"note.{verb}"]
    return [(each.account, each.actor, list(each.scope)) for each in entries]


async def member_of(parts: Parts, id_: str) -> Member | None:
    found = await parts.it.storage.run(lambda db: members_of(db, AC))
    return next((each for each in found if each.id == id_), None)


def test_the_way_through_a_provider_is_offered_once_anybody_has_one(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            visitor = Visitor(it.app, it.clock)
            offer = "Sign in through your organisation"

            async def offers() -> set[bool]:
                """On the page to sign in, and on one in whose place it is."""
                return {offer in (await visitor.page(path)).text for path in ("/sign-in", "/texts")}

            assert await offers() == {False}
            parts = await Parts(it).prepare()
            assert await offers() == {True}
            await parts.people.unset(parts.owner)
            assert await offers() == {False}

    run(scene())


def test_a_provider_is_kept_as_it_was_named_and_who_came_by_one_is_signed_out(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            came = [await kept(parts, "MB1", verified_ms=0)]
            stays = [parts.owner, await kept(parts, "MB2"), await kept(parts, "MB3", OTHER, verified_ms=0)]
            it.clock.advance(1)
            await parts.people.set(parts.owner, "https://new.example", "c" * CLIENT_MAX, ["sc", "hwk", "phr"])
            provider, people = await parts.people.of(AC)
            assert provider == SsoProvider(
                account=AC,
                issuer="https://new.example",
                client_id="c" * CLIENT_MAX,
                accepted=("phr", "hwk", "sc"),
                set_ms=it.clock.now_ms(),
            )
            assert people == []
            assert await parts.people.of(OTHER) == (None, [])
            assert came[0].id not in await parts.open()
            assert await parts.open() == {each.id for each in stays}
            scope = [parts.owner.scope, "issuer:https://new.example", "phr", "hwk", "sc"]
            assert noted(parts, "set_sso") == [(AC, "member:MBowner", scope)]
            await parts.people.set(parts.owner, ISSUER, CLIENT, STRONG)
            provider, _ = await parts.people.of(AC)
            assert provider is not None
            assert provider.accepted == STRONG

    run(scene())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"issuer": "http://idp.example"}, "The issuer: an address of a provider begins with https://."),
        ({"client_id": ""}, "A client id has 1 to 200 characters."),
        ({"client_id": "c" * (CLIENT_MAX + 1)}, "A client id has 1 to 200 characters."),
        ({"client_id": "a\nb"}, "A client id has 1 to 200 characters."),
        ({"accepted": []}, "Choose from phr, phrh, hwk, sc: other ways can be phished."),
        ({"accepted": ["hwk", "pwd"]}, "Choose from phr, phrh, hwk, sc: other ways can be phished."),
    ],
)
def test_a_provider_that_cannot_be_strong_is_not_named(run: Any, sso: Any, changed: Any, told: str) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            wanted = {"issuer": ISSUER, "client_id": "c", "accepted": ["hwk"]} | changed
            assert await refusal(parts.people.set(parts.owner, **wanted)) == (told, 400)
            assert noted(parts, "set_sso") == []

    run(scene())


def test_where_no_provider_is_named_any_more_nobody_comes_that_way(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            came, other = await kept(parts, "MB1", verified_ms=0), await kept(parts, "MB2", OTHER, verified_ms=0)
            await parts.name_provider(account=OTHER)
            await parts.people.unset(parts.owner)
            assert (await parts.people.of(AC))[0] is None
            assert (await parts.people.of(OTHER))[0] is not None
            assert came.id not in await parts.open()
            assert await parts.open() == {parts.owner.id, other.id}
            assert noted(parts, "unset_sso") == [(AC, "member:MBowner", [parts.owner.scope])]

    run(scene())


def test_who_is_let_in_becomes_a_reader(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            person = await parts.let_in()
            ((known,), now_ms) = await parts.people_of(), it.clock.now_ms()
            assert (await parts.people.of(AC))[1] == [known]
            member = await member_of(parts, known.member)
            assert member is not None
            assert member == Member(
                id=known.member,
                account=AC,
                handle=member.handle,
                let_in_by="sso",
                made_ms=now_ms,
                role=Role.READER,
            )
            assert (known.member[:2], len(member.handle), known.id) == ("MB", 32, person)
            scope = [parts.owner.scope, f"sso:{person}", f"member:{known.member}"]
            assert noted(parts, "let_in") == [(AC, "member:MBowner", scope)]
            assert await refusal(parts.people.let_in(parts.owner, person)) == ("They are let in already.", 409)
            assert await refusal(parts.people.let_in(parts.owner, "SP1")) == NOBODY
            assert len(noted(parts, "let_in")) == 1

    run(scene())


def test_who_is_forgotten_is_signed_out_and_without_a_passkey_here_no_member(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            person = await parts.let_in()
            (known,) = await parts.people_of()
            came, other = await parts.came_in(), await kept(parts, "MB2", verified_ms=0)
            assert came.person == known.member
            await parts.people.forget(parts.owner, person)
            assert await parts.people_of() == []
            assert await member_of(parts, known.member) is None
            assert await parts.open() == {parts.owner.id, other.id}
            assert noted(parts, "forget_sso") == [(AC, "member:MBowner", [parts.owner.scope, f"sso:{person}"])]
            assert await refusal(parts.people.forget(parts.owner, person)) == NOBODY
            assert len(noted(parts, "forget_sso")) == 1

    run(scene())


def test_who_is_forgotten_and_has_a_passkey_here_stays_and_so_does_what_it_opened(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            person = await parts.let_in()
            (known,) = await parts.people_of()
            await parts.passkey(known.member)
            came, shown = await parts.came_in(), await kept(parts, known.member)
            await parts.people.forget(parts.owner, person)
            assert await member_of(parts, known.member) is not None
            assert came.id not in await parts.open()
            assert shown.id in await parts.open()

    run(scene())


def test_someone_of_another_account_is_nobody_here(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            person = await parts.let_in()
            await parts.member("MBother", OTHER, role=Role.OWNER)
            other = await kept(parts, "MBother", OTHER)
            for act in (parts.people.let_in, parts.people.forget):
                assert await refusal(act(other, person)) == NOBODY
            assert len(await parts.people_of()) == 1

    run(scene())


def test_owners_alone_do_any_of_it_with_a_passkey_just_shown(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            person = await parts.let_in()
            await parts.member("MBapprover", role=Role.APPROVER)
            approver, written = await kept(parts, "MBapprover"), len(it.ledger.entries)

            def acts(session: Session) -> list[Any]:
                people = parts.people
                return [
                    people.set(session, ISSUER, CLIENT, ["hwk"]),
                    people.unset(session),
                    people.let_in(session, person),
                    people.forget(session, person),
                ]

            for act in acts(approver):
                assert await refusal(act) == ("Only an owner of the account may do that.", 403)
            it.clock.advance(FRESH_MS + 1)
            for act in acts(parts.owner):
                assert await refusal(act) == ("Show your passkey first.", 403)
            assert len(it.ledger.entries) == written

    run(scene())
