"""Whoever holds the Auth Token makes an owner where the only one is gone, after a wait that all see; nobody else."""

from typing import Any

import pytest
from tests.unit.console.test_members import AC, OTHER, Member, account, enrolled, link

from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.member_rows import drop_claim, members_of
from ringfence.console.tenant.owner_claims import CLAIMS_MAX, keep_claim
from ringfence.domain.access.role import Role

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


async def roles(it: Any) -> list[Role]:
    return [each.role for each in await it.storage.run(lambda db: members_of(db, AC))]


async def last(it: Any) -> str:
    """The ID of who enrolled last."""
    return [entry.actor.partition(":")[2] for entry in it.ledger.entries if entry.verb == "note.enrol_passkey"][-1]


async def fresh(member: Member) -> Member:
    """In a new session, a passkey shown just now."""
    assert (await member.sign_in()).status_code == 200
    return member


def test_who_comes_by_a_link_for_an_owner_becomes_one_after_three_days_that_all_see(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            gone = await enrolled(it, caller)
            it.clock.advance(1)
            reader = await enrolled(it, caller)
            it.clock.advance(1)
            ada = await enrolled(it, caller, owner=True)
            name = await last(it)
            assert await roles(it) == [Role.OWNER, Role.READER, Role.READER]
            for who in (gone, reader, ada):
                assert f"{name} is to be an owner" in (await who.page("/")).text
                assert (
                    f"<code>{name}</code>" in (await who.page("/members")).text.partition("by a link for an owner")[0]
                )
            assert "Become an owner" not in (await ada.page("/members")).text
            it.clock.advance(72 * HOUR_MS - 1)
            assert (await (await fresh(ada)).ask("POST", "/ownership")).status_code == 409
            it.clock.advance(1)
            assert "Become an owner" in (await ada.page("/members")).text
            it.ledger.full = True
            assert (await ada.ask("POST", "/ownership")).status_code == 503
            it.ledger.full = False
            assert (await roles(it))[2] is Role.READER
            it.clock.advance(5 * 60_000 + 1)
            assert (await ada.ask("POST", "/ownership")).json()["fresh"] is True
            await fresh(ada)
            assert (await ada.ask("POST", "/ownership")).status_code == 200
            assert (await roles(it))[2] is Role.OWNER
            assert "is to be an owner" not in (await ada.page("/")).text
            verbs = [entry.verb for entry in it.ledger.entries if entry.actor == f"member:{name}"]
            assert [verb for verb in verbs if "owner" in verb] == ["note.claim_ownership", "note.take_ownership"]
            assert "open_owner_link" in [entry.verb for entry in it.ledger.entries if entry.actor == AC]
            # From now on they act as one.
            assert (await ada.ask("POST", f"/members/{name}/role", {"role": "owner"})).status_code == 200

    run(scene())


def test_where_there_is_no_member_there_is_nobody_to_wait_for(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await enrolled(it, await account(it), owner=True)
            assert await roles(it) == [Role.OWNER]
            assert "is to be an owner" not in (await ada.page("/")).text
            assert (await ada.ask("POST", "/ownership")).status_code == 404

    run(scene())


def test_an_owner_refuses_and_nobody_else_can(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            it.clock.advance(1)
            reader = await enrolled(it, caller)
            it.clock.advance(1)
            thief = await enrolled(it, caller, owner=True)
            at = f"/ownership/{await last(it)}/refuse"
            other = await enrolled(it, await account(it, OTHER))
            assert (await reader.ask("POST", at)).status_code == 403
            assert (await thief.ask("POST", at)).status_code == 403
            assert (await other.ask("POST", at)).status_code == 404
            assert (await owner.ask("POST", at)).status_code == 200
            assert (await owner.ask("POST", at)).status_code == 404
            it.clock.advance(80 * HOUR_MS)
            assert (await (await fresh(thief)).ask("POST", "/ownership")).status_code == 404
            assert await roles(it) == [Role.OWNER, Role.READER, Role.READER]
            assert "note.refuse_ownership" in [entry.verb for entry in it.ledger.entries]

    run(scene())


def test_a_reader_takes_nobody_elses_claim_and_an_ordinary_link_makes_none(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await enrolled(it, caller)
            it.clock.advance(1)
            reader = await enrolled(it, caller)
            it.clock.advance(1)
            await enrolled(it, caller, owner=True)
            it.clock.advance(80 * HOUR_MS)
            assert (await (await fresh(reader)).ask("POST", "/ownership")).status_code == 404
            assert (await roles(it))[1] is Role.READER
            # Nor staff, who have no session there.
            staff = await it.first()
            reader.cookie, reader.key = staff.cookie, staff.key
            assert (await reader.ask("POST", "/ownership")).status_code == 401

    run(scene())


def test_a_claim_ends_with_its_member_and_after_a_week(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            it.clock.advance(1)
            one = await enrolled(it, caller, owner=True)
            name, passkey = await last(it), one.opened_by
            it.clock.advance(1)
            two = await enrolled(it, caller, owner=True)
            forget = f"/members/{name}/passkeys/{passkey}/forget"
            assert (await owner.ask("POST", forget)).status_code == 200
            assert name not in (await owner.page("/")).text
            assert (await owner.ask("POST", f"/ownership/{name}/refuse")).status_code == 404
            it.clock.advance(10 * DAY_MS)
            assert (await (await fresh(two)).ask("POST", "/ownership")).status_code == 404

    run(scene())


def test_a_claim_ends_with_any_change_of_its_members_role_and_comes_back_by_none(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            it.clock.advance(1)
            ada = await enrolled(it, caller, owner=True)
            at = f"/members/{await last(it)}/role"
            for role in ("owner", "reader"):
                assert (await (await fresh(owner)).ask("POST", at, {"role": role})).status_code == 200
                assert "is to be an owner" not in (await owner.page("/")).text
            it.clock.advance(72 * HOUR_MS)
            assert (await (await fresh(ada)).ask("POST", "/ownership")).status_code == 404
            assert await roles(it) == [Role.OWNER, Role.READER]

    run(scene())


def test_five_of_an_account_claim_at_once_and_who_comes_after_them_is_not_let_in(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await enrolled(it, caller)
            it.clock.advance(1)
            names = [f"MB{each:032x}" for each in range(CLAIMS_MAX)]
            now_ms = it.clock.now_ms()
            for each in names:
                await it.storage.run(lambda db, each=each: keep_claim(db, each, AC, now_ms))
            with pytest.raises(RefusedError):
                await it.storage.run(lambda db: keep_claim(db, "MB", AC, now_ms))
            await it.storage.run(lambda db: keep_claim(db, "MB", OTHER, now_ms))
            await it.storage.run(lambda db: drop_claim(db, names[0]))
            await enrolled(it, caller, owner=True)
            it.clock.advance(1)
            await link(it, caller, owner=True)
            assert (await Member(it.app, it.clock, AC).enrol()).status_code == 409
            assert await roles(it) == [Role.OWNER, Role.READER]
            assert [entry.verb for entry in it.ledger.entries].count("note.claim_ownership") == 1

    run(scene())


def test_pages_that_follow_see_a_claim_come_and_go(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            it.clock.advance(1)

            async def versions() -> list[str]:
                pages = [(await owner.page(path)).text for path in ("/", "/members")]
                assert all(text.index("data-live") < text.find("by a link") for text in pages if "by a link" in text)
                return [text.partition('data-version="')[2][:24] for text in pages]

            before = await versions()
            await enrolled(it, caller, owner=True)
            waiting = await versions()
            assert (await owner.ask("POST", f"/ownership/{await last(it)}/refuse")).status_code == 200
            gone = await versions()
            assert [a != b != c for a, b, c in zip(before, waiting, gone, strict=True)] == [True, True]

    run(scene())
