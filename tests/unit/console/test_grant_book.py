"""Grants as the consoles keep them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.console.grant_book import OVER_MS, SHARED_A_DAY_MAX, SHARED_MAX, GrantBook
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.access.grant import ANSWER_MS, MINUTES_MAX, SHARED, SKEW_MS, Grant, GrantState
from ringfence.domain.access.limits import COOL_DOWN_MS
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import Scope
from ringfence.domain.sid import new_sid

NOW_MS = 1_700_000_000_000


def asked(n: int, staff: str = "ST1", tenant: str = "AC1") -> Grant:
    return Grant(
        sid=new_sid("GR", NOW_MS + n),
        tenant=tenant,
        account=tenant,
        staff=staff,
        session="CS1",
        public=bytes(range(32)),
        committed=b"\xff" * 32,
        scope=Scope(epochs=(1, 2)),
        reason="a text that did not arrive",
        minutes=30,
        asked_ms=NOW_MS + n,
    )


def test_a_grant_is_read_as_it_was_written_and_changed_by_whoever_saw_it_last(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        grant = asked(1)
        assert await book.grant(grant.sid) is None
        await book.add_grant(grant, NOW_MS)
        assert await book.grant(grant.sid) == grant
        looked = replace(grant, approver="m1", approver_value=b"\x00" * 32, expires_ms=5)
        assert await book.replace_grant(grant, looked)
        assert not await book.replace_grant(grant, replace(grant, state=GrantState.REFUSED))
        assert await book.grant(grant.sid) == looked
        with pytest.raises(ValueError, match="another"):
            await book.replace_grant(looked, asked(2))

    run(with_book(tmp_path, body))


def test_of_many_that_ask_at_once_three_are_kept(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        grants = [asked(n, staff=f"ST{n % 2}") for n in range(8)]
        results = await asyncio.gather(*(book.add_grant(one, NOW_MS) for one in grants), return_exceptions=True)
        assert [type(one) for one in results].count(AccessRefusedError) == 5
        assert len(await book.grants_of_tenant("AC1", "", 50)) == 3

    run(with_book(tmp_path, body))


def test_who_was_turned_down_a_moment_ago_waits(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        refused = replace(asked(1), state=GrantState.REFUSED, ended_ms=NOW_MS + 1)
        await book.add_grant(refused, NOW_MS + 1)
        again = asked(2, tenant="AC2")
        with pytest.raises(AccessRefusedError):
            await book.add_grant(again, NOW_MS + COOL_DOWN_MS)
        await book.add_grant(again, NOW_MS + 1 + COOL_DOWN_MS)

    run(with_book(tmp_path, body))


def test_of_what_they_mean_now_as_many_are_listed_as_are_wanted(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        grants = [asked(n, staff=f"ST{n}", tenant=f"AC{n}") for n in range(4)]
        for one in grants:
            await book.add_grant(one, NOW_MS)
        now_ms, anybody = NOW_MS + 1 + ANSWER_MS, {"staff": "", "tenant": ""}
        for state, found in (("timed_out", [1, 0]), ("pending", [3, 2]), ("approved", []), ("", [3, 2])):
            listed = await book.as_they_stand(now_ms, "", 2, **anybody, state=state)
            assert [one.sid for one in listed] == [grants[n].sid for n in found], state

    run(with_book(tmp_path, body))


ANY = {"staff": "", "tenant": "", "state": ""}


def test_what_waits_comes_before_what_is_open_and_the_rest_is_past(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        ends_ms = NOW_MS + 60_000
        states = (
            *(GrantState.PENDING, GrantState.APPROVED, GrantState.REVOKED, GrantState.APPROVED),
            *(GrantState.PENDING, GrantState.REFUSED, GrantState.EXPIRED),
        )
        grants = [
            replace(asked(n, staff=f"ST{n}", tenant=f"AC{n % 2}"), state=state, expires_ms=ends_ms)
            for n, state in enumerate(states)
        ]
        for one in grants:
            await book.add_grant(one, NOW_MS)

        async def numbers(now_ms: int, **of: str) -> tuple[list[int], list[int]]:
            found = await book.standing(now_ms, **ANY | of), await book.past(now_ms, "", 50, **ANY | of)
            sids = [each.sid for each in grants]
            standing, past = ([sids.index(each.sid) for each in some] for some in found)
            return standing, past

        assert await numbers(NOW_MS) == ([4, 0, 3, 1], [6, 5, 2])
        assert await numbers(NOW_MS, tenant="AC1") == ([3, 1], [5])
        assert await numbers(NOW_MS, staff="ST4") == ([4], [])
        assert await numbers(NOW_MS, staff="ST4", tenant="AC1") == ([], [])
        assert await numbers(NOW_MS, state="approved") == ([3, 1], [])
        assert await numbers(NOW_MS, state="refused") == ([], [5])
        # Time alone ends them.
        assert await numbers(ends_ms) == ([4, 0], [6, 5, 3, 2, 1])
        assert await numbers(NOW_MS + ANSWER_MS, state="timed_out") == ([], [0])
        assert await numbers(NOW_MS + ANSWER_MS + 4) == ([], [6, 5, 4, 3, 2, 1, 0])
        past = await book.past(ends_ms, "", 2, **ANY)
        assert [each.sid for each in past] == [grants[6].sid, grants[5].sid]
        past = await book.past(ends_ms, past[1].sid, 2, **ANY)
        assert [(each.sid, each.state) for each in past] == [
            (grants[3].sid, GrantState.EXPIRED),
            (grants[2].sid, GrantState.REVOKED),
        ]

    run(with_book(tmp_path, body))


def test_whatever_can_be_open_is_looked_for_and_nothing_before_it(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        longest = MINUTES_MAX * 60_000 + ANSWER_MS + SKEW_MS
        open_yet = replace(asked(0), state=GrantState.APPROVED, expires_ms=NOW_MS + longest)
        await book.add_grant(open_yet, NOW_MS)
        assert [each.sid for each in await book.standing(NOW_MS + longest - 1, **ANY)] == [open_yet.sid]
        endless = replace(asked(1), state=GrantState.APPROVED, expires_ms=NOW_MS + 2 * OVER_MS)
        await book.add_grant(endless, NOW_MS)
        assert await book.standing(NOW_MS + 2 + OVER_MS, **ANY) == []

    run(with_book(tmp_path, body))


def test_pages_have_the_newest_first(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        grants = [asked(n, staff=f"ST{n}", tenant=f"AC{n % 2}") for n in range(5)]
        for one in grants:
            await book.add_grant(one, NOW_MS)
        newest = grants[::-1]
        assert await book.grants_of_staff("", "", 50) == newest
        assert await book.grants_of_staff("", "", 2) == newest[:2]
        assert await book.grants_of_staff("", newest[1].sid, 2) == newest[2:4]
        assert await book.grants_of_staff("ST3", "", 50) == [grants[3]]
        assert await book.grants_of_tenant("AC1", "", 50) == [grants[3], grants[1]]
        assert await book.grants_of_tenant("AC1", grants[3].sid, 50) == [grants[1]]

    run(with_book(tmp_path, body))


def unasked(n: int, tenant: str = "AC1") -> Grant:
    """Shared by a member, for a minute."""
    made = {"staff": SHARED, "session": SHARED, "state": GrantState.APPROVED, "expires_ms": NOW_MS + 60_000}
    return replace(asked(n, tenant=tenant), **made)


def test_twenty_are_shared_at_once_by_a_tenant_and_those_that_ended_make_room(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        grants = [unasked(n) for n in range(SHARED_MAX)]
        for one in grants:
            await book.add_shared(one, NOW_MS)
        assert SHARED_MAX == 20
        assert await refusal(book.add_shared(unasked(21), NOW_MS + 59_999)) is Refusal.SHARED
        await book.add_shared(unasked(21, tenant="AC2"), NOW_MS)
        await book.replace_grant(grants[0], replace(grants[0], state=GrantState.REVOKED))
        await book.add_shared(unasked(22), NOW_MS)
        assert await refusal(book.add_shared(unasked(23), NOW_MS)) is Refusal.SHARED
        await book.add_shared(unasked(23), NOW_MS + 60_000)
        # Staff may ask as before: nothing of this waits for an answer.
        await book.add_grant(asked(24), NOW_MS)
        assert await book.grant(grants[1].sid) == grants[1]

    run(with_book(tmp_path, body))


def test_a_hundred_are_shared_in_a_day_though_each_ended_at_once(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        for n in range(SHARED_A_DAY_MAX):
            one = unasked(n)
            await book.add_shared(one, NOW_MS)
            await book.replace_grant(one, replace(one, state=GrantState.REVOKED))
        assert SHARED_A_DAY_MAX == 100
        day_ms = 86_400_000
        assert await refusal(book.add_shared(unasked(day_ms - 1), NOW_MS + day_ms - 1)) is Refusal.SHARED_OFTEN
        await book.add_shared(unasked(100, tenant="AC2"), NOW_MS)
        await book.add_shared(unasked(day_ms + 1), NOW_MS + day_ms + 1)

    run(with_book(tmp_path, body))


def test_a_grant_is_shared_once(run: Any, tmp_path: Path) -> None:
    async def body(book: GrantBook) -> None:
        grant = unasked(1)
        await book.add_shared(grant, NOW_MS)
        assert await refusal(book.add_shared(replace(grant, tenant="AC2"), NOW_MS)) is Refusal.UNKNOWN
        assert await book.grant(grant.sid) == grant

    run(with_book(tmp_path, body))


async def refusal(work: Any) -> Refusal:
    with pytest.raises(AccessRefusedError) as refused:
        await work
    return refused.value.refusal


async def with_book(path: Path, body: Any) -> None:
    storage = ConsoleStorage(path / "console.db")
    await storage.open()
    try:
        await body(GrantBook(storage))
    finally:
        await storage.close()
