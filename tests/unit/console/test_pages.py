"""What every answer carries, and which host is which console."""

from typing import Any

import pytest

from ringfence.drills.staff_browser import Request


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/worker.js", "/assets/acts.js", "/healthz"])
def test_every_answer_runs_our_own_modules_alone(run: Any, stand: Any, path: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            headers = (await it.browser().ask("GET", path, signed=False)).headers
            policy = dict(each.strip().partition(" ")[::2] for each in headers["content-security-policy"].split(";"))
            assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
            assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
            assert policy["frame-src"] == "http://keys.localhost:8422"
            assert policy["require-trusted-types-for"] == "'script'"
            assert headers["cache-control"] == "no-store"

    run(scene())


def test_without_a_session_it_cannot_be_told_which_addresses_there_are(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            answers = [await it.browser().ask("GET", path, signed=False) for path in ("/staff", "/no/such/page")]
            assert [(each.status_code, each.content) for each in answers] == [
                (401, b'{"error":"Sign in first."}'),
                (401, b'{"error":"Sign in first."}'),
            ]

    run(scene())


@pytest.mark.parametrize("host", ["localhost:8421", "operator.localhost", "evil.example", ""])
def test_no_other_host_is_served(run: Any, stand: Any, host: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            sent = Request("GET", "http://operator.localhost:8421/sign-in", {"host": host})
            assert (await it.browser().send(sent)).status_code == 421

    run(scene())


def test_what_people_are_called_is_text(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first("<script>alert(1)</script>")
            text = (await ada.page("/staff")).text
            assert "<script>alert" not in text
            assert "&lt;script&gt;alert" in text

    run(scene())
