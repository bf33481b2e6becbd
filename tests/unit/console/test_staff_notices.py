"""What all of staff are told of, so that they may stop it: who is invited, who enrolled, what was added, who asks."""

from pathlib import Path
from typing import Any

from tests.unit.console.staff_office import office

from ringfence.console.operator.request_rows import ActRequest, keep_request
from ringfence.console.operator.staff import DELAY_MS, NOTICE_MS
from ringfence.domain.access.staff_role import StaffRole

SUPPORT, SECURITY = StaffRole.SUPPORT, StaffRole.SECURITY


def test_all_are_told_who_invites_whom_the_latest_first(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            await it.staff.invite_first("Ada", [SUPPORT, SECURITY])
            (first,) = await it.staff.invitations()
            began_ms = it.clock.now_ms()
            assert await it.told() == [("the terminal invites Ada for support, security", began_ms, first.id)]
            ada, bob = await it.ada_and_bob()
            await it.staff.invite(ada.id, "Carol", [SUPPORT])
            it.clock.advance(1)
            await it.staff.invite(bob.id, "Dave", [SECURITY])
            by_ada, by_bob = await it.staff.invitations()
            now_ms = it.clock.now_ms()
            assert await it.told() == [
                ("Bob invites Dave for security, which another member must approve", now_ms, by_bob.id),
                ("Ada invites Carol for support, which another member must approve", now_ms - 1, by_ada.id),
            ]
            # Of who was removed meanwhile, too.
            await it.staff.remove("terminal", bob.id)
            assert (await it.told())[0][0].startswith("Bob invites Dave")

    run(scene())


def test_all_are_told_of_who_enrolled_until_they_can_sign_in(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            assert await it.told() == []
            secret = await it.staff.invite(ada.id, "Bob", [SUPPORT])
            assert secret is not None
            bob = await it.joins(secret)
            it.clock.advance(DELAY_MS - 1)
            said = "Bob has enrolled, and can sign in 24 hours after that"
            assert await it.told() == [(said, bob.made_ms, bob.id)]
            it.clock.advance(1)
            assert await it.told() == []

    run(scene())


def test_all_are_told_of_a_further_passkey_for_a_week(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            it.clock.advance(1)
            added_ms = it.clock.now_ms()
            await it.adds(ada.id)
            it.clock.advance(NOTICE_MS - 1)
            assert await it.told() == [("Ada has added a passkey", added_ms, "")]
            it.clock.advance(1)
            assert await it.told() == []

    run(scene())


def test_all_are_told_of_what_one_of_them_asks_for(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path) as it:
            ada = await it.ada()
            session, now_ms = await it.signed_in(ada.id), it.clock.now_ms()
            asked = ActRequest(
                id="AR1",
                act="account.close",
                target="account:AC1",
                value="",
                reason="gone",
                stands="active",
                asked_by=ada.id,
                session=session.id,
                asked_ms=now_ms,
            )
            await it.storage.run(lambda db: keep_request(db, asked))
            said = "Ada asks for account.close of account:AC1, which another member must confirm, under Requests"
            assert await it.told() == [(said, now_ms, "")]

    run(scene())
