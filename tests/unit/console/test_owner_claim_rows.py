"""A claim to be an owner: how long it waits, how long it is there to be taken, and by whom."""

from typing import Any

import pytest
from tests.unit.console.test_members import AC, OTHER, account

from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Session, Sessions
from ringfence.console.tenant.member_rows import Member, keep_member, members_of
from ringfence.console.tenant.owner_claims import (
    CLAIMS_MAX,
    TAKEN_WITHIN_MS,
    WAIT_MS,
    OwnerClaim,
    OwnerClaims,
    check_room,
    keep_claim,
)
from ringfence.domain.access.role import Role

FULL = ("5 are to be owners already: have an owner refuse one, or wait ten days.", 409)
NONE = ("There is no such claim, or no more.", 404)
KEY = PublicJwk(kty="EC", crv="P-256", x="", y="")


class Claiming:
    """An account with an owner, and readers who may claim."""

    def __init__(self, it: Any) -> None:
        self.it = it
        self.claims = OwnerClaims(it.storage, it.keys, it.clock)

    async def prepare(self) -> "Claiming":
        await account(self.it)
        await self.member("MBowner", Role.OWNER)
        for name in ("MBada", "MBben"):
            await self.member(name, Role.READER)
        return self

    async def member(self, id_: str, role: Role, at: str = AC) -> None:
        made = Member(id=id_, account=at, handle=id_.encode(), let_in_by="KL1", made_ms=1, role=role)
        await self.it.storage.run(lambda db: keep_member(db, made))

    async def claim(self, member: str, at: str = AC) -> None:
        now_ms = self.it.clock.now_ms()
        await self.it.storage.run(lambda db: keep_claim(db, member, at, now_ms))

    async def session(self, person: str, at: str = AC) -> Session:
        """In which a passkey was shown just now."""
        sessions = Sessions(self.it.storage, self.it.clock)
        session, cookie = sessions.new("member", person, at, KEY)
        await sessions.keep(session, cookie)
        return session

    async def role(self, member: str) -> Role:
        found = await self.it.storage.run(lambda db: members_of(db, AC))
        return next(each.role for each in found if each.id == member)

    def noted(self) -> list[tuple[str, str, str, list[str]]]:
        """What members did: account, actor, verb and scope."""
        entries = [each for each in self.it.ledger.entries if each.verb.startswith("note.")]
        return [(each.account, each.actor, each.verb, list(each.scope)) for each in entries]


async def refusal(work: Any) -> tuple[str, int]:
    with pytest.raises(RefusedError) as refused:
        await work
    return refused.value.text, refused.value.status


def test_claims_are_told_the_oldest_first_from_when_they_are_asked_until_a_week_after_their_wait(
    run: Any, stand: Any
) -> None:
    async def scene() -> None:
        async with stand() as it:
            at = await Claiming(it).prepare()
            asked_ms = it.clock.now_ms()
            await at.claim("MBben")
            it.clock.advance(1)
            for member in ("MBzoe", "MBada"):
                await at.claim(member)
            await at.claim("MBother", OTHER)
            ben, ada, zoe = await at.claims.of(AC)
            assert ben == OwnerClaim(member="MBben", account=AC, asked_ms=asked_ms, due_ms=asked_ms + 72 * 3_600_000)
            assert [each.member for each in (ada, zoe)] == ["MBada", "MBzoe"]
            assert [each.member for each in await at.claims.of(OTHER)] == ["MBother"]
            it.clock.advance(WAIT_MS - 2)
            assert not at.claims.is_due(ben)
            it.clock.advance(1)
            assert (at.claims.is_due(ben), at.claims.is_due(ada)) == (True, False)
            it.clock.advance(TAKEN_WITHIN_MS - 1)
            assert await at.claims.of(AC) == [ben, ada, zoe]
            it.clock.advance(1)
            assert await at.claims.of(AC) == [ada, zoe]

    run(scene())


def test_five_are_there_at_once_and_those_that_are_over_are_forgotten(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            at = await Claiming(it).prepare()
            await at.claim("MBother", OTHER)
            for n in range(CLAIMS_MAX):
                assert await it.storage.run(lambda db: check_room(db, AC, it.clock.now_ms())) is None
                await at.claim(f"MB{n}")
            assert await refusal(at.claim("MBada")) == FULL
            assert await refusal(it.storage.run(lambda db: check_room(db, AC, it.clock.now_ms()))) == FULL
            it.clock.advance(WAIT_MS + TAKEN_WITHIN_MS - 1)
            assert await refusal(at.claim("MBada")) == FULL
            it.clock.advance(1)
            await at.claim("MBada")

            def kept(db: Any) -> list[str]:
                return [name for (name,) in db.execute("SELECT member FROM owner_claim ORDER BY member")]

            assert await it.storage.run(kept) == ["MBada", "MBother"]

    run(scene())


def test_a_claim_is_taken_when_its_wait_is_over_by_its_member_alone(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            at = await Claiming(it).prepare()
            await at.claim("MBada")
            it.clock.advance(WAIT_MS - 1)
            early = ("Not yet: all members are told for three days.", 409)
            assert await refusal(at.claims.take(await at.session("MBada"))) == early
            it.clock.advance(1)
            for person, of in (("MBben", AC), ("MBowner", AC)):
                assert await refusal(at.claims.take(await at.session(person, of))) == NONE
            session = await at.session("MBada")
            await at.claims.take(session)
            assert [await at.role(each) for each in ("MBada", "MBben")] == [Role.OWNER, Role.READER]
            assert at.noted() == [(AC, "member:MBada", "note.take_ownership", [session.scope, "member:MBada"])]
            assert await at.claims.of(AC) == []
            assert await refusal(at.claims.take(session)) == NONE

    run(scene())


def test_an_owner_refuses_one_and_the_others_stay(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            at = await Claiming(it).prepare()
            await at.member("MBother", Role.OWNER, OTHER)
            for member in ("MBada", "MBben"):
                await at.claim(member)
            told = ("Only an owner of the account may do that.", 403)
            assert await refusal(at.claims.refuse(await at.session("MBben"), "MBada")) == told
            assert await refusal(at.claims.refuse(await at.session("MBother", OTHER), "MBada")) == NONE
            session = await at.session("MBowner")
            await at.claims.refuse(session, "MBada")
            assert [each.member for each in await at.claims.of(AC)] == ["MBben"]
            assert at.noted() == [(AC, "member:MBowner", "note.refuse_ownership", [session.scope, "member:MBada"])]
            assert await refusal(at.claims.refuse(session, "MBada")) == NONE
            assert await at.role("MBada") is Role.READER

    run(scene())


def test_who_is_no_member_any_more_takes_nothing(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            at = await Claiming(it).prepare()
            await at.claim("MBgone")
            it.clock.advance(WAIT_MS)
            told = ("You are no member any more.", 403)
            assert await refusal(at.claims.take(await at.session("MBgone"))) == told

    run(scene())
