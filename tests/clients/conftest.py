"""The example programs as modules, a web server for webhooks, and the official SDK of Node."""

import fcntl
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

import pytest
from tests.waiting_server import WaitingServer

from ringfence.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAM = ("appointments", "conversation", "spoken", "webhook_signature", "app")
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"


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


class Webhook:
    """One request that came in."""

    def __init__(self, path: str, form: dict[str, str], headers: dict[str, str]) -> None:
        self.path = path
        self.form = form
        self.headers = headers


class WebhookServer:
    """Takes every POST and answers with an empty TwiML document, or as it is told; what came is kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[Webhook] = []
        self.status = 200
        self.answer = b"<Response/>"
        self.answers: dict[str, bytes] = {}

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
            answer = seen.answers.get(self.path, seen.answer)
            self.send_response(seen.status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = WaitingServer(("127.0.0.1", 0), Handler)
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


@pytest.fixture
def command(installation: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a `ringfence` command on the installation to its end, in this process."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code: int | str | None = 0
        capsys.readouterr()
        with monkeypatch.context() as patch, mock.patch.dict(os.environ, installation.environment, clear=True):
            patch.setenv("COLUMNS", "200")
            patch.setattr(sys, "argv", ["ringfence", *arguments, "--data", str(installation.data)])
            try:
                main()
            except SystemExit as end:
                code = end.code
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(code or 0), out, err)

    return run
