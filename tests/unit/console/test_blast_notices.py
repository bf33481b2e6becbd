"""Tenants are told what was opened of theirs, each of its own, once."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ringfence.cli.blast_told import notice_of
from ringfence.console.blast_notices import BlastNotice, BlastNotices
from ringfence.console.grant_book import GrantBook
from ringfence.console.pages import Pages
from ringfence.console.standing_duty import StandingDuty
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.leaves import leaves_behind
from ringfence.domain.access.grant import Grant, GrantState
from ringfence.domain.access.scope import Scope
from ringfence.domain.ledger.blast import Reach
from ringfence.domain.ledger.leave import Leave
from ringfence.domain.sid import new_sid

TOLD = BlastNotice(
    account="AC1",
    who="session CS1",
    objects=2,
    first_ms=1_700_000_000_000,
    last_ms=1_700_000_060_000,
    told_ms=5,
    granted=1,
    grants="GR1 GR2",
)


def test_what_is_told_twice_is_told_once_and_to_whom_it_concerns(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        storage = ConsoleStorage(tmp_path / "console.db")
        await storage.open()
        notices = BlastNotices(storage)
        later = replace(TOLD, last_ms=TOLD.last_ms + 1, told_ms=6)
        other = replace(TOLD, account="AC2")
        assert await notices.tell([TOLD, other]) == 2
        assert await notices.tell([replace(TOLD, told_ms=9), later]) == 1
        assert await notices.of("AC1") == [later, TOLD]
        assert await notices.of("AC1", limit=1) == [later]
        assert await notices.of("AC2") == [other]
        assert await notices.of("AC3") == []
        await storage.close()

    run(story())


def test_a_notice_says_how_much_and_from_when_to_when() -> None:
    reach = Reach(account="AC1", openings=3, objects=("a", "b"), first_ms=TOLD.first_ms, last_ms=TOLD.last_ms)
    assert notice_of(reach, Leave(("GR1", "GR2"), 1), "session CS1", 5) == TOLD


class Session:
    account = "AC1"


def shown(notice: BlastNotice, *grants: Grant) -> str:
    """What the first page says of it, in one line."""
    page = Pages().page(
        "member_overview.html",
        title="Overview",
        session=Session(),
        keys="http://keys.localhost",
        days=[],
        calls=[],
        charts=[],
        acts=[],
        retained=StandingDuty(),
        claims=[],
        notices=[notice],
        leaves={notice.grants: grants},
    )
    return " ".join(bytes(page.body).decode().split())


def given(sid: str, reason: str) -> Grant:
    return Grant(
        sid=sid,
        tenant="AC1",
        account="AC1",
        staff="ST1",
        session="CS1",
        public=b"",
        committed=b"",
        scope=Scope(),
        reason=reason,
        minutes=30,
        asked_ms=1,
        state=GrantState.APPROVED,
        approver="MB1",
        approved_ms=1_700_000_000_000,
    )


def test_the_first_page_shows_it_as_text() -> None:
    text = shown(replace(TOLD, who="session <b>"))
    assert "By session &lt;b&gt;: 2 objects, from 2023-11-14 22:13:20 to 2023-11-14 22:14:20 UTC" in text
    assert ": 1 object, from" in shown(replace(TOLD, objects=1))


def test_it_says_who_allowed_it_and_why_where_grants_stood_behind_it() -> None:
    both = given("GR1", "it came <i>garbled</i>"), given("GR2", "again")
    said = shown(replace(TOLD, granted=2), *both)
    first, second = "“it came &lt;i&gt;garbled&lt;/i&gt;”", "“again”"
    when = "MB1, 2023-11-14 22:13:20 UTC"
    assert f"A member of the account had allowed it: {when}, since {first}; {when}, since {second}." in said
    assert "had allowed 1 of these, and nobody the others: MB1" in shown(TOLD, both[0])
    # One that is not kept here any more is in the ledger still.
    assert "had allowed it." in shown(replace(TOLD, granted=2))


def test_it_says_that_no_grant_stood_behind_it_where_one_had_to() -> None:
    none = replace(TOLD, granted=0, grants="")
    assert "a session of the account's own members needs none" in shown(none)
    assert "No grant of a member stood behind it." in shown(replace(none, who="staff member ST1"))
    # A key of the account's own needs no grant, and of notices from before nobody looked for one.
    for untold in (replace(none, who="key SK1"), replace(none, granted=None)):
        assert "grant" not in shown(untold).partition("By ")[2].partition("Whom it touched")[0]


def test_the_grants_behind_a_notice_are_the_accounts_own_and_not_too_many(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        storage = ConsoleStorage(tmp_path / "console.db")
        await storage.open()
        book = GrantBook(storage)
        sids = [new_sid("GR", now_ms) for now_ms in range(1, 6)]
        for sid in sids:
            grant = replace(given(sid, "it came garbled"), staff=sid, tenant="AC2" if sid == sids[0] else "AC1")
            await book.add_grant(grant, 1)
        notice = replace(TOLD, grants=" ".join([*sids[:2], "GRgone", *sids[2:]]))
        found = await leaves_behind(book, [notice, replace(TOLD, grants="")])
        assert {grants: [each.sid for each in some] for grants, some in found.items()} == {
            notice.grants: [sids[1]],
            "": [],
        }
        few = replace(TOLD, grants=" ".join(sids[1:]))
        assert [each.sid for each in (await leaves_behind(book, [few]))[few.grants]] == sids[1:4]
        await storage.close()

    run(story())
