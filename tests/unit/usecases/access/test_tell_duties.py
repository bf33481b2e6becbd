"""Accounts that named an address are told of a duty that was declared, and that it ended, once."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.usecases.access.test_freeze import AC, SUB
from tests.unit.usecases.access.test_tell_notices import addressed, told

from ringfence.domain.clock import ManualClock
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.retention import Duty
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access import tell_duties
from ringfence.usecases.access.tell_duties import AGAIN_MS, TOLD_FOR_MS, DutyNotices
from ringfence.usecases.access.tell_notices import duty_notice
from ringfence.usecases.webhooks.open_notice import notice_form

LINK = "https://console.example/retention"
DUTY = Duty(
    number=1,
    fields=("kind", "remote"),
    days=30,
    basis="Act 7, section 113b",
    officers=("ann", "bob"),
    declared_ms=1_700_000_000_123,
)


class Known:
    """The key service's duties, the newest first."""

    def __init__(self, *duties: Duty) -> None:
        self.found: Sequence[Duty] = duties
        self.away = False

    async def duties(self) -> Sequence[Duty]:
        if self.away:
            raise ConnectionError
        return self.found


async def said(store: MemoryStore) -> list[tuple[str, str, str]]:
    """Whom, what and of which duty, in order."""
    events = await told(store)
    rows = await store.notices_of([(event.account, event.message_sid) for event in events])
    fields = [(row.account, json.loads(row.said)) for row in rows if row is not None]
    return [(account, each["What"], each["Duty"]) for account, each in fields]


def test_what_is_said_of_a_duty() -> None:
    notice = duty_notice(AC, DUTY, LINK)
    assert notice_form(notice) == [
        ("NoticeSid", notice.sid),
        ("AccountSid", AC),
        ("NoticeType", "duty"),
        ("At", "2023-11-14T22:13:20Z"),
        ("What", "declared"),
        ("Duty", "1"),
        ("Fields", "kind,remote"),
        ("Days", "30"),
        ("Basis", "Act 7, section 113b"),
        ("Officers", "ann,bob"),
        ("Link", LINK),
    ]
    ended = duty_notice(AC, DUTY, LINK, ended_ms=1_700_000_090_000)
    form = dict(notice_form(ended))
    assert (form["What"], form["At"]) == ("ended", "2023-11-14T22:14:50Z")
    others = {
        ended.sid,
        duty_notice(SUB, DUTY, LINK).sid,
        duty_notice(AC, replace(DUTY, number=2), LINK).sid,
        duty_notice(AC, replace(DUTY, declared_ms=1), LINK).sid,
    }
    assert len(others | {notice.sid}) == 5
    assert duty_notice(AC, DUTY, "elsewhere").sid == notice.sid, "the same told again is the same notice"


def test_each_that_named_an_address_is_told_once_of_its_beginning_and_its_end(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store, known = await addressed(AC, SUB), Known()
        notices = DutyNotices(store, known, clock, LINK)
        assert await notices.round() == 0
        declared = replace(DUTY, declared_ms=clock.now_ms())
        known.found = [declared]
        assert [await notices.round() for _ in range(2)] == [2, 0]
        # Another dispatcher, or this one begun again, tells nobody twice.
        assert await DutyNotices(store, known, clock, LINK).round() == 0
        known.found = [replace(declared, ended_ms=clock.now_ms())]
        assert [await notices.round() for _ in range(2)] == [2, 0]
        assert sorted(await said(store)) == sorted(
            (account, what, "1") for account in (AC, SUB) for what in ("declared", "ended")
        )

    run(scene())


def test_one_in_the_place_of_another_is_told_with_the_end_of_that(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store, now_ms = await addressed(SUB), clock.now_ms()
        newer = replace(DUTY, number=2, declared_ms=now_ms)
        notices = DutyNotices(store, Known(newer, replace(DUTY, ended_ms=now_ms)), clock, LINK)
        assert await notices.round() == 3
        assert await said(store) == [(SUB, "declared", "1"), (SUB, "ended", "1"), (SUB, "declared", "2")]

    run(scene())


def test_one_that_ended_long_ago_is_told_to_nobody(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store, ended_ms = await addressed(SUB), clock.now_ms()
        known = Known(replace(DUTY, ended_ms=ended_ms))
        clock.advance(TOLD_FOR_MS)
        assert await DutyNotices(store, known, clock, LINK).round() == 0
        known.found = [replace(DUTY, ended_ms=ended_ms + 1)]
        assert await DutyNotices(store, known, clock, LINK).round() == 2

    run(scene())


def test_who_names_an_address_while_one_stands_is_told_within_the_hour(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await addressed(SUB)
        notices = DutyNotices(store, Known(DUTY), clock, LINK)
        assert await notices.round() == 1
        await store.keep_notice_address(NoticeAddress(account=AC, standing=b"sealed", updated_ms=2))
        clock.advance(AGAIN_MS - 1)
        assert await notices.round() == 0
        clock.advance(1)
        assert [await notices.round() for _ in range(2)] == [1, 0]
        assert await said(store) == [(SUB, "declared", "1"), (AC, "declared", "1")]

    run(scene())


def test_accounts_are_told_a_page_at_a_time_and_all_of_them(
    run: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        monkeypatch.setattr(tell_duties, "PAGE", 2)
        accounts = [f"AC{n:032x}" for n in range(5)]
        store = await addressed(*accounts)
        assert await DutyNotices(store, Known(DUTY), clock, LINK).round() == 5
        assert await said(store) == [(account, "declared", "1") for account in accounts]

    run(scene())


def test_what_could_not_be_told_is_told_in_the_next_round(
    run: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        store, known = await addressed(SUB), Known(DUTY)
        notices = DutyNotices(store, known, clock, LINK)
        known.away = True
        with pytest.raises(ConnectionError):
            await notices.round()
        known.away = False

        async def full(rows: Any) -> int:
            raise OSError(28, "no space left")

        with monkeypatch.context() as disk:
            disk.setattr(store, "add_notices", full)
            with pytest.raises(OSError, match="no space"):
                await notices.round()
        assert await notices.round() == 1

    run(scene())
