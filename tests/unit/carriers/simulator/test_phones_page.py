"""The page's files, and the policy they are served under."""

import asyncio
import json
import posixpath
import re

import pytest
from starlette.requests import Request

from ringfence.carriers.simulator.calling import Calling, no_calls
from ringfence.carriers.simulator.control import Control
from ringfence.carriers.simulator.network import Network
from ringfence.carriers.simulator.phones_page import phones_page
from ringfence.domain.clock import SystemClock


def test_every_file_is_served_under_the_strict_policy(wire) -> None:
    for path in ["/phones", "/phones/", *(f"/phones/{name}" for name in phones_page().files)]:
        answer = wire.call("GET", path)
        assert answer.status == 200, path
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert policy["trusted-types"] == "'none'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def asked(host: str) -> Request:
    return Request({"type": "http", "method": "GET", "headers": [(b"host", host.encode())]})


@pytest.mark.parametrize(
    ("host", "socket"), [("localhost:8420", "ws://localhost:5066"), ("[::1]:8420", "ws://[::1]:5066")]
)
def test_the_page_may_open_the_websocket_of_calls_under_its_own_host(host: str, socket: str) -> None:
    headers = phones_page(lambda: Calling(port=5066)).answer(asked(host)).headers
    assert f"connect-src 'self' {socket};" in headers["content-security-policy"]
    assert "microphone=(self)" in headers["permissions-policy"]


def test_calls_are_told_with_the_reason_where_there_are_none() -> None:
    def told(calling: Calling) -> dict[str, object]:
        control = Control(Network(SystemClock()), asyncio.Event(), lambda: calling)
        return json.loads(asyncio.run(control.show_calling(asked("localhost"))).body)

    assert told(Calling(port=5067, secure=True)) == {"port": 5067, "secure": True, "reason": None}
    assert told(no_calls()) == {
        "port": None,
        "secure": False,
        "reason": "Calls are not running on this installation.",
    }


def test_a_file_that_has_not_changed_is_not_sent_again(wire) -> None:
    first = wire.call("GET", "/phones/app.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["cache-control"] == "no-cache"
    again = wire.call("GET", "/phones/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_nothing_else_is_served(wire) -> None:
    for path in ("/phones/nothing.js", "/phones/..%2fcontrol.py", "/phones/%2e%2e/control.py", "/phones/a/b"):
        assert wire.call("GET", path).status == 404


def test_no_file_holds_inline_code_or_builds_markup() -> None:
    files = phones_page().files
    assert {"index.html", "app.js", "tokens.css", "icon.svg"} <= files.keys()
    for name, file in files.items():
        text = file.decode()
        if name.endswith(".html"):
            assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", text)
        if name.endswith(".js"):
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
            ), name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)[a-z]+\.[a-z]", text), f"{name} names another site"


def test_every_module_and_style_that_is_named_exists() -> None:
    files = phones_page().files
    named = set(re.findall(r'(?:href|src)="/phones/([^"]+)"', files["index.html"].decode()))
    for name, file in files.items():
        if name.endswith(".js"):
            for path in re.findall(r'from "(\.[^"]+)"', file.decode()):
                named.add(posixpath.normpath(posixpath.join(posixpath.dirname(name), path)))
    assert named <= files.keys()
    assert files.keys() - named == {"index.html"}
