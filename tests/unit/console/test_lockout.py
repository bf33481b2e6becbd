"""Somebody is stopped: sessions end, their grants with them, and a frozen member of staff does not come back."""

from typing import Any

from ringfence.console.lockout import Lockout


def test_a_frozen_member_of_staff_is_out_and_stays_out_until_thawed(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            person = (await at.terminal.members())[0].id
            lockout = Lockout(at.storage, at.keys, at.clock)
            assert (await ada.page("/")).status_code == 200
            assert await lockout.freeze_staff(person, "staff:terminal")
            assert not await lockout.freeze_staff(person, "staff:terminal")
            assert (await ada.page("/")).status_code == 401
            refused = await ada.sign_in()
            assert (refused.status_code, "kept out" in refused.json()["error"]) == (403, True)
            assert await lockout.thaw_staff(person)
            assert not await lockout.thaw_staff(person)
            assert (await ada.sign_in()).status_code == 200

    run(story())


def test_one_session_ends_and_the_others_stay(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            first = (ada.key, ada.cookie)
            at.clock.advance(1_000)
            await ada.sign_in()
            lockout = Lockout(at.storage, at.keys, at.clock)
            rows = await at.storage.run(lambda db: db.execute("SELECT id FROM session ORDER BY id DESC").fetchall())
            (latest,), _ = rows
            assert await lockout.end_session(latest, "staff:terminal")
            assert not await lockout.end_session(latest, "staff:terminal")
            assert (await ada.page("/")).status_code == 401
            ada.key, ada.cookie = first
            assert (await ada.page("/")).status_code == 200
            await lockout.end_account("AC1", "staff:terminal")
            assert (await ada.page("/")).status_code == 200
            await lockout.end_all()
            assert (await ada.page("/")).status_code == 401

    run(story())
