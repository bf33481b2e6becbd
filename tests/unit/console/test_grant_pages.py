"""The pages of grants: what staff asked for, as they and the tenant see it, fifty at a time."""

import re
from typing import Any

from msgspec.structs import replace
from tests.unit.console.test_members import AC, account, enrolled

from ringfence.console.grant_book import GrantBook
from ringfence.domain.access.grant import ANSWER_MS, Grant, GrantState
from ringfence.domain.access.scope import Scope
from ringfence.domain.sid import new_sid

NOBODY = "ST" + "0" * 32


async def kept(it: Any, count: int, staff: str = NOBODY, **changed: Any) -> list[Grant]:
    """So many that are over, the newest first."""
    book, found = GrantBook(it.storage), []
    for n in range(count):
        at_ms = it.clock.now_ms() + n
        grant = Grant(
            sid=new_sid("GR", at_ms),
            tenant=AC,
            account=AC,
            staff=staff,
            session="CS1",
            public=b"",
            committed=b"",
            scope=Scope(records=(f"SM{n:032x}",)),
            reason=f"reason {n}.",
            minutes=30,
            asked_ms=at_ms,
            state=GrantState.EXPIRED,
        )
        found.append(replace(grant, **changed))
        await book.add_grant(found[-1], at_ms)
    return found[::-1]


def rows(page: str) -> list[str]:
    return re.findall(r'<tr data-row="(GR\w+)">', page)


def version(page: str) -> str:
    found = re.search(r'data-version="(\w+)"', page)
    assert found is not None
    return found[1]


def older(page: str) -> str:
    """Where the page leads, "" for nowhere."""
    found = re.search(r'<a href="([^"]+)">Older</a>', page)
    return found[1].replace("&amp;", "&") if found else ""


