"""What a child process finds of marks in its own memory, for programs that are run with `-c` and imported by none."""

import os
import subprocess
import sys

from ringfence.roles.wiped_memory import ALLOCATOR, TUNABLES

# `marks_left()`: how many marks of three digits lie in this process's memory. Its own pattern is none.
LOOK = r"""
import re

def marks_left():
    found = 0
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for start, end in re.findall(r"([0-9a-f]+)-([0-9a-f]+) rw", maps.read()):
            try:
                memory.seek(int(start, 16))
                found += len(re.findall(rb"mark-of-a-text-\d{3}", memory.read(int(end, 16) - int(start, 16))))
            except (OSError, OverflowError):
                pass
    return found

def mark(number, length):
    return b"".join((b"mark-of", b"-a-text-%d-" % number)).ljust(length, b".")
"""


def plain() -> dict[str, str]:
    """This process's environment, in which nothing is wiped."""
    return {name: value for name, value in os.environ.items() if name not in (ALLOCATOR, TUNABLES)}


def told(program: str, environment: dict[str, str]) -> list[int]:
    """The numbers that a program prints, which may `mark` and count what is left."""
    command = [sys.executable, "-c", LOOK + program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]
