"""The authenticator's server: who may ask for what, and how long a recovery waits."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "authenticator"))

from server.app import Application
from server.directory import Directory, hashed

EXAMPLE = Path(__file__).parents[2] / "examples" / "authenticator"
ADA, OTHER = "A" * 24, "B" * 24
DELAY_MS = 1_000


class Client:
    """Asks the application as a device with a token would."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.now_ms = 0
        self.headers: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: Any = None, token: str = "", raw: bytes | None = None
    ) -> tuple[int, Any]:
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            "HTTP_AUTHORIZATION": f"Bearer {token}",
        }
        answered: list[Any] = []
        parts = self._application(environ, lambda status, headers: answered.extend([status, headers]))
        self.headers = dict(answered[1])
        answer = b"".join(parts)
        is_json = self.headers["Content-Type"] == "application/json"
        return int(answered[0].split()[0]), json.loads(answer) if is_json else answer

    def account(
        self, method: str, path: str, body: Any = None, token: str = "ada", account: str = ADA
    ) -> tuple[int, Any]:
        return self.ask(method, f"/api/accounts/{account}{path}", body, token)


def entry(seq: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "entry": {"body": json.dumps({"seq": seq, "kind": kind, **fields}), "signature": ""}}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    directory = Directory(str(tmp_path / "kept.db"), lambda: client.now_ms, DELAY_MS)
    client = Client(Application(directory))
    for account, token in ((ADA, "ada"), (OTHER, "bob")):
        body = {"account": account, "device": token, "token_hash": hashed(token.encode()), **entry(0, "first")}
        assert client.ask("POST", "/api/accounts", body) == (200, {})
    yield client
    directory.close()


def join(client: Client, token: str = "new") -> str:
    body = {"name": "Tablet", "commitment": "c", "token_hash": hashed(token.encode())}
    status, answer = client.account("POST", "/joins", body)
    assert status == 200
    return str(answer["id"])


def back_up(client: Client, number: int = 1) -> tuple[int, Any]:
    proof_hash = hashed(b"proof")
    body = {"number": number, "head": {"salt": "s"}, "proof_hash": proof_hash, "envelope": f"sealed {number}"}
    return client.account("PUT", "/backup", body)


def recover(client: Client, proof: str = "cHJvb2Y", token: str = "paper") -> tuple[int, Any]:
    body = {"device": "P", "name": "New", "proof": proof, "token_hash": hashed(token.encode())}
    return client.account("POST", "/recoveries", body)


MEMBERS_ONLY = [
    ("GET", "/list", None),
    ("PUT", "/list", {"record": {"version": 1}}),
    ("PUT", "/backup", {"number": 1, "head": {}, "proof_hash": "", "envelope": ""}),
    ("GET", "/recoveries", None),
    ("DELETE", "/recoveries/1", None),
    ("PUT", "/joins/1/answer", {"answer": {}}),
    ("POST", "/log", entry(1, "cancel", announced=0)),
]
ANYBODY_KNOWN = [("GET", "/log", None), ("GET", "/joins", None), ("GET", "/backup", None)]


@pytest.mark.parametrize(("method", "path", "body"), MEMBERS_ONLY + ANYBODY_KNOWN)
@pytest.mark.parametrize("token", ["", "bob", "nobody"])
def test_a_stranger_gets_nothing(client: Client, method: str, path: str, body: Any, token: str) -> None:
    status, answer = client.account(method, path, body, token)
    assert (status, answer["code"]) == (401, "token")


@pytest.mark.parametrize(("method", "path", "body"), MEMBERS_ONLY)
def test_a_device_that_only_asks_gets_nothing_of_the_account(client: Client, method: str, path: str, body: Any) -> None:
    join(client)
    status, answer = client.account(method, path, body, "new")
    assert (status, answer["code"]) == (403, "role")


def test_a_device_that_asks_sees_the_log_and_its_own_request_alone(client: Client) -> None:
    first, second = join(client, "one"), join(client, "two")
    assert [each["id"] for each in client.account("GET", "/joins", token="one")[1]["joins"]] == [first]
    assert {each["id"] for each in client.account("GET", "/joins")[1]["joins"]} == {first, second}
    assert len(client.account("GET", "/log", token="one")[1]["entries"]) == 1
    assert client.account("PUT", f"/joins/{second}/reveal", {"reveal": {"device": {"id": "N"}}}, "one")[0] == 403
    assert client.account("DELETE", f"/joins/{second}", token="one")[0] == 403