def test_staff_and_members_see_fifty_at_a_time_and_are_led_to_the_older(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            browsers = [await it.first(), await enrolled(it, await account(it))]
            sids = [each.sid for each in await kept(it, 50)]
            for browser in browsers:
                page = (await browser.page("/grants")).text
                assert (rows(page), older(page)) == (sids, "")
                for wrong in ("GR1", AC):
                    assert rows((await browser.page(f"/grants?before={wrong}")).text) == sids
            it.clock.advance(50)
            sids = [*(each.sid for each in await kept(it, 1)), *sids]
            for browser in browsers:
                page = (await browser.page("/grants")).text
                assert rows(page) == sids[:50]
                assert older(page) == f"/grants?before={sids[49]}"
                page = (await browser.page(older(page))).text
                assert (rows(page), older(page)) == (sids[50:], "")

    run(scene())


def test_who_looks_is_told_of_any_change_of_what_they_see_and_of_no_other(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            browsers = [await it.first(), await enrolled(it, await account(it))]

            async def versions() -> list[str]:
                return [version((await each.page("/grants")).text) for each in browsers]

            it.clock.advance(1_000)
            listed = await kept(it, 52)
            before = await versions()
            # The last of the page, the one by which it is known that there are older, and one that is not there.
            book, changes = GrantBook(it.storage), []
            for n in (49, 50, 51):
                await book.replace_grant(listed[n], replace(listed[n], state=GrantState.REVOKED))
                after = await versions()
                changes.append([a != b for a, b in zip(before, after, strict=True)])
                before = after
            assert changes == [[True, True], [True, True], [False, False]]

    run(scene())


def test_what_waits_and_what_is_open_stands_before_what_is_over_which_is_folded(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, owner = await it.first(), await enrolled(it, await account(it))
            ends_ms = it.clock.now_ms() + 60_000
            (asked,) = await kept(it, 1, state=GrantState.PENDING)
            it.clock.advance(1)
            (given,) = await kept(it, 1, state=GrantState.APPROVED, expires_ms=ends_ms)
            it.clock.advance(1)
            (over,) = await kept(it, 1)
            for browser in (ada, owner):
                page = (await browser.page("/grants")).text
                standing, folded = page.split('<details class="past">')
                assert (rows(standing), rows(folded)) == ([asked.sid, given.sid], [over.sid])
            # Whoever looks for something, or further back, has it before them.
            for query in ("state=expired", f"before={asked.sid}"):
                assert '<details class="past" open>' in (await ada.page(f"/grants?{query}")).text
            assert rows((await ada.page("/grants?state=approved")).text) == [given.sid]
            assert '<details class="past" open>' in (await owner.page(f"/grants?before={over.sid}")).text
            waiting, rest = (await owner.page("/grants")).text.split('<h2 id="given">')
            assert (rows(waiting), rows(rest)) == ([asked.sid], [given.sid, over.sid])

    run(scene())


def test_time_alone_makes_a_request_another_on_all_pages(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            browsers = [await it.first(), await enrolled(it, await account(it))]
            await kept(it, 1, state=GrantState.PENDING)
            before = [(await each.page("/grants")).text for each in browsers]
            it.clock.advance(ANSWER_MS)
            after = [(await each.page("/grants")).text for each in browsers]
            assert [("<td>pending" in page, "<td>timed out" in page) for page in before] == [(True, False)] * 2
            assert [("<td>pending" in page, "<td>timed out" in page) for page in after] == [(False, True)] * 2
            assert all(version(old) != version(new) for old, new in zip(before, after, strict=True))

    run(scene())


def test_staff_are_named_also_after_they_left_and_their_grants_are_found_by_them(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, gone = await it.first("Ada"), it.browser()
            link = (await ada.ask("POST", "/staff/invitations", {"name": "Bob", "roles": ["support"]})).json()["link"]
            assert (await gone.join(link.partition("/join#")[2])).status_code == 200
            people = {each.name: each.id for each in await it.terminal.members()}
            member = await enrolled(it, await account(it))
            (theirs,) = await kept(it, 1, people["Bob"])
            it.clock.advance(1)
            (mine,) = await kept(it, 1, people["Ada"])
            it.clock.advance(1)
            (nobodys,) = await kept(it, 1)
            await it.terminal.remove("terminal", people["Bob"])
            page = (await ada.page("/grants")).text
            assert [f"<td>{who}</td>" in page for who in ("Ada", "Bob", NOBODY)] == [True, True, True]
            assert rows(page) == [nobodys.sid, mine.sid, theirs.sid]
            assert f'<option value="{people["Bob"]}">Bob</option>' in page
            his = (await ada.page(f"/grants?by={people['Bob']}")).text
            assert rows(his) == [theirs.sid]
            assert version(his) != version(page)
            assert f'<option value="{people["Bob"]}" selected>Bob</option>' in his
            assert f'/grants/export?by={people["Bob"]}"' in his
            told = (await member.page("/grants")).text
            assert "<title>Approvals ·" in told
            assert 'src="http://keys.localhost:8422/frame"' in told
            assert re.findall(r'<th scope="row">([^<]+)</th>', told) == [NOBODY, "Ada", "Bob"]

    run(scene())


def test_a_link_from_elsewhere_fills_in_sids_alone(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, sm = await it.first(), "SM" + "1" * 32
            page = (await ada.page(f"/grants?account={AC}&text={sm}")).text
            filled = dict(re.findall(r'<input id="(\w+)" [^>]*value="([^"]*)"', page))
            assert filled == {"account": AC, "records": sm, "hours": "1", "minutes": "30"}
            assert re.findall(r'max="(\d+)"', page) == ["24", "480"]
            assert '<iframe id="keys"' in page
            assert 'src="http://keys.localhost:8422/frame"' in page
            assert '<a href="/grants" aria-current="page">Grants</a>' in page
            assert re.findall(r'<option value="([a-z_]+)"', page) == [state.value for state in GrantState]
            for wrong in (f"account={sm}&text=hello", f"account={AC}x&text={sm}x", ""):
                page = (await ada.page(f"/grants?{wrong}".rstrip("?"))).text
                filled = dict(re.findall(r'<input id="(\w+)" [^>]*value="([^"]*)"', page))
                assert (filled["account"], filled["records"]) == ("", ""), wrong

    run(scene())
