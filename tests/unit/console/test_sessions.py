"""Sessions: a cookie alone is nothing, a signed request serves once, and idleness ends them."""

import re
from typing import Any

import pytest

from ringfence.console.sessions import IDLE_MS, LIFE_MS
from ringfence.drills.staff_browser import Request, SessionKey
from software_authenticator import UP, Wrong


def test_a_request_of_the_sessions_browser_is_let_by_once(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            assert (await ada.page("/")).status_code == 200
            assert (await ada.send(ada.sent[-1])).status_code == 401
            assert (await ada.page("/")).status_code == 200

    run(scene())


def test_a_copied_cookie_is_refused_without_the_key_and_with_another(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            thief = it.browser()
            thief.cookie = ada.cookie
            assert (await thief.ask("GET", "/", signed=False)).status_code == 401
            assert (await thief.ask("GET", "/")).status_code == 401
            pretending = SessionKey()
            pretending.id = ada.key.id
            thief.key = pretending
            assert (await thief.ask("GET", "/")).status_code == 401

    run(scene())


@pytest.mark.parametrize("change", ["path", "query", "method", "body", "time", "key", "host"])
def test_a_signature_holds_for_its_own_request_alone(run: Any, stand: Any, change: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            name = b'{"name": "Bob", "roles": ["support"]}'
            target, method, body, host = f"{ada.origin}/staff/invitations", "POST", name, "operator.localhost:8421"
            created_s = it.clock.now_ms() // 1_000
            headers = ada.key.headers(method, target, body, created_s)
            if change == "path":
                target = f"{ada.origin}/passkeys/options"
            elif change == "query":
                target += "?a=1"
            elif change == "method":
                method = "PUT"
            elif change == "body":
                body = b'{"name": "Eve", "roles": ["support"]}'
            elif change == "time":
                headers = ada.key.headers(method, target, body, created_s - 31)
            elif change == "key":
                headers = ada.key.headers(method, target, body, created_s, key_id=SessionKey().id)
            else:
                host = "console.localhost:8421"
            headers |= {"host": host, "cookie": ada.cookie, "content-type": "application/json"}
            answer = await ada.send(Request(method, target, headers, body))
            assert answer.status_code in (401, 404)
            assert await it.terminal.invitations() == []

    run(scene())


@pytest.mark.parametrize("part", ["signature", "signature-input", "content-digest"])
def test_a_signature_with_a_part_missing_is_none(run: Any, stand: Any, part: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            target, body = f"{ada.origin}/staff/invitations", b'{"name": "Bob", "roles": ["support"]}'
            headers = ada.key.headers("POST", target, body, it.clock.now_ms() // 1_000)
            del headers[part]
            headers |= {"host": "operator.localhost:8421", "cookie": ada.cookie}
            assert (await ada.send(Request("POST", target, headers, body))).status_code == 401

    run(scene())


def test_whoever_is_not_let_by_is_told_the_time_so_that_a_browser_can_sign_anew(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            refused = await it.browser().ask("GET", "/staff", signed=False)
            assert refused.headers["ringfence-now"] == str(it.clock.now_ms())

    run(scene())


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_nothing_is_changed_by_what_a_form_of_another_site_can_send(run: Any, stand: Any, kind: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            target, body = f"{ada.origin}/staff/invitations", b'{"name": "Mallory", "roles": ["support"]}'
            headers = ada.key.headers("POST", target, body, it.clock.now_ms() // 1_000)
            headers |= {"host": "operator.localhost:8421", "cookie": ada.cookie, "content-type": kind}
            assert (await ada.send(Request("POST", target, headers, body))).status_code == 415
            assert await it.terminal.invitations() == []

    run(scene())


def test_a_body_must_be_signed_too(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            target = f"{ada.origin}/staff/invitations"
            headers = ada.key.headers("POST", target, b"", it.clock.now_ms() // 1_000)
            headers |= {"host": "operator.localhost:8421", "cookie": ada.cookie}
            sent = Request("POST", target, headers, b'{"name": "Bob", "roles": ["support"]}')
            assert (await ada.send(sent)).status_code == 401

    run(scene())


def test_a_session_ends_after_15_minutes_without_a_request_and_after_half_a_day(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            it.clock.advance(IDLE_MS)
            assert (await ada.page("/")).status_code == 200
            it.clock.advance(IDLE_MS + 1)
            assert (await ada.page("/")).status_code == 401
            await ada.sign_in()
            for _ in range(LIFE_MS // IDLE_MS):
                it.clock.advance(IDLE_MS)
                assert (await ada.page("/")).status_code == 200
            it.clock.advance(1)
            assert (await ada.page("/")).status_code == 401

    run(scene())


def test_sessions_are_listed_and_any_can_be_ended(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            elsewhere = it.browser(ada.authenticator)
            await elsewhere.sign_in()
            listed = set(re.findall(r"CS[0-9a-f]{32}", (await ada.page("/sessions")).text))
            assert len(listed) == 2
            ended = re.search(r"/sessions/(CS\w+)/end", (await ada.page("/sessions")).text)
            assert ended is not None
            assert (await ada.ask("POST", f"/sessions/{ended[1]}/end")).status_code == 200
            assert (await elsewhere.page("/")).status_code == 401
            assert (await ada.ask("POST", "/sign-out")).status_code == 200
            assert (await ada.page("/")).status_code == 401

    run(scene())


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(origin="http://operator.localhost.evil.example"),
        Wrong(origin="http://console.localhost:8421"),
        Wrong(rp_id="localhost"),
        Wrong(flags=UP),
        Wrong(challenge=bytes(32)),
        Wrong(signature=lambda signature: signature[:-1] + bytes([signature[-1] ^ 1])),
        Wrong(sign_count=1),
    ],
    ids=["origin", "other console", "rp id", "no user verification", "challenge", "signature", "copied"],
)
def test_no_answer_of_another_page_or_key_signs_in(run: Any, stand: Any, wrong: Wrong) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            assert (await ada.sign_in(wrong)).status_code == 401
            assert ada.cookie == ""
            assert (await ada.sign_in()).status_code == 200

    run(scene())


def test_an_answer_serves_once(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            await ada.sign_in()
            assert (await ada.send(ada.sent[-1])).status_code == 401

    run(scene())


def test_other_origins_and_forms_begin_no_sign_in(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            browser = it.browser()
            target = f"{browser.origin}/sign-in/options"
            host = {"host": "operator.localhost:8421"}
            for headers in (
                {"origin": "http://evil.example"},
                {"origin": browser.origin, "content-type": "text/plain"},
            ):
                sent = Request("POST", target, host | headers, b"{}")
                assert (await browser.send(sent)).status_code in (403, 415)

    run(scene())


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), ("cross-site", 401), ("same-site", 401)]
)
def test_what_comes_round_the_worker_from_another_site_is_let_by_as_little_as_without_a_session(
    run: Any, stand: Any, site: str, status: int
) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            headers = {"host": "operator.localhost:8421", "cookie": ada.cookie, "sec-fetch-site": site}
            target = f"{ada.origin}/tenants"
            headers |= ada.key.headers("GET", target, b"", it.clock.now_ms() // 1_000)
            assert (await ada.send(Request("GET", target, headers))).status_code == status

    run(scene())
