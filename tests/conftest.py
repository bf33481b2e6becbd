"""What every test may use."""

import asyncio
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from ringfence.domain.clock import ManualClock
from ringfence.testing.postgres_server import PostgresServer, postgres_server_of_its_own, server_programs

if TYPE_CHECKING:
    from twilio.rest import Client

# Examples must not depend on how busy the machine is; `make fuzz` looks longer.
settings.register_profile("default", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

# A shell that starts us in the background ignores Ctrl-C for us and for all that we start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A program that a test before this one played here may have silenced logs, which this one may look at."""
    structlog.reset_defaults()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until advanced."""
    return ManualClock()


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run one coroutine to its end in a loop of its own, within 30 seconds."""

    def runner(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(coroutine, 30)

        return asyncio.run(bounded())

    return runner


START_LIMIT_S = 60
TEXT_LIMIT_S = LINE_LIMIT_S = 60


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

    def client(self, username: str = "", password: str = "") -> "Client":
        """The stock SDK, pointed here."""
        from twilio.rest import Client  # slow to import, and most tests do without it

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
    """One `ringfence up` for all tests that want it (one a test process), in a home of its own."""
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


class Handset:
    """A simulated phone, by the simulator's HTTP interface; it begins empty."""

    def __init__(self, installation: Installation, number: str) -> None:
        self.number = number
        self._shop = installation.shop
        self._handsets = f"{installation.base_url}/simulator/handsets"
        self._call("POST", "", {"number": number})
        self._call("DELETE", f"/{number}/messages")

    def reply(self, body: str) -> None:
        """Write to the shop."""
        self._call("POST", f"/{self.number}/messages", {"to": self._shop, "body": body})

    def await_text(self, words: str, status: str = "") -> dict[str, Any]:
        """The text with these words in it, once it is on the phone, and has this status where one is given."""
        until = time.monotonic() + TEXT_LIMIT_S
        while time.monotonic() < until:
            for text in self._call("GET", f"/{self.number}/messages")["messages"]:
                if words in text["body"] and text["direction"] == "outbound" and status in {"", text["status"]}:
                    return dict(text)
            time.sleep(0.05)
        raise AssertionError(f"no text with {words!r} on the phone in {TEXT_LIMIT_S} s")

    def _call(self, method: str, path: str, value: dict[str, str] | None = None) -> Any:
        body, headers = (
            (None, {}) if value is None else (json.dumps(value).encode(), {"Content-Type": "application/json"})
        )
        request = urllib.request.Request(self._handsets + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or "null")


@pytest.fixture
def handset(installation: Installation) -> Callable[[str], Handset]:
    """The simulated phone with a number."""
    return lambda number: Handset(installation, number)


class Program:
    """A running process and its lines."""

    def __init__(self, command: list[str], cwd: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self.seen: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def await_line(self, words: str, limit_s: float = LINE_LIMIT_S) -> str:
        """The next line with these words in it."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=0.2)
                self.seen.append(line)
                if words in line:
                    return line
        raise AssertionError(f"no line with {words!r} in {limit_s} s, only: {self.seen}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to what still runs, wait for the end, give the exit code. Again is a no-op."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        self._reader.join(10)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self._lines.put(line.rstrip())


@pytest.fixture
def start_program() -> Iterator[Callable[..., Program]]:
    """Start a process that prints lines; what still runs at the end of the test is ended."""
    started: list[Program] = []

    def start(command: list[str], cwd: Path, environment: dict[str, str]) -> Program:
        started.append(Program(command, cwd, environment))
        return started[-1]

    yield start
    for program in started:
        program.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the tests of this process."""
    if server_programs() is None:
        pytest.skip("no PostgreSQL server here: as root, apt-get install postgresql")
    with postgres_server_of_its_own() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_shared_url(postgres_server: PostgresServer) -> str:
    """The URL of the database that the tests of this process use one after the other: making one takes long."""
    return postgres_server.database()


@pytest.fixture
def postgres_url(postgres_shared_url: str, emptied: Callable[[str], None]) -> str:
    """The URL of a database without a row in it."""
    emptied(postgres_shared_url)
    return postgres_shared_url


@pytest.fixture(scope="session")
def emptied() -> Callable[[str], None]:
    """Erase all rows of the database at a URL; numbering begins anew."""
    return lambda url: asyncio.run(_empty(url))


async def _empty(url: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        tables = [
            name
            for (name,) in await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'ringfence' AND tablename <> 'migration'"
            )
        ]
        if tables:
            await connection.execute("".join(f"DELETE FROM ringfence.{name};" for name in tables))
            await connection.execute("SELECT setval('ringfence.event_id_seq', 1, false)")
    finally:
        await connection.close()
