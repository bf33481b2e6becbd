"""The example programs as modules, a live installation, and the official SDK of Node."""

import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.rest import Client

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAM = ("appointments", "conversation", "app")
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
START_LIMIT_S = 60


@pytest.fixture
def barber(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The Python barber's modules by name, fresh, with an empty appointment book."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "barber"))
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
    monkeypatch.setenv("PUBLIC_URL", "https://shop.example/hooks/")
    monkeypatch.setenv("BARBER_DATABASE", str(tmp_path / "barber.db"))
    monkeypatch.delenv("TWILIO_API_URL", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield {name: importlib.import_module(name) for name in PROGRAM}
    for name in PROGRAM:
        del sys.modules[name]


class Installation:
    """A running `ringfence up`, with an account that owns the demo's number."""

    shop = "+12025550123"

    def __init__(self, ready: dict[str, Any], environment: dict[str, str], data: Path) -> None:
        self.base_url: str = ready["base_url"]
        self.account_sid: str = ready["account_sid"]
        self.auth_token: str = ready["auth_token"]
        self.api_key: str = ready["api_key"]
        self.api_secret: str = ready["api_secret"]
        self.phones_url: str = ready["phones_url"]
        self.environment = environment
        self.data = data

    def client(self, username: str = "", password: str = "") -> Client:
        """The stock SDK, pointed here."""
        client = Client(username or self.account_sid, password or self.auth_token, self.account_sid)
        client.api.base_url = self.base_url
        return client

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])

    @property
    def program_environment(self) -> dict[str, str]:
        """What a program written for Twilio finds in its environment."""
        return self.environment | {
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.auth_token,
            "TWILIO_API_URL": self.base_url,
        }


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One `ringfence up` for the tests of this folder, in a home of its own."""
    home = tmp_path_factory.mktemp("home")
    data = home / "data"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RINGFENCE_")} | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "share"),
    }
    log = home / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "ringfence", "up", "--data", str(data), "--port", "0", "--json"],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    try:
        line = _first_line(process)
        assert line, f"ringfence up did not become ready:\n{log.read_text()[-2000:]}"
        yield Installation(json.loads(line), environment, data)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def _first_line(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        return lines.get(timeout=START_LIMIT_S)
    return b""


class Webhook:
    """One request that came in."""

    def __init__(self, path: str, form: dict[str, str], headers: dict[str, str]) -> None:
        self.path = path
        self.form = form
        self.headers = headers


class WebhookServer:
    """Takes every POST and answers with an empty TwiML document; what came is kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[Webhook] = []

    def await_one(self, wanted: Callable[[Webhook], bool], limit_s: float = 15) -> Webhook:
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            for webhook in list(self.received):
                if wanted(webhook):
                    return webhook
            time.sleep(0.02)
        raise AssertionError(f"no such webhook came in {limit_s} s; {len(self.received)} others did")


@pytest.fixture
def webhooks() -> Iterator[WebhookServer]:
    """A web server on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            seen.received.append(Webhook(self.path, form, dict(self.headers)))
            answer = b"<Response/>"
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen = WebhookServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield seen
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The official Node SDK and Express, as package-lock.json pins them; kept between runs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    source = EXAMPLES / "barber-node"
    lock = (source / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ringfence-tests"
    folder = cache / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(source / name, folder / name)
            ran = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-progress"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert "EINTEGRITY" not in ran.stderr, "package-lock.json does not match what the registry gives"
            if ran.returncode:
                pytest.skip("npm ci failed: is the package registry reachable?")
            (folder / "done").touch()
    return folder / "node_modules"


@pytest.fixture
def node_folder(node_modules: Path, tmp_path: Path) -> Path:
    """An empty folder in which Node finds the SDK."""
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "node_modules").symlink_to(node_modules)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder
