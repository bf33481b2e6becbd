"""`ringfence up` with its real roles: first start, later starts, deaths of all kinds."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.self_check import self_check
from ringfence.roles.credentials import Credentials
from ringfence.roles.installation_lock import holder
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

pytestmark = pytest.mark.slow

SECRETS = ("auth_token", "api_key", "api_secret")


class Up:
    """One `ringfence up --json` on a free port."""

    def __init__(self, home: Path, environment: dict[str, str], *arguments: str) -> None:
        self.log = home / f"log-{time.monotonic_ns()}"
        self._log_file = self.log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ringfence", "up", "--json", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=self._log_file,
            text=True,
            cwd=home,
            env=environment,
        )

    def ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        found: dict[str, Any] = json.loads(line)
        return found

    def roles(self) -> dict[str, int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = {}
        for pid in children:
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
            if b"ringfence.roles" in words:
                found[words[words.index(b"ringfence.roles") + 1].decode()] = int(pid)
        return found

    def end(self) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log_file.close()
        return code


@pytest.fixture
def start(tmp_path: Path, surroundings: dict[str, str]) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def begin(*arguments: str) -> Up:
        started.append(Up(tmp_path, surroundings, *arguments))
        return started[-1]

    yield begin
    for up in started:
        up.end()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition: Callable[[], bool], limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def socket_count(pid: int) -> int:
    count = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        # One that was closed since it was listed is none.
        with contextlib.suppress(FileNotFoundError):
            count += str(path.readlink()).startswith("socket:")
    return count


def texts(ready: dict[str, Any], credentials: Credentials) -> None:
    """A text goes out and an answer comes back."""
    self_check(Settings(port=int(ready["base_url"].rpartition(":")[2])), credentials)


def credentials_of(ready: dict[str, Any]) -> Credentials:
    return Credentials(account_sid=ready["account_sid"], **{name: ready[name] for name in SECRETS})


def test_a_first_start_tells_everything_once_on_one_line_and_a_later_one_no_secret(
    start: Callable[..., Up], tmp_path: Path
) -> None:
    first = start()
    told = first.ready()
    assert set(told) == {"base_url", "account_sid", *SECRETS, "console_url", "operator_url", "phones_url"}
    assert all(told[name] for name in SECRETS)
    assert told["console_url"].startswith("http://console.localhost:")
    assert told["operator_url"].startswith("http://operator.localhost:")
    assert told["phones_url"] == f"{told['base_url']}/phones"
    texts(told, credentials_of(told))
    assert "console" not in first.roles()
    console = HTTPConnection("127.0.0.1", int(told["operator_url"].rpartition(":")[2]), timeout=30)
    console.request("GET", "/healthz", headers={"Host": told["operator_url"].partition("//")[2]})
    assert console.getresponse().status == 200
    assert "console" in first.roles()
    assert first.end() == 0

    second = start()
    later = second.ready()
    assert later["account_sid"] == told["account_sid"]
    assert [later[name] for name in SECRETS] == [None, None, None]
    texts(later, credentials_of(told))
    assert second.end() == 0
    for up in (first, second):
        logged = up.log.read_text()
        assert not [name for name in SECRETS if name != "api_key" and told[name] in logged]
    data = tmp_path / ".local/share/ringfence"
    files = [path for path in data.rglob("*") if path.is_file()]
    assert all(told["auth_token"].encode() not in path.read_bytes() for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in [data, *data.rglob("*")])


@pytest.mark.long
def test_people_see_where_things_are_and_a_note_on_secrets(ringfence_process, tmp_path: Path) -> None:
    done = ringfence_process("up", "--port", "0", "--once", "--check")
    assert done.returncode == 0, done.stderr
    assert "/phones  ← open this one" in done.stdout
    assert "shown once; kept 0600 in" in done.stdout
    assert re.search(r"\[([0-9]+)/\1\] self-check: a text goes out and comes back ✓", done.stderr)
    profile = tmp_path / ".config/ringfence/profiles/default.toml"
    later = ringfence_process("up", "--port", "0", "--once")
    assert f" Token    kept in {profile}\n" in later.stdout
    assert profile.stat().st_mode & 0o777 == 0o600


def test_it_stands_its_ground_whatever_happens_around_it(
    start: Callable[..., Up], ringfence_process, tmp_path: Path
) -> None:
    up = start("--clock", "2031-02-03T04:05Z")
    told = up.ready()
    pid, port = up.process.pid, told["base_url"].rpartition(":")[2]

    second = ringfence_process("up", "--port", "0")
    assert second.returncode == 1
    assert f"(pid {pid}) → stop it: kill {pid}" in second.stderr

    elsewhere = ringfence_process("up", "--port", port, "--data", str(tmp_path / "other"))
    assert elsewhere.returncode == 1
    assert f"port {port} busy (pid " in elsewhere.stderr
    assert "→ --port " in elsewhere.stderr
    assert holder(tmp_path / "other") is None

    client = InstallationClient(told["base_url"], told["account_sid"], told["auth_token"])
    sent = client.post("/Messages.json", To="+12025550177", From="+12025550123", Body="hello")
    assert sent["date_created"].startswith("Mon, 03 Feb 2031 04:0")
    until(lambda: client.get(f"/Messages/{sent['sid']}.json")["status"] == "delivered")
    assert client.get(f"/Messages/{sent['sid']}.json")["date_sent"].startswith("Mon, 03 Feb 2031 04:0")

    roles = up.roles()
    assert set(roles) == {"kms", "simulator", "dispatcher", "api", "media", "voice"}
    for role, killed in roles.items():
        os.kill(killed, signal.SIGKILL)
        until(lambda role=role, killed=killed: up.roles().get(role) not in (None, killed))
        until(lambda: it_texts(told))

    roles = up.roles()
    began = time.monotonic()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert not any(map(alive, roles.values()))


def it_texts(told: dict[str, Any]) -> bool:
    try:
        texts(told, credentials_of(told))
    except RefusalError:
        return False
    return True


def test_no_role_outlives_a_killed_supervisor_and_the_next_start_recovers(start: Callable[..., Up]) -> None:
    up = start()
    told = up.ready()
    roles = up.roles()
    up.process.kill()
    until(lambda: not any(map(alive, roles.values())), 3.0)
    again = start()
    texts(again.ready(), credentials_of(told))


def test_asked_to_stop_while_it_starts_it_leaves_nothing(start: Callable[..., Up], tmp_path: Path) -> None:
    up = start()
    until(lambda: bool(up.roles()))
    roles = up.roles()
    assert up.end() == 0
    assert not any(map(alive, roles.values()))
    assert holder(tmp_path / ".local/share/ringfence") is None


def test_production_says_what_it_lacks_and_makes_nothing(ringfence_process, tmp_path: Path) -> None:
    done = ringfence_process("up", "--port", "0", RINGFENCE_MODE="production", RINGFENCE_BASE_URL="https://sms.example")
    assert done.returncode == 1
    assert "production needs a carrier" in done.stderr
    assert not (tmp_path / ".local/share/ringfence").exists()


def test_several_api_processes_serve_one_port_and_one_may_die(tmp_path: Path, surroundings: dict[str, str]) -> None:
    up = Up(tmp_path, surroundings | {"RINGFENCE_API_PROCESSES": "2"})
    try:
        told = up.ready()
        credentials = credentials_of(told)
        port = int(told["base_url"].rpartition(":")[2])
        assert set(up.roles()) == {"kms", "simulator", "dispatcher", "api", "api-2", "media", "voice"}
        texts(told, credentials)
        before = up.roles()
        # The kernel deals a crowd out among them.
        sockets = {name: socket_count(before[name]) for name in ("api", "api-2")}
        with contextlib.ExitStack() as crowd:
            for _ in range(64):
                crowd.enter_context(socket.create_connection(("127.0.0.1", port)))
            until(lambda: all(socket_count(before[name]) > count + 4 for name, count in sockets.items()))
        # What one was left, any of them gives away.
        client = InstallationClient(told["base_url"], credentials.account_sid, credentials.auth_token)
        parcels = [client.leave_parcel(f"sealed-{number}") for number in range(8)]
        for number, parcel in enumerate(parcels):
            with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                connection.request("POST", f"/timeline/parcels/{parcel}")
                assert json.loads(connection.getresponse().read()) == {"sealed": f"sealed-{number}"}
        os.kill(before["api-2"], signal.SIGKILL)
        texts(told, credentials)
        until(lambda: up.roles().get("api-2") not in (None, before["api-2"]))
    finally:
        assert up.end() == 0
