"""What the key origin answers, and under which policies."""

import asyncio
import hashlib
import json
import posixpath
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ringfence.domain.base64url import decode_base64url
from ringfence.key_origin.app import create_key_origin
from ringfence.key_origin.bundle_files import bundle_files, bundle_hash

CONSOLE, OPERATOR = "https://console.example.com", "https://operator.example.com"
KEEPER = bytes(range(32))


class Answer(NamedTuple):
    status_code: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Asker:
    """Asks the app as a server would, without one."""

    def __init__(self) -> None:
        self._app = create_key_origin([CONSOLE, OPERATOR], CONSOLE, grant_keeper=lambda: KEEPER)

    def get(self, path: str, method: str = "GET") -> Answer:
        told: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
        asyncio.run(self._app(scope, receive, send))  # type: ignore[arg-type]
        headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        return Answer(told[0]["status"], headers, b"".join(part.get("body", b"") for part in told[1:]))


@pytest.fixture
def client() -> Asker:
    return Asker()


def directives(policy: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


def test_a_console_frames_a_page_that_connects_to_nobody_else(client: Asker) -> None:
    answer = client.get("/frame")
    policy = directives(answer.headers["content-security-policy"])
    assert policy["frame-ancestors"] == f"{CONSOLE} {OPERATOR}"
    assert policy["default-src"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    # Recordings that were opened in the page, and none from anywhere else.
    assert policy["media-src"] == "blob:"
    assert policy["require-trusted-types-for"] == "'script'"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_of_a_link_is_framed_by_nobody_and_connects_to_the_console(client: Asker) -> None:
    policy = directives(client.get("/enrol").headers["content-security-policy"])
    assert (policy["frame-ancestors"], policy["connect-src"]) == ("'none'", f"'self' {CONSOLE}")
    assert client.get("/installation.json").json()["console"] == CONSOLE


def test_the_frame_learns_the_key_services_key_from_its_own_origin_and_from_no_console(client: Asker) -> None:
    answer = client.get("/installation.json")
    assert decode_base64url(answer.json()["grant_keeper"]) == KEEPER
    assert answer.headers["cache-control"] == "no-cache"
    granting = bundle_files()["granting.js"].decode()
    assert "if (named !== undefined) throw new Refused" in granting
    assert "sealGrant(grant, keys, keeper)" in granting
    assert "const keeper = await grantKeeper();" in granting


def test_the_bundle_is_all_there_is_and_sets_no_cookie(client: Asker) -> None:
    files = bundle_files()
    for name, content in files.items():
        answer = client.get(f"/bundle/{name}")
        assert answer.content == content
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
    assert {answer.status_code for answer in map(client.get, ("/", "/bundle/", "/bundle/../app.py", "/frame/x"))} == {
        404
    }
    assert client.get("/frame", "POST").status_code == 405


def test_every_module_that_one_imports_is_in_the_bundle() -> None:
    files = bundle_files()
    for name, content in files.items():
        for line in content.decode().splitlines():
            if line.startswith(("import ", "export *")):
                path = line.rpartition('"')[0].rpartition('"')[2]
                assert posixpath.normpath(f"{posixpath.dirname(name)}/{path}").lstrip("/") in files, (name, path)


def test_no_module_makes_markup_of_text_or_says_a_thing_to_a_log() -> None:
    for name, content in bundle_files().items():
        if name.endswith(".js"):
            for word in (b"innerHTML", b"outerHTML", b"insertAdjacent", b"document.write", b"eval(", b"console.log"):
                assert word not in content, (name, word)


def test_the_hash_is_what_sha256sum_makes_of_the_files(tmp_path: Path, client: Asker) -> None:
    files = bundle_files()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    told = subprocess.run(["sha256sum", *sorted(files)], cwd=tmp_path, capture_output=True, check=True).stdout
    assert bundle_hash(files) == hashlib.sha256(told).hexdigest() == client.get("/installation.json").json()["bundle"]


def test_one_changed_byte_is_another_hash() -> None:
    files = dict(bundle_files())
    before = bundle_hash(files)
    files["frame.js"] += b" "
    assert bundle_hash(files) != before
    del files["frame.js"]
    assert bundle_hash(files) != before
