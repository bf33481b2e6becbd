"""The barber of examples/barber as a process: a plain Flask program that knows nothing of ringfence."""

import contextlib
import importlib.util
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zoneinfo
from pathlib import Path
from typing import IO

import ringfence
from ringfence.roles.refusal import RefusalError

START_LIMIT_S = 20
STOP_LIMIT_S = 3
JOB_LIMIT_S = 30
SHOP_ZONE = "America/New_York"
# The program prints banners of its framework too; these are the lines that tell the story.
STORY = ("webhook ", "reminder ", "call ")


def program_folder() -> Path:
    """Where the program is: beside this package in a checkout, inside it when installed."""
    package = Path(ringfence.__file__).parent
    places = (package / "examples" / "barber", package.parents[1] / "examples" / "barber")
    for place in places:
        if (place / "app.py").is_file():
            return place
    raise RefusalError("the example program is not part of this installation", "install ringfence again")


def missing_packages() -> list[str]:
    """What the program needs and this Python does not have. Most systems bring the time zones of tzdata themselves."""
    missing = [name for name in ("flask", "twilio") if importlib.util.find_spec(name) is None]
    try:
        zoneinfo.ZoneInfo(SHOP_ZONE)
    except zoneinfo.ZoneInfoNotFoundError:
        missing.append("tzdata")
    return missing


class BarberProgram:
    """The shop's web server and its jobs. `lines` is what they print, in order, as it comes.

    Leaves nothing behind: the appointment book lies in a temporary folder that `stop` removes.
    """

    def __init__(self, *, api_url: str, account_sid: str, auth_token: str, shop: str, customer: str) -> None:
        self._folder = program_folder()
        self._scratch = tempfile.TemporaryDirectory(prefix="ringfence-barber-")
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._server: subprocess.Popen[str] | None = None
        self._environment = os.environ | {
            "TWILIO_ACCOUNT_SID": account_sid,
            "TWILIO_AUTH_TOKEN": auth_token,
            "TWILIO_API_URL": api_url,
            "PUBLIC_URL": self.url,
            "PORT": str(self._port),
            "SHOP_NUMBER": shop,
            "CUSTOMER_NUMBER": customer,
            "BARBER_DATABASE": str(Path(self._scratch.name) / "barber.db"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self) -> None:
        """Start the web server; returns once it listens."""
        if missing := missing_packages():
            raise RefusalError(
                f"the example program needs {', '.join(missing)}",
                f"{sys.executable} -m pip install -r {self._folder / 'requirements.txt'}",
            )
        self._server = self._run([sys.executable, "app.py"])
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until and self.running:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            time.sleep(0.05)
        raise RefusalError("the example program did not start", f"see {self._folder / 'README.md'}")

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def job(self, name: str, *options: str) -> None:
        """Run one of the program's jobs, book or remind, to its end."""
        process = self._run([sys.executable, "-m", "flask", "--app", "app", name, *options])
        try:
            code = process.wait(JOB_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise RefusalError(f"the program's job {name} hangs", "ringfence doctor") from None
        finally:
            _end(process)
        if code:
            raise RefusalError(f"the program's job {name} failed", "its own words are above")

    def stop(self) -> None:
        """End the server and remove what it wrote. Idempotent."""
        if self._server is not None:
            _end(self._server)
        self._scratch.cleanup()

    def _run(self, command: list[str]) -> subprocess.Popen[str]:
        # Its errors go to the terminal as they are.
        process = subprocess.Popen(  # noqa: S603 - our own program, by our own interpreter
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()
        return process

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                if line.startswith(STORY):
                    self.lines.put(line.rstrip())


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
