"""The program under the proxy: its exit code, its signals, and what it leaves behind. Each in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, sys
from ringfence.devproxy.command import run_command
from ringfence.roles.refusal import RefusalError
try:
    sys.exit(asyncio.run(run_command(sys.argv[1:], {"PATH": "/usr/bin:/bin", "MARK": "mine"}, print)))
except RefusalError as refusal:
    print(refusal.cause)
    sys.exit(refusal.exit_code)
"""


def start(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-u", "-c", PROGRAM, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def outcome(*command: str) -> tuple[int, str]:
    process = start(*command)
    out, _ = process.communicate(timeout=30)
    return process.returncode, out


def test_the_exit_code_and_the_environment_are_the_programs() -> None:
    assert outcome("sh", "-c", "echo $MARK; exit 3") == (3, "mine\n")
    assert outcome("sh", "-c", "kill -9 $$")[0] == 128 + 9


def test_what_cannot_be_started_has_the_shells_codes(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    assert outcome("no-such-program") == (127, "no-such-program: no such command\n")
    assert outcome(str(tmp_path / "plain")) == (126, f"{tmp_path / 'plain'}: Permission denied\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_reach_the_program(number: int) -> None:
    process = start("sh", "-c", f"trap 'echo caught; exit 7' {number}; echo ready; while :; do sleep 0.05; done")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, number)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (7, "caught\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
def test_what_the_program_leaves_behind_keeps_the_proxy() -> None:
    code, out = outcome("sh", "-c", "(sleep 0.5; echo last) & exit 4")
    assert code == 4
    said, last = out.splitlines()
    assert said.startswith("the command ended, but left processes running; the proxy stays for them")
    assert last == "last"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
def test_a_signal_ends_the_wait_for_them() -> None:
    process = start("sh", "-c", "sleep 3 >&- & exit 4")
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == 4
    assert time.monotonic() - began < 2
    process.stdout.close()
