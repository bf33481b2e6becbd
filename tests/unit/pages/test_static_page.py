"""A page's files: served under the policy, kept by the browser, and nothing beside them."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ringfence.pages.static_page import PAGE_HEADERS, StaticPage, headers_of_calls


@pytest.fixture
def page(tmp_path: Path) -> StaticPage:
    for name in ("index.html", "app.js", "look.css", "icon.svg", "notes.txt", "secret.py"):
        (tmp_path / name).write_text(name)
    return StaticPage(tmp_path)


def asked(page: StaticPage, *name: str, tag: str = "") -> Response:
    headers = [(b"if-none-match", tag.encode())] if tag else []
    return page.answer(Request({"type": "http", "method": "GET", "headers": headers}), *name)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("look.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_comes_with_its_type_under_the_policy(page: StaticPage, name: str, media_type: str) -> None:
    answer = asked(page, name)
    assert (answer.status_code, answer.body, answer.headers["content-type"]) == (200, name.encode(), media_type)
    assert PAGE_HEADERS.items() <= dict(answer.headers).items()


def test_files_below_are_named_with_their_folder(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("index.html", "deep/one.js", "deep/er/two.js", "deep/secret.py"):
        (tmp_path / name).write_text(name)
    page = StaticPage(tmp_path)
    assert page.files.keys() == {"index.html", "deep/one.js", "deep/er/two.js"}
    assert asked(page, "deep/er/two.js").body == b"deep/er/two.js"
    assert asked(page, "two.js").status_code == asked(page, "deep").status_code == 404


def test_a_page_that_calls_may_open_its_sockets_and_the_microphone_alone() -> None:
    headers = headers_of_calls(["ws://localhost:5066"])
    assert "connect-src 'self' ws://localhost:5066;" in headers["content-security-policy"]
    assert headers["permissions-policy"] == "camera=(), geolocation=(), microphone=(self)"
    same = {name for name, value in PAGE_HEADERS.items() if headers[name] == value}
    assert PAGE_HEADERS.keys() - same == {"content-security-policy", "permissions-policy"}


def test_the_index_is_the_page_itself(page: StaticPage) -> None:
    assert asked(page).body == b"index.html"


def test_what_the_browser_has_is_not_sent_again(page: StaticPage) -> None:
    tag = asked(page, "app.js").headers["etag"]
    again = asked(page, "app.js", tag=tag)
    assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", tag)
    assert asked(page, "look.css", tag=tag).status_code == 200


@pytest.mark.parametrize("name", ["notes.txt", "secret.py", "none.js", "../app.js", ""])
def test_nothing_else_is_there(page: StaticPage, name: str) -> None:
    answer = asked(page, name)
    assert (answer.status_code, answer.headers["content-security-policy"]) == (
        404,
        PAGE_HEADERS["content-security-policy"],
    )
