"""What `ps` shows of a process that took another's work over."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="proc(5)")

PROGRAM = """
import sys
from pathlib import Path
from ringfence.roles.process_title import retitle
done = retitle(sys.stdin.read().split())
print(done, Path("/proc/self/cmdline").read_bytes().rstrip(b"\\0").replace(b"\\0", b" ").decode().splitlines()[0])
"""


def shown(title: str) -> tuple[str, str]:
    run = subprocess.run([sys.executable, "-c", PROGRAM], input=title, capture_output=True, text=True, check=True)
    done, _, command = run.stdout.strip().partition(" ")
    return done, command


def test_the_new_command_is_shown_and_nothing_of_the_old_one() -> None:
    assert shown("python -m ringfence.roles api") == ("True", "python -m ringfence.roles api")


def test_a_command_longer_than_the_first_one_is_refused_and_changes_nothing() -> None:
    done, command = shown("x" * 5000)
    assert done == "False"
    assert command.startswith(f"{sys.executable} -c")
