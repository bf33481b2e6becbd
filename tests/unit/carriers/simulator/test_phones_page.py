"""The page's files, and the policy they are served under."""

import re

from ringfence.carriers.simulator.phones_page import phones_page


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
            named |= set(re.findall(r'from "\./([^"]+)"', file.decode()))
    assert named <= files.keys()
    assert files.keys() - named == {"index.html"}
