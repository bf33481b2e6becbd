"""A stream tells that a page changed, to the session that its ticket was given to, and no longer than that goes on."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.unit.console.listening import listening, ticket_for
from tests.unit.console.test_members import AC, OTHER, account, enrolled
from tests.unit.console.test_operations_pages import filled

from ringfence.console.live import polls, streams
from ringfence.console.live.looked import Looked, Now
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import IDLE_MS, Session, Sessions
from ringfence.drills.staff_browser import StaffBrowser
from ringfence.ports.calls import RecordingRow
from ringfence.usecases.access.freeze import freeze


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polls, "POLL_S", 0.01)
    monkeypatch.setattr(streams, "CHECK_S", 0.01)


async def given(browser: StaffBrowser, page: str) -> str:
    answer = await ticket_for(browser, page)
    assert answer.status_code == 200, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


def heard(at: Any, browser: StaffBrowser, ticket: str, **headers: str) -> Any:
    cookie = headers.pop("cookie", browser.cookie)
    return listening(at.app, browser.origin, cookie, ticket, **headers)


async def refused(at: Any, browser: StaffBrowser, ticket: str, **headers: str) -> None:
    async with heard(at, browser, ticket, **headers) as stream:
        assert stream.status == 401
        assert stream.headers["content-type"] == "application/json"


def recording(sid: str, at_ms: int, account: str = AC) -> RecordingRow:
    return RecordingRow(
        account=account,
        sid=sid,
        call_sid="CA" + "1" * 32,
        status="completed",
        source="DialVerb",
        channels=1,
        track="both",
        epoch=1,
        started_ms=at_ms,
        created_ms=at_ms,
        updated_ms=at_ms,
    )


def test_a_change_is_told_and_nothing_of_it(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await filled(at)
            ada = await at.first()
            shown = (await ada.page("/queues")).text
            async with heard(at, ada, await given(ada, "/queues")) as stream:
                assert (stream.status, stream.headers["cache-control"]) == (200, "no-store")
                assert stream.headers["content-type"].startswith("text/event-stream")
                began = await stream.next()
                assert (await ticket_for(ada, "/queues")).json()["version"] == began["version"]
                assert f'data-version="{began["version"]}"' in shown
                await freeze(at.store, at.clock, "carrier", "other")
                said = await stream.next()
                assert set(said) == {"version", "new"}
                assert (said["version"] != began["version"], said["new"]) == (True, 0)
                assert AC.encode() not in stream.raw
                assert f'data-version="{said["version"]}"' in (await ada.page("/queues")).text

    run(story())


def test_a_ticket_serves_once_and_its_own_browser_alone(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            other = at.browser(ada.authenticator)
            assert (await other.sign_in()).status_code == 200
            ticket = await given(ada, "/queues")
            async with heard(at, ada, ticket) as stream:
                assert stream.status == 200
            await refused(at, ada, ticket)
            # A stolen ticket is nothing with another session's cookie, and spent by the try.
            ticket = await given(ada, "/queues")
            await refused(at, other, ticket)
            await refused(at, ada, ticket)
            for headers in ({"sec_fetch_site": "cross-site"}, {"cookie": ""}, {"cookie": "ringfence_session=x"}):
                await refused(at, ada, await given(ada, "/queues"), **headers)
            await refused(at, ada, await given(ada, "/queues"), method="HEAD")
            late = await given(ada, "/queues")
            at.clock.advance(30_000)
            await refused(at, ada, late)
            ended = await given(other, "/queues")
            assert (await other.ask("POST", "/sign-out")).status_code == 200
            other.cookie = ada.cookie
            await refused(at, other, ended)

    run(story())


def test_a_ticket_is_of_its_console_and_its_account_alone(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada, owner = await at.first(), await enrolled(at, await account(at))
            for browser, host in ((ada, owner.origin), (owner, ada.origin)):
                page = "/queues" if browser is ada else "/recordings"
                async with listening(at.app, host, browser.cookie, await given(browser, page)) as stream:
                    assert stream.status == 401
            async with heard(at, owner, await given(owner, "/recordings")) as stream:
                await stream.next()
                await at.store.add_recording(recording("RE" + "2" * 32, 1, OTHER))
                await at.store.add_recording(recording("RE" + "1" * 32, 1))
                assert (await stream.next())["new"] == 1
                assert len(stream.events) == 2

    run(story())


def test_a_stream_ends_with_its_session_and_keeps_none_open(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            at.clock.advance(1)
            other = at.browser(ada.authenticator)
            assert (await other.sign_in()).status_code == 200
            sessions = Sessions(at.storage, at.clock)
            (newest, _) = await sessions.open_now("staff")
            async with heard(at, other, await given(other, "/queues")) as stream:
                await stream.next()
                assert (await ada.ask("POST", f"/sessions/{newest.id}/end")).status_code == 200
                await stream.end()
            async with heard(at, ada, await given(ada, "/queues")) as stream:
                await stream.next()
                at.clock.advance(IDLE_MS)
                # Another ticket, as a page takes one after some minutes: that is no activity.
                again = await given(ada, "/queues")
                at.clock.advance(1)
                await stream.end()
            await refused(at, ada, again)
            assert (await ticket_for(ada, "/queues")).status_code == 401
            assert await sessions.open_now("staff") == []

    run(story())


def test_a_stream_ends_with_a_freeze_and_with_the_right_to_look(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada, owner = await at.first(), await enrolled(at, await account(at))
            async with heard(at, owner, await given(owner, "/recordings")) as stream:
                await stream.next()
                await freeze(at.store, at.clock, "account", AC)
                await stream.end()
            assert (await ticket_for(owner, "/recordings")).status_code == 401
            async with heard(at, ada, await given(ada, "/queues")) as stream:
                await stream.next()
                at.forbids = "Your part is another."
                await stream.end()
                assert (await ticket_for(ada, "/queues")).status_code == 403
                at.forbids = ""
            late = await given(ada, "/queues")
            await freeze(at.store, at.clock, "platform", "platform")
            async with heard(at, ada, late) as stream:
                assert stream.status == 403

    run(story())


def test_an_account_follows_few_lists_that_are_not_the_same(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await at.first()
            sessions = Sessions(at.storage, at.clock)
            (session,) = await sessions.open_now("staff")
            held = streams.Streams(sessions, polls.Polls())

            async def read(_: Looked) -> Now:
                return {}

            async def may(_: Session, __: Looked) -> None:
                return

            def follow(account: str, number: int) -> streams.Place:
                theirs = msgspec.structs.replace(session, id=f"CS{account}{number}", account=account)
                looked = Looked(page="/texts", account=account, query=(("day", str(number)),))
                return held.enter(theirs, looked, read, may)

            places = [follow("AC1", number) for number in range(streams.LISTS_OF_ACCOUNT_MAX)]
            with pytest.raises(RefusedError):
                follow("AC1", streams.LISTS_OF_ACCOUNT_MAX)
            places += [follow("AC1", 0), follow("AC2", 0)]
            for place in places:
                held.leave(place)

    run(story())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_who_looks_after_them_no_stream_goes_on(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            async with heard(at, ada, await given(ada, "/queues")) as stream:
                await stream.next()

                async def broken(_: Any) -> None:
                    raise ZeroDivisionError

                at.may = broken
                await stream.end()

    run(story())


def test_a_stream_that_begins_as_the_last_one_ends_goes_on(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await at.first()
            sessions = Sessions(at.storage, at.clock)
            (session,) = await sessions.open_now("staff")
            held = streams.Streams(sessions, polls.Polls())

            async def read(_: Looked) -> Now:
                return {}

            async def may(_: Session, __: Looked) -> None:
                return

            what = session, Looked(page="/queues", account=""), read, may
            first = held.enter(*what)
            await asyncio.sleep(0.02)
            held.leave(first)
            again = held.enter(*what)
            await asyncio.sleep(0.05)
            assert not again.hearer.is_over
            held.leave(again)

    run(story())


def test_streams_are_bounded_and_a_place_that_is_left_is_free(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            held = []
            for _ in range(streams.OF_SESSION_MAX):
                held.append(heard(at, ada, await given(ada, "/queues")))
                assert (await held[-1].__aenter__()).status == 200
            async with heard(at, ada, await given(ada, "/queues")) as one_more:
                assert one_more.status == 429
            await held.pop().__aexit__(None, None, None)
            async with heard(at, ada, await given(ada, "/queues")) as stream:
                assert stream.status == 200
            for each in held:
                await each.__aexit__(None, None, None)
            going_on = [repr(task) for task in asyncio.all_tasks()]
            assert [each for each in going_on if "_look_after" in each or "Polls._run" in each] == []

    run(story())


def test_a_stream_ends_by_itself_and_says_meanwhile_that_it_lives(
    run: Any, stand: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LIFE_S", 0.1)
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.02)

    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            async with heard(at, ada, await given(ada, "/queues")) as stream:
                await stream.end()
                assert stream.raw.count(b": still here") >= 3

    run(story())


def test_tickets_are_for_pages_that_ask_and_say_so(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            ada = await at.first()
            assert (await ticket_for(ada, "/queues", following=False)).status_code == 400
            assert (await ticket_for(ada, f"/queues?x={'y' * 600}")).status_code == 400
            assert (await ticket_for(ada, "/nothing")).status_code == 404
            assert (await ada.ask("GET", "/live")).status_code == 400
            assert "data-version" not in (await ada.page("/queues?after=1|a|b|c")).text
            assert "data-version" not in (await ada.page("/tenants/AC" + "a" * 32)).text

    run(story())
