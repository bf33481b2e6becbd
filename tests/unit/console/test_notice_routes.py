"""Where an account is told of breaches and freezes: sealed to its members, and set past a console that cannot."""

from typing import Any

from tests.unit.console.access_forms import kept, version
from tests.unit.console.standing_forms import seen
from tests.unit.console.test_members import AC, OTHER, account, enrolled, give_role

from ringfence.usecases.accounts.notice_address import notice_address_of, set_notice_address
from ringfence.usecases.accounts.take_access import take_access

URL = "https://ops.example.org/notices?token=s3cret"


async def sealed(member: Any) -> Any:
    return await member.ask("POST", "/notices/sealed", {"credential": member.opened_by})


def test_an_address_is_set_shown_sealed_and_taken_away(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            member = await enrolled(it, caller)
            assert "there is no address" in (await member.page("/notices")).text
            assert (await sealed(member)).status_code == 404
            versions = [await version(member, "/notices")]

            assert (await kept(it, member, "notice_address", lambda _: {"url": URL})).status_code == 200
            page = (await member.page("/notices")).text
            assert "A change waits" in page
            versions.append(await version(member, "/notices"))
            assert "there is no address" in page
            await take_access(it.store, it.keys, it.clock)
            page = (await member.page("/notices")).text
            assert "there is no address" not in page
            assert "waits" not in page
            assert "s3cret" not in page
            assert len({*versions, await version(member, "/notices")}) == 3, "whoever follows the page hears of both"
            assert await notice_address_of(it.store, it.keys, caller, AC) == URL
            answer = await sealed(member)
            assert "s3cret" not in answer.text
            assert seen(member, answer.json()) == {"url": URL}

            assert (await kept(it, member, "notice_address", lambda _: {"url": ""})).status_code == 200
            await take_access(it.store, it.keys, it.clock)
            assert await it.store.notice_addresses([AC]) == [None]
            assert "there is no address" in (await member.page("/notices")).text
            verbs = [verb for actor, verb in it.noted]
            assert verbs.count("keep_access") == 2
            assert verbs.count("show_standing") == 1

    run(scene())


def test_what_is_no_address_is_refused_and_the_former_one_stays(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            member = await enrolled(it, caller)
            await set_notice_address(it.store, it.keys, it.clock, AC, URL)
            for wrong in ({"url": "ftp://ops.example.org"}, {"url": None}, {}, {"url": URL, "account": OTHER}):
                assert (await kept(it, member, "notice_address", lambda _, form=wrong: form)).status_code == 400
            await take_access(it.store, it.keys, it.clock)
            assert await notice_address_of(it.store, it.keys, caller, AC) == URL

    run(scene())


def test_nobody_sets_it_as_other_webhooks_are_set(run: Any, stand: Any) -> None:
    """The answer to such a form is a sealed value, which a console could put where it likes."""

    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            await set_notice_address(it.store, it.keys, it.clock, AC, URL)
            for path in ("/notices/form", "/notices/standing", "/notices"):
                assert (await member.ask("POST", path, {})).status_code in (404, 405), path

    run(scene())


def test_a_reader_sees_it_and_an_owner_alone_changes_it(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            other = await enrolled(it, caller)
            await set_notice_address(it.store, it.keys, it.clock, AC, URL)
            for role in ("reader", "approver"):
                await owner.verify()
                assert (await give_role(it, owner, role)).status_code == 200
                await other.verify()
                assert (await other.page("/notices")).status_code == 200
                assert seen(other, (await sealed(other)).json()) == {"url": URL}
                form = {"record": "notice_address", "form": {}}
                assert (await other.ask("POST", "/access", form)).status_code == 403

    run(scene())
