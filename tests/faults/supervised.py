"""A real installation under `ringfence up`, whose processes a test may stop, kill and start again."""

import base64
import contextlib
import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ringfence.roles.clock_file import write_offset_ms
from ringfence.roles.run_dir import run_dir_of

START_LIMIT_S = 60
SHOP = "+12025550123"


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    """True while the process runs or stands still; False once it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Supervised:
    """`ringfence up` on a folder, always on the same port. `start` after a stop or a kill opens the same data."""

    def __init__(self, home: Path, *, command: Sequence[str] = (), **settings: str) -> None:
        """`settings` by name; `command` is another ringfence than the one under test."""
        home.mkdir(exist_ok=True)
        self.home = home
        self.data = home / "data"
        self.port = free_port()
        self.account_sid = self.auth_token = ""
        self.command = list(command) or [sys.executable, "-m", "ringfence"]
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RINGFENCE_")} | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "share"),
            **{f"RINGFENCE_{name.upper()}": value for name, value in settings.items()},
        }

    def start(self) -> None:
        """Return once everything serves."""
        options = ["--data", str(self.data), "--port", str(self.port), "--json"]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command, "up", *options],
                cwd=self.home,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        line = self._first_line()
        assert line, f"ringfence up did not become ready:\n{self.log()[-3000:]}"
        ready = json.loads(line)
        self.account_sid = ready["account_sid"]
        self.auth_token = ready["auth_token"] or self.auth_token

    def _first_line(self) -> bytes:
        assert self._process is not None
        output = self._process.stdout
        assert output is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=lambda: lines.put(output.readline()), daemon=True).start()
        with contextlib.suppress(queue.Empty):
            return lines.get(timeout=START_LIMIT_S)
        return b""

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Send the supervisor a signal and wait until it is gone. Idempotent."""
        if self._process is None:
            return
        for pid in self.roles().values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._process.send_signal(number)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    @property
    def run_dir(self) -> Path:
        """Where its sockets are."""
        return run_dir_of(self.data.resolve())

    def log(self) -> str:
        return (self.home / "log").read_text()

    # Processes

    @property
    def supervisor(self) -> int:
        assert self._process is not None
        return self._process.pid

    def roles(self) -> dict[str, int]:
        """Pids of the role processes that run now."""
        return {
            words[words.index(b"ringfence.roles") + 1].decode(): pid
            for pid, words in self._children().items()
            if b"ringfence.roles" in words
        }

    def fork_server(self) -> int:
        """Pid of the process that roles are forked from."""
        return next(pid for pid, words in self._children().items() if b"ringfence.roles.fork_server" in words)

    def _children(self) -> dict[int, list[bytes]]:
        """The supervisor's children, with the words of their commands."""
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) != self.supervisor:
                    continue
                found[int(folder.name)] = (folder / "cmdline").read_bytes().split(b"\0")
        return found

    def signal(self, role: str, number: int) -> int:
        """Send a role's process a signal; its pid."""
        pid = self.roles()[role]
        os.kill(pid, number)
        return pid

    # The API

    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()

    def call(self, method: str, path: str, **form: str) -> Any:
        """One request to the account's resources, such as `Messages.json`; the parsed answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            full = path if path.startswith("/") else f"/2010-04-01/Accounts/{self.account_sid}/{path}"
            headers = {"Authorization": self.authorization(), "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, full, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status < 400, (answer.status, body)
            return json.loads(body) if body else None
        finally:
            connection.close()

    def simulator(self, method: str, path: str, value: Any = None) -> Any:
        """One request to the simulated network, straight to its own socket."""
        connection = _UnixConnection(self.run_dir / "simulator-http.sock")
        try:
            body = None if value is None else json.dumps(value)
            headers = {"Host": "localhost", "Content-Type": "application/json"}
            connection.request(method, f"/simulator{path}", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status < 400, (answer.status, text)
            return json.loads(text) if text else None
        finally:
            connection.close()

    def clock_offset_ms(self) -> int:
        """By how much the clock of all roles is off the machine's."""
        return int.from_bytes((self.run_dir / "clock").read_bytes(), "little", signed=True)

    def move_clock(self, offset_ms: int) -> None:
        """Set the offset of the clock that all roles share; the installation must have been given one."""
        write_offset_ms(self.run_dir / "clock", offset_ms)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def until(condition: Callable[[], bool], limit_s: float, what: str) -> None:
    """Wait for a condition; AssertionError when it does not come about in time."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit_s} s: {what}"
        time.sleep(0.02)
