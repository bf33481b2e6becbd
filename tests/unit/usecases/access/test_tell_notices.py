"""Accounts are told of what was opened and frozen of theirs, once, where they named an address."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.usecases.access.test_freeze import AC, SUB, accounts

from ringfence.domain.clock import ManualClock
from ringfence.domain.ledger.blast import Reach
from ringfence.ports.freezes import ENDED_AT_ONCE, EndedFreeze, FreezeRow
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.outbox import EventRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.access.tell_notices import FreezeNotices, blast_notice, freeze_notice, tell_notices, thaw_notice
from ringfence.usecases.webhooks.open_notice import notice_form

REACH = Reach(account=AC, openings=3, objects=("a", "b"), first_ms=1_700_000_000_123, last_ms=1_700_000_060_000)


async def addressed(*of: str) -> MemoryStore:
    store = await accounts()
    for account in of:
        await store.keep_notice_address(NoticeAddress(account=account, standing=b"sealed", updated_ms=1))
    return store


async def told(store: MemoryStore) -> list[EventRow]:
    return [each.row for each in store._events.values()]


def test_what_is_said_of_a_blast() -> None:
    notice = blast_notice(REACH, "session", "CS1", "https://console.example/touched/x", 1_700_000_090_000)
    assert notice_form(notice) == [
        ("NoticeSid", notice.sid),
        ("AccountSid", AC),
        ("NoticeType", "blast"),
        ("At", "2023-11-14T22:14:50Z"),
        ("ActorKind", "session"),
        ("Actor", "CS1"),
        ("Openings", "3"),
        ("Objects", "2"),
        ("From", "2023-11-14T22:13:20.123Z"),
        ("To", "2023-11-14T22:14:20.000Z"),
        ("Link", "https://console.example/touched/x"),
    ]
    later = blast_notice(REACH, "session", "CS1", "elsewhere", 5)
    assert later.sid == notice.sid, "the same told again is the same notice"
    others = {
        blast_notice(replace(REACH, account=SUB), "session", "CS1", "", 5).sid,
        blast_notice(REACH, "session", "CS2", "", 5).sid,
        blast_notice(replace(REACH, last_ms=REACH.last_ms + 1), "session", "CS1", "", 5).sid,
    }
    assert len(others | {notice.sid}) == 4


def test_those_are_told_that_named_an_address_and_once(run: Any) -> None:
    async def scene() -> None:
        store = await addressed(SUB)
        rows = [blast_notice(replace(REACH, account=each), "key", "SK1", "", 5) for each in (AC, SUB)]
        assert await tell_notices(store, rows) == 1
        assert await tell_notices(store, rows) == 0
        assert await tell_notices(store, []) == 0
        assert [(event.account, event.message_sid) for event in await told(store)] == [(SUB, rows[1].sid)]

    run(scene())


def test_a_freeze_is_told_to_whom_it_stops_and_each_anew(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await addressed(AC, SUB)
        notices = FreezeNotices(store, "https://console.example")
        assert await notices.round() == 0
        await freeze(store, clock, "account", AC)
        await freeze(store, clock, "key", SUB)
        assert await notices.round() == 3
        assert await notices.round() == 0
        assert sorted((event.account, event.kind) for event in await told(store)) == [
            (AC, "notice.freeze"),
            (SUB, "notice.freeze"),
            (SUB, "notice.freeze"),
        ]
        # Another process, or this one begun again, tells nobody twice.
        assert await FreezeNotices(store, "https://console.example").round() == 0
        await thaw(store, clock, "account", AC)
        assert await notices.round() == 2, "and so is that it goes on"
        assert await notices.round() == 0
        clock.advance(1)
        await freeze(store, clock, "account", AC)
        assert await notices.round() == 2

    run(scene())


def test_a_freeze_that_ended_before_it_was_found_is_told_with_its_thaw(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await addressed(SUB)
        await freeze(store, clock, "account", AC)
        clock.advance(5)
        await thaw(store, clock, "account", AC)
        assert await FreezeNotices(store, "").round() == 2
        assert [event.kind for event in await told(store)] == ["notice.freeze", "notice.thaw"]
        assert await store.ended_freezes() == []

    run(scene())


def test_what_ended_is_told_so_many_a_round_and_all_of_it_in_the_end(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await addressed(AC)
        for _ in range(ENDED_AT_ONCE + 1):
            await freeze(store, clock, "account", AC)
            clock.advance(1)
            await thaw(store, clock, "account", AC)
        notices = FreezeNotices(store, "")
        assert [await notices.round() for _ in range(3)] == [2 * ENDED_AT_ONCE, 2, 0]
        assert await store.ended_freezes() == []

    run(scene())


def test_a_round_that_was_killed_is_made_good_by_the_next(run: Any, clock: ManualClock) -> None:
    class Killed(Exception):
        pass

    async def killed(_: object) -> None:
        raise Killed

    async def scene() -> None:
        store = await addressed(AC)
        await freeze(store, clock, "key", AC)
        await thaw(store, clock, "key", AC)
        forget, store.forget_ended = store.forget_ended, killed  # type: ignore[method-assign]
        with pytest.raises(Killed):
            await FreezeNotices(store, "").round()
        store.forget_ended = forget  # type: ignore[method-assign]
        assert await FreezeNotices(store, "").round() == 0
        assert [event.kind for event in await told(store)] == ["notice.freeze", "notice.thaw"]
        assert await store.ended_freezes() == []

    run(scene())


def test_everybody_is_told_that_the_platform_stood_still_once_it_goes_on(
    run: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.usecases.access.tell_notices.PAGE", 1)

    async def scene() -> None:
        store = await addressed(AC, SUB)
        notices = FreezeNotices(store, "https://console.example")
        await freeze(store, clock, "platform", "platform")
        assert await notices.round() == 0, "no webhook goes out"
        clock.advance(5)
        await thaw(store, clock, "platform", "platform")
        assert await notices.round() == 4
        assert await notices.round() == 0
        assert [(event.account, event.kind) for event in await told(store)] == [
            (AC, "notice.freeze"),
            (AC, "notice.thaw"),
            (SUB, "notice.freeze"),
            (SUB, "notice.thaw"),
        ]

    run(scene())


def test_who_names_an_address_is_told_what_is_frozen_then_and_once(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await addressed(SUB)
        notices = FreezeNotices(store, "https://console.example")
        await freeze(store, clock, "account", AC)
        assert await notices.round() == 1
        await store.keep_notice_address(NoticeAddress(account=AC, standing=b"sealed", updated_ms=clock.now_ms()))
        assert await notices.round() == 1
        assert sorted(event.account for event in await told(store)) == [AC, SUB]
        # Nor does a dispatcher that begins a month later find anything to tell.
        clock.advance(30 * 86_400_000)
        for again in (notices, FreezeNotices(store, "https://console.example")):
            assert await again.round() == 0

    run(scene())


def test_a_key_that_is_gone_is_nobodys(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await addressed(AC)
        await store.put_freeze(FreezeRow(kind="key", name="SK" + "1" * 32, at_ms=5))
        assert await FreezeNotices(store, "").round() == 0

    run(scene())


def test_what_is_said_of_a_freeze() -> None:
    notice = freeze_notice(SUB, FreezeRow(kind="account", name=AC, was="active", at_ms=5), "https://console.example")
    assert (notice.account, notice.kind, notice.at_ms) == (SUB, "notice.freeze", 5)
    assert json.loads(notice.said) == {"What": "account", "Name": AC, "Link": "https://console.example"}


def test_what_is_said_of_a_thaw() -> None:
    ended = EndedFreeze(kind="account", name=AC, at_ms=1_700_000_000_123, ended_ms=1_700_000_060_000)
    notice = thaw_notice(SUB, ended, "https://console.example")
    assert notice_form(notice) == [
        ("NoticeSid", notice.sid),
        ("AccountSid", SUB),
        ("NoticeType", "thaw"),
        ("At", "2023-11-14T22:14:20Z"),
        ("What", "account"),
        ("Name", AC),
        ("From", "2023-11-14T22:13:20.123Z"),
        ("Link", "https://console.example"),
    ]
    frozen = FreezeRow(kind="account", name=AC, was="active", at_ms=ended.at_ms)
    assert freeze_notice(SUB, ended, "") == freeze_notice(SUB, frozen, ""), "told of what is frozen or of what was"
