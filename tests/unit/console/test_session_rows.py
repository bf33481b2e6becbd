"""Sessions as they are kept: who is let by and why not, what is fresh, which are open, what ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringfence.console.request_signature import PublicJwk, SignedRequest
from ringfence.console.sessions import (
    FRESH_MS,
    IDLE_MS,
    Session,
    SessionRefusedError,
    Sessions,
    fresh,
    is_open,
)
from ringfence.console.storage import DATABASE, ConsoleStorage
from ringfence.domain.clock import ManualClock
from ringfence.domain.sid import is_sid, made_ms
from ringfence.drills.staff_browser import SessionKey

AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
TARGET = "https://console.example.com/texts"
KEY = SessionKey()
JWK = msgspec.convert(KEY.jwk, PublicJwk)


class Room:
    """Sessions over a database in a folder, on a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.storage = ConsoleStorage(folder / DATABASE)
        self.sessions = Sessions(self.storage, self.clock)

    async def opened(self, kind: Any = "member", person: str = "MB1", account: str = AC) -> tuple[Session, str]:
        session, cookie = self.sessions.new(kind, person, account, JWK)
        await self.sessions.keep(session, cookie)
        return session, cookie

    def request(self, **changes: str) -> SignedRequest:
        headers = KEY.headers("GET", TARGET, b"", self.clock.now_ms() // 1_000)
        came = {"signature_input": headers["signature-input"], "signature": headers["signature"]} | changes
        return SignedRequest(method="GET", target_uri=TARGET, body=b"", content_digest="", **came)

    async def refusal(self, kind: Any, cookie: str, request: SignedRequest) -> tuple[str, bool]:
        with pytest.raises(SessionRefusedError) as refused:
            await self.sessions.authenticate(kind, cookie, request)
        return str(refused.value), refused.value.harmless


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    made = Room(folder)
    await made.storage.open()
    try:
        yield made
    finally:
        await made.storage.close()


def test_a_new_session_is_of_its_moment_and_of_its_person(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            session, cookie = await it.opened()
            now_ms = it.clock.now_ms()
            assert is_sid(session.id, "CS")
            assert made_ms(session.id) == now_ms
            # 32 bytes: nobody guesses a cookie.
            assert len(cookie) == 43
            it.clock.advance(1_000)
            found = await it.sessions.authenticate("member", cookie, it.request())
            assert found == msgspec.structs.replace(session, seen_ms=now_ms + 1_000)
            assert (found.kind, found.person, found.account, found.public_jwk) == ("member", "MB1", AC, JWK)
            assert (found.made_ms, found.verified_ms) == (now_ms, now_ms)
            assert (found.actor, found.scope) == ("member:MB1", f"session:{session.id}")

    run(scene())


def test_only_what_browsers_send_by_themselves_is_refused_as_harmless(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            _, cookie = await it.opened()
            assert await it.refusal("member", "another", it.request()) == ("no session", True)
            assert await it.refusal("staff", cookie, it.request()) == ("no session", True)
            assert await it.refusal("member", cookie, it.request(signature="")) == ("unsigned", True)
            elsewhere = msgspec.structs.replace(it.request(), target_uri="https://console.example.com/keys")
            assert await it.refusal("member", cookie, elsewhere) == ("another signature", False)
            once = it.request()
            await it.sessions.authenticate("member", cookie, once)
            assert await it.refusal("member", cookie, once) == ("signed once, sent twice", False)
            it.clock.advance(IDLE_MS + 1)
            assert await it.refusal("member", cookie, it.request()) == ("ended", True)
            assert not SessionRefusedError("why").harmless

    run(scene())


def test_a_number_is_remembered_until_its_signature_is_too_old(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            _, cookie = await it.opened()
            once = it.request()
            await it.sessions.authenticate("member", cookie, once)
            it.clock.advance(30_000)
            assert await it.refusal("member", cookie, once) == ("signed once, sent twice", False)
            it.clock.advance(1_000)
            assert await it.refusal("member", cookie, once) == ("another time", False)
            kept = await it.storage.run(lambda db: db.execute("SELECT count(*) FROM used_nonce").fetchone()[0])
            assert kept == 1
            it.clock.advance(1_000)
            await it.sessions.authenticate("member", cookie, it.request())
            kept = await it.storage.run(lambda db: db.execute("SELECT count(*) FROM used_nonce").fetchone()[0])
            assert kept == 1

    run(scene())


def test_whoever_shows_a_passkey_is_fresh_for_five_minutes(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            session, cookie = await it.opened()
            other, _ = await it.opened(person="MB2")
            it.clock.advance(FRESH_MS)
            assert fresh(session, it.clock.now_ms())
            it.clock.advance(1)
            assert not fresh(session, it.clock.now_ms())
            assert not fresh(session, session.verified_ms - 1)
            await it.sessions.verified(session.id)
            found = await it.sessions.authenticate("member", cookie, it.request())
            assert found.verified_ms == it.clock.now_ms()
            assert fresh(found, it.clock.now_ms())
            (unchanged,) = await it.sessions.open_now("member", person="MB2")
            assert unchanged.verified_ms == other.verified_ms

    run(scene())


def test_open_sessions_are_listed_of_a_kind_an_account_and_a_person_the_latest_first(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            first, _ = await it.opened()
            it.clock.advance(1)
            second, _ = await it.opened(person="MB2")
            it.clock.advance(1)
            elsewhere, _ = await it.opened(person="MB3", account=OTHER)
            staff, _ = await it.opened("staff", "ST1", "")

            async def ids(kind: Any, **of: str) -> list[str]:
                return [each.id for each in await it.sessions.open_now(kind, **of)]

            assert await ids("member") == [elsewhere.id, second.id, first.id]
            assert await ids("member", account=AC) == [second.id, first.id]
            assert await ids("member", person="MB1") == [first.id]
            assert await ids("member", account=OTHER, person="MB1") == []
            assert await ids("staff") == [staff.id]
            assert (await it.sessions.open_now("member", person="MB1"))[0] == first
            it.clock.advance(IDLE_MS - 1)
            assert await ids("member") == [elsewhere.id, second.id]
            assert not await it.storage.run(lambda db: is_open(db, first.id))
            assert await it.storage.run(lambda db: is_open(db, second.id))

    run(scene())


def test_a_session_is_ended_by_its_kind_and_where_it_is_said_by_its_person(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            session, cookie = await it.opened()
            assert not await it.sessions.end("staff", session.id)
            assert not await it.sessions.end("member", session.id, person="MB2")
            await it.sessions.authenticate("member", cookie, it.request())
            assert await it.sessions.end("member", session.id, person="MB1")
            assert not await it.sessions.end("member", session.id)
            assert await it.refusal("member", cookie, it.request()) == ("no session", True)

    run(scene())


def test_a_session_whose_check_fails_is_not_opened(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            session, cookie = it.sessions.new("member", "MB1", AC, JWK)

            def removed(_: object) -> None:
                raise LookupError("removed meanwhile")

            with pytest.raises(LookupError):
                await it.sessions.keep(session, cookie, removed)
            assert await it.sessions.open_now("member") == []

    run(scene())
