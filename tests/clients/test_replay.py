"""A webhook that failed for good is listed, and sent again once its program works."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.waiting_server import WaitingServer

WITHIN_S = 30


class Program:
    """A status callback that answers as it is told to."""

    def __init__(self) -> None:
        self.status = 404
        self.told: list[str] = []
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                program.told.append(form["MessageStatus"][0])
                self.send_response(program.status)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                return

        self.server = WaitingServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/status"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def await_told(self, count: int) -> None:
        until = time.monotonic() + WITHIN_S
        while len(self.told) < count:
            assert time.monotonic() < until, self.told
            time.sleep(0.05)


@pytest.fixture
def program() -> Iterator[Program]:
    program = Program()
    yield program
    program.server.shutdown()
    program.server.server_close()


def events(installation: Any, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ringfence", "events", *arguments, "--data", str(installation.data)]
    return subprocess.run(command, env=installation.environment, capture_output=True, text=True, timeout=60)


def test_what_failed_for_good_is_told_again_in_order(installation: Any, program: Program) -> None:
    sent = installation.client().messages.create(
        from_=installation.shop, to="+12025550161", body="Hello", status_callback=program.url
    )
    program.await_told(2)
    assert program.told == ["sent", "delivered"]
    lines: list[str] = []
    until = time.monotonic() + WITHIN_S
    while len(lines) < 2 and time.monotonic() < until:
        lines = [line for line in events(installation, "list").stdout.splitlines() if sent.sid in line]
    assert [line.split()[3] for line in lines] == ["message.delivered", "message.sent"]

    program.status = 204
    one = events(installation, "replay", lines[1].split()[0])
    assert one.stdout == f"event {lines[1].split()[0]} will be sent again\n", one.stderr
    program.await_told(3)
    assert program.told[2] == "sent"
    assert events(installation, "replay", "--since", "1h").stdout.endswith("sent again\n")
    program.await_told(4)
    assert program.told[3] == "delivered"


def test_mistakes_are_told_with_a_cure(installation: Any) -> None:
    none = events(installation, "replay", "999999999")
    assert none.returncode == 1
    assert "event 999999999 does not exist" in none.stderr
    age = events(installation, "replay", "--since", "yesterday")
    assert age.returncode == 2
    assert "use 90s, 30m, 2h or 3d" in age.stderr
    assert age.stdout == ""
