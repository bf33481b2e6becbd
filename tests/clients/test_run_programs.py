"""`ringfence run` and programs that are not as plain as one wishes: nothing of them is lost, and what fails is told."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ACCOUNT, TOKEN = "AC" + "8" * 32, "the-token-that-the-program-presents"
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}.json"
ASK = ("curl", "-sS", "-u", f"{ACCOUNT}:{TOKEN}", "-o", os.devnull, "-w", "%{http_code} %{http_version}\\n")
LEFT = "ringfence: the command ended, but left processes running; the proxy stays for them → Ctrl-C ends it"
# A daemon as it is in the book: fork, a session of its own, fork again; then it waits for its parent's end.
DAEMON = """
import os, subprocess, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
time.sleep(0.5)
with open("asked", "w") as file:
    subprocess.run(sys.argv[1:], stdout=file)
"""
HTTP2 = """
import base64, os, socket, ssl, urllib.parse
proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
near = socket.create_connection((proxy.hostname, proxy.port))
pair = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
near.sendall(f"CONNECT api.twilio.com:443 HTTP/1.1\\r\\nProxy-Authorization: Basic {pair}\\r\\n\\r\\n".encode())
near.recv(4096)
secure = ssl.create_default_context().wrap_socket(near, server_hostname="api.twilio.com")
secure.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes(9))
print(secure.recv(4096).split()[1])
"""


class Runner:
    """Starts programs under `ringfence run` in an empty folder."""

    def __init__(self, installation: Any, folder: Path) -> None:
        self._environment = installation.environment | {"TERM": "dumb"}
        self.folder = folder

    def start(self, *command: str, **streams: Any) -> "subprocess.Popen[str]":
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        return subprocess.Popen(
            [sys.executable, "-m", "ringfence", "run", "--", *command],
            cwd=self.folder,
            env=self._environment,
            text=True,
            **streams,
        )

    def run(self, *command: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        process = self.start(*command, stdin=subprocess.PIPE)
        out, err = process.communicate(given, timeout=60)
        return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.fixture
def runner(installation: Any, tmp_path: Path) -> Runner:
    return Runner(installation, tmp_path)


def test_a_client_that_would_rather_speak_http_2_speaks_1_1(runner: Runner) -> None:
    assert runner.run(*ASK, "--http2", URL).stdout == "200 1.1\n"


def test_one_that_speaks_http_2_alone_is_told_cause_and_cure(runner: Runner) -> None:
    done = runner.run(sys.executable, "-c", HTTP2)
    assert done.stdout == "b'505'\n", done.stderr
    assert (
        "ringfence: api.twilio.com: the program speaks HTTP/2 only → let it speak HTTP/1.1, or point it at the base URL"
        in done.stderr
    )


def test_children_and_theirs_are_led_here_too(runner: Runner) -> None:
    asked = " ".join(f"'{word}'" for word in (*ASK, URL))
    done = runner.run("sh", "-c", f'sh -c "{asked}" & {asked}; wait')
    assert done.stdout == "200 1.1\n200 1.1\n", done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans over")
def test_the_proxy_outlives_the_program_for_its_daemon(runner: Runner) -> None:
    done = runner.run(sys.executable, "-c", DAEMON, *ASK, URL)
    assert (done.returncode, (runner.folder / "asked").read_text()) == (0, "200 1.1\n")
    assert LEFT in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans over")
def test_a_signal_ends_the_wait_for_a_daemon_and_leaves_it_alone(runner: Runner) -> None:
    program = "import os, time\nif os.fork():\n    os._exit(3)\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"
    process = runner.start(sys.executable, "-c", program)
    assert process.stdout is not None
    daemon = int(process.stdout.readline())
    assert process.stderr is not None
    while LEFT not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(20) == 3
        os.kill(daemon, 0)
    finally:
        os.kill(daemon, signal.SIGKILL)
        process.stdout.close()
        process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_signal_that_ended_it_is_in_the_exit_code(runner: Runner, number: signal.Signals) -> None:
    assert runner.run("sh", "-c", f"kill -{number.value} $$").returncode == 128 + number


def test_a_signal_reaches_the_program_which_ends_as_it_will(runner: Runner) -> None:
    process = runner.start("sh", "-c", "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[0] == "told\n"
    assert process.returncode == 5


def test_what_is_not_executable_ends_as_in_a_shell(runner: Runner) -> None:
    (runner.folder / "app.py").write_text("print(1)")
    there = runner.run("./app.py")
    assert (there.returncode, there.stderr) == (
        126,
        "error: ./app.py: Permission denied → chmod +x, or name its interpreter\n",
    )
    (runner.folder / "folder").mkdir()
    assert runner.run("./folder").returncode == 126


def test_standard_input_is_the_programs_to_the_last_byte(runner: Runner) -> None:
    given = "".join(f"line {n}\n" for n in range(20_000))
    assert runner.run("cat", given=given).stdout == given


def test_a_terminal_stays_a_terminal(runner: Runner) -> None:
    ours, theirs = pty.openpty()
    process = runner.start(
        "sh", "-c", "test -t 0 && test -t 1 && read word && echo got $word", stdin=theirs, stdout=theirs
    )
    os.close(theirs)
    os.write(ours, b"hello\n")
    seen, until = b"", time.monotonic() + 30
    while b"got hello" not in seen and time.monotonic() < until:
        if select.select([ours], [], [], 0.5)[0]:
            with contextlib.suppress(OSError):
                seen += os.read(ours, 1_024)
    assert process.wait(20) == 0
    assert b"got hello" in seen
    os.close(ours)
    assert process.stderr is not None
    process.stderr.close()