def test_three_devices_ask_at_once_and_a_fourth_after_an_hour(client: Client) -> None:
    for token in ("one", "two", "three"):
        join(client, token)
    body = {"name": "Tablet", "commitment": "c", "token_hash": "h"}
    assert client.account("POST", "/joins", body)[0] == 429
    client.now_ms = 3_600_000
    assert client.account("POST", "/joins", body)[0] == 200
    assert client.account("GET", "/joins", token="one")[0] == 401


def test_nobody_joins_an_account_that_is_not_there(client: Client) -> None:
    body = {"name": "Tablet", "commitment": "c", "token_hash": "h"}
    assert client.account("POST", "/joins", body, account="C" * 24)[0] == 404


def admitted(client: Client) -> None:
    asked = join(client)
    client.account("PUT", f"/joins/{asked}/answer", {"answer": {"a": 1}})
    client.account("PUT", f"/joins/{asked}/reveal", {"reveal": {"device": {"id": "N"}}}, "new")
    assert client.account("POST", "/log", entry(1, "announce", device={"id": "N"})) == (200, {})
    assert client.account("GET", "/list", token="new")[0] == 403
    assert client.account("POST", "/log", entry(2, "admit", announced=1)) == (200, {})


def test_an_admitted_device_is_a_member_and_a_removed_one_is_nobody(client: Client) -> None:
    admitted(client)
    assert client.account("GET", "/list", token="new") == (200, {"record": None})
    assert client.account("GET", "/joins")[1] == {"joins": []}
    assert client.account("POST", "/log", entry(3, "remove", device="N")) == (200, {})
    assert client.account("GET", "/log", token="new")[0] == 401


def test_a_canceled_device_is_nobody(client: Client) -> None:
    asked = join(client)
    client.account("PUT", f"/joins/{asked}/reveal", {"reveal": {"device": {"id": "N"}}}, "new")
    client.account("POST", "/log", entry(1, "announce", device={"id": "N"}))
    assert client.account("POST", "/log", entry(2, "cancel", announced=1)) == (200, {})
    assert client.account("GET", "/log", token="new")[0] == 401
    assert client.account("GET", "/joins")[1] == {"joins": []}


def test_the_log_grows_at_its_end_only(client: Client) -> None:
    assert client.account("POST", "/log", entry(0, "recovery"))[0] == 409
    assert client.account("POST", "/log", entry(2, "recovery"))[0] == 409
    assert client.account("POST", "/log", entry(1, "recovery"))[0] == 200
    assert len(client.account("GET", "/log")[1]["entries"]) == 2
    body = {"account": ADA, "device": "x", "token_hash": "x", **entry(0, "first")}
    assert client.ask("POST", "/api/accounts", body)[0] == 409


def test_a_list_is_written_by_whoever_saw_the_last_one(client: Client) -> None:
    assert client.account("PUT", "/list", {"record": {"version": 1, "sealed": "one"}})[0] == 200
    assert client.account("PUT", "/list", {"record": {"version": 1, "sealed": "two"}})[0] == 409
    assert client.account("PUT", "/list", {"record": {"version": 3, "sealed": "two"}})[0] == 409
    assert client.account("GET", "/list")[1]["record"]["sealed"] == "one"


def test_a_backup_is_given_out_when_its_time_has_come(client: Client) -> None:
    assert back_up(client)[0] == 200
    assert back_up(client)[0] == 409
    assert client.account("GET", "/backup/head", token="") == (200, {"salt": "s"})
    status, asked = recover(client)
    assert (status, asked["release_ms"]) == (200, DELAY_MS)
    [seen] = client.account("GET", "/recoveries")[1]["recoveries"]
    assert (seen["id"], seen["name"], seen["release_ms"]) == (asked["id"], "New", DELAY_MS)
    client.now_ms = DELAY_MS - 1
    for method, path, body in (("GET", "/backup", None), ("POST", "/log", entry(1, "recover", device={"id": "P"}))):
        status, answer = client.account(method, path, body, "paper")
        assert (status, answer["code"]) == (403, "wait")
    client.now_ms = DELAY_MS
    assert client.account("GET", "/backup", token="paper") == (200, {"envelope": "sealed 1"})
    assert client.account("POST", "/log", entry(1, "recover", device={"id": "Q"}), "paper")[0] == 403
    assert client.account("POST", "/log", entry(1, "recover", device={"id": "P"}), "paper")[0] == 200
    assert client.account("GET", "/list", token="paper")[0] == 200
    assert client.account("GET", "/recoveries")[1] == {"recoveries": []}


