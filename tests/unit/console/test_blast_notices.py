"""Tenants are told what was opened of theirs, each of its own, once."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ringfence.cli.blast_told import notice_of
from ringfence.console.blast_notices import BlastNotice, BlastNotices
from ringfence.console.pages import Pages
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.ledger.blast import Reach

TOLD = BlastNotice(
    account="AC1", who="session CS1", objects=2, first_ms=1_700_000_000_000, last_ms=1_700_000_060_000, told_ms=5
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
    assert notice_of(reach, "session CS1", 5) == TOLD


def test_the_first_page_shows_it_as_text() -> None:
    class Session:
        account = "AC1"

    page = Pages().page(
        "member_overview.html",
        title="Overview",
        session=Session(),
        keys="http://keys.localhost",
        days=[],
        calls=[],
        charts=[],
        acts=[],
        claims=[],
        whole=True,
        notices=[replace(TOLD, who="session <b>")],
    )
    text = bytes(page.body).decode()
    assert "2 objects, from 2023-11-14 22:13:20 to 2023-11-14 22:14:20 UTC" in text
    assert "session &lt;b&gt;" in text
