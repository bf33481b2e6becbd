"""Groups of processes on one database, as machines have them, and a program that is told what became of its texts."""

import base64
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.waiting_server import WaitingServer

LIMIT_S = 60


class Group:
    """`ringfence up`, or single roles, in a data folder of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.data = folder / "data"
        self.log = folder / "log"
        folder.mkdir()
        self._folder = folder
        self._environment = environment | {"RINGFENCE_DATA_DIR": str(self.data)}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self.url = ""

    def up(self) -> dict[str, Any]:
        """Start all roles under a supervisor; what it says when all serves."""
        process = self._begin("up", "up", "--json", "--port", "0")
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, self.log.read_text()[-3000:]
        told: dict[str, Any] = json.loads(line)
        self.url = told["base_url"]
        return told

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the running installation to its end."""
        return subprocess.run(
            [sys.executable, "-m", "ringfence", *arguments, "--port", self.url.rpartition(":")[2]],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )

    def role(self, name: str, *arguments: str) -> int:
        """Start one role alone; its process id."""
        return self._begin(name, "role", name, *arguments).pid

    def api(self, port: int) -> None:
        """Start the api alone, until it takes texts."""
        self.role("api", "--port", str(port))
        self.url = f"http://localhost:{port}"
        self.until(self.ready)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def roles(self) -> dict[str, int]:
        """The processes of a supervisor, by role."""
        pid = self._processes["up"].pid
        found = {}
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            try:
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
            if b"ringfence.roles" in words:
                found[words[words.index(b"ringfence.roles") + 1].decode()] = int(child)
        return found

    def handset(self, number: str) -> None:
        """Add a simulated phone."""
        body = json.dumps({"number": number}).encode()
        request = urllib.request.Request(f"{self.url}/simulator/handsets", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def arrived(self, number: str) -> list[tuple[str, str]]:
        """(sender, body) of the texts on a simulated phone, oldest first."""
        with urllib.request.urlopen(f"{self.url}/simulator/handsets/{number}/messages", timeout=10) as answer:
            texts = json.load(answer)["messages"]
        return [(text["from"], text["body"]) for text in texts if text["direction"] == "outbound"]

    def until(self, condition: Callable[[], bool], limit_s: float = LIMIT_S) -> float:
        """Wait for it; after how many seconds it came about."""
        start = time.monotonic()
        while not condition():
            took_s = time.monotonic() - start
            assert took_s < limit_s, f"it did not come about in {limit_s} s\n{self.log.read_text()[-3000:]}"
            time.sleep(0.02)
        return time.monotonic() - start

    def kill(self, name: str) -> None:
        """SIGKILL for what was started under this name."""
        self._processes[name].kill()
        self._processes[name].wait()

    def stop(self, name: str) -> None:
        """SIGTERM for what was started under this name, until it has ended."""
        self._processes[name].send_signal(signal.SIGTERM)
        self._processes[name].wait(20)

    def end(self) -> None:
        for process in reversed(self._processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
            if process.stdout is not None:
                process.stdout.close()

    def _begin(self, name: str, *arguments: str) -> "subprocess.Popen[str]":
        with self.log.open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "ringfence", *arguments],
                cwd=self._folder,
                env=self._environment,
                stdout=subprocess.PIPE if name == "up" else log,
                stderr=log,
                text=True,
            )
        return self._processes[name]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    """Make a group of processes by name; keyword arguments are settings."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "XDG_"))}
    made: list[Group] = []

    def make(name: str, **settings: str) -> Group:
        chosen = {f"RINGFENCE_{key.upper()}": value for key, value in settings.items()}
        made.append(Group(tmp_path / name, plain | {"HOME": str(tmp_path / name)} | chosen))
        return made[-1]

    yield make
    for one in reversed(made):
        one.end()


class Account:
    """A tenant that texts, over whichever api it is given."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.sid: str = told["account_sid"]
        self._basic = base64.b64encode(f"{self.sid}:{told['auth_token']}".encode()).decode()

    def post(self, url: str, path: str, **form: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{url}/2010-04-01/Accounts/{self.sid}/{path}.json",
            urllib.parse.urlencode(form).encode(),
            {"Authorization": f"Basic {self._basic}"},
        )
        with urllib.request.urlopen(request, timeout=35) as answer:
            return dict(json.load(answer))

    def text(self, url: str, sender: str, to: str, body: str, callback: str = "") -> str:
        """Send one text; its sid."""
        more = {"StatusCallback": callback} if callback else {}
        return str(self.post(url, "Messages", From=sender, To=to, Body=body, **more)["sid"])


class Callbacks:
    """A web server that notes the status callbacks of each text in the order they come."""

    def __init__(self) -> None:
        self.told: dict[str, list[str]] = defaultdict(list)
        notes: queue.SimpleQueue[None] = queue.SimpleQueue()
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                told[form["MessageSid"][0]].append(form["MessageStatus"][0])
                notes.put(None)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = WaitingServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/status"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def callbacks() -> Iterator[Callbacks]:
    server = Callbacks()
    yield server
    server.close()


@pytest.fixture
def tenant() -> Callable[[dict[str, Any]], Account]:
    """The first account, by what `up` said."""
    return Account