def test_a_stopped_recovery_gets_nothing(client: Client) -> None:
    back_up(client)
    _, asked = recover(client)
    assert client.account("DELETE", f"/recoveries/{asked['id']}")[0] == 200
    client.now_ms = DELAY_MS
    assert client.account("GET", "/backup", token="paper")[0] == 401


@pytest.mark.parametrize("proof", ["", "cHJvb3M", "not base64 ü", "cHJvb2YA"])
def test_a_wrong_proof_is_told_and_counted(client: Client, proof: str) -> None:
    back_up(client)
    for _ in range(5):
        assert recover(client, proof)[1]["code"] == "passphrase"
    assert recover(client)[0] == 429
    client.now_ms = 3_600_000
    assert recover(client)[0] == 200


def test_an_account_without_a_backup_is_as_one_with_another_passphrase(client: Client) -> None:
    assert recover(client)[1]["code"] == "passphrase"
    assert client.account("GET", "/backup/head", token="")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "raw", "status"),
    [
        ("POST", "/api/accounts", b"{", 400),
        ("POST", "/api/accounts", b"[]", 400),
        ("POST", "/api/accounts", b'{"account": "short"}', 400),
        ("POST", f"/api/accounts/{ADA}/log", b'{"seq": 1, "entry": {"body": "{", "signature": ""}}', 400),
        ("POST", f"/api/accounts/{ADA}/log", b'{"seq": 1, "entry": {"body": "[]", "signature": ""}}', 400),
        ("POST", f"/api/accounts/{ADA}/log", b'{"seq": "1"}', 400),
        ("PUT", f"/api/accounts/{ADA}/list", b'{"record": {}}', 400),
        ("PUT", f"/api/accounts/{ADA}/list", b"x" * 1_048_577, 413),
        ("GET", "/api/accounts", b"", 404),
        ("GET", "/api/elsewhere", b"", 404),
        ("GET", f"/api/accounts/{ADA}/nothing", b"", 404),
        ("PATCH", f"/api/accounts/{ADA}/log", b"", 404),
    ],
)
def test_what_cannot_be_read_is_refused(client: Client, method: str, path: str, raw: bytes, status: int) -> None:
    assert client.ask(method, path, token="ada", raw=raw)[0] == status


@pytest.mark.parametrize("path", ["/../server/app.py", "/server/app.py", "/%2e%2e/README.md", "/otp", "/README.md"])
def test_only_the_apps_own_files_are_served(client: Client, path: str) -> None:
    assert client.ask("GET", path)[0] == 404


def test_the_app_comes_with_its_policy(client: Client) -> None:
    status, page = client.ask("GET", "/")
    assert status == 200
    assert b"<title>Authenticator</title>" in page
    policy = client.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert client.ask("HEAD", "/app.js") == (200, b"")
    assert client.ask("POST", "/app.js")[0] == 404


def test_of_tokens_and_proofs_only_hashes_are_kept(client: Client, tmp_path: Path) -> None:
    back_up(client)
    recover(client)
    kept = (tmp_path / "kept.db").read_bytes()
    assert b"proof" not in kept.replace(b"proof_hash", b"").replace(b"wrong_proof", b"")
    assert b"paper" not in kept


def test_a_service_without_its_account_is_refused_by_the_names_that_are_missing(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "VERIFY_"))}
    given = {"PORT": "0", "AUTHENTICATOR_DATABASE": str(tmp_path / "kept.db"), "VERIFY_SERVICE_SID": "VA1"}
    refused = subprocess.run(
        [sys.executable, "-m", "server"],
        cwd=EXAMPLE,
        env=environment | given | {"TWILIO_AUTH_TOKEN": "secret"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == ["approvals need TWILIO_ACCOUNT_SID beside VERIFY_SERVICE_SID"]


def test_it_starts_as_its_readme_says(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VERIFY_SERVICE_SID"}
    server = subprocess.Popen(
        [sys.executable, "-m", "server"],
        cwd=EXAMPLE,
        env=environment | {"PORT": "0", "AUTHENTICATOR_DATABASE": str(tmp_path / "kept.db")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        assert requests.get(url, timeout=10).text.startswith("<!doctype html>")
        asked = requests.post(f"{url}/api/accounts/{ADA}/joins", json={}, timeout=10)
        assert (asked.status_code, asked.json()["code"]) == (400, "malformed")
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()
