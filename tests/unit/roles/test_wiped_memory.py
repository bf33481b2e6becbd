"""What a process has dropped is overwritten: nothing of it is left in its memory."""

import subprocess
import sys

import pytest
from tests.unit.roles.own_memory import plain, told

from ringfence.roles.wiped_memory import TUNABLES, begin_wiping, is_wiping, possible, wiping

# Marks of many lengths, as bytes and as text, in two threads.
DROPPED = """
import threading

def make():
    for number in range(100, 600):
        for length in (24, 60, 300, 700, 5_000, 70_000):
            if length < 5_000 or number % 50 == 0:
                mark(number, length).decode().encode()

make()
thread = threading.Thread(target=make)
thread.start()
thread.join()
print(marks_left())
"""

pytestmark = pytest.mark.skipif(not possible(), reason="another C library than glibc")


@pytest.mark.skipif(sys.platform != "linux", reason="it reads memory as Linux shows it")
def test_what_was_dropped_is_found_in_no_memory_afterwards() -> None:
    assert told(DROPPED, wiping(plain())) == [0]
    assert told(DROPPED, plain()) > [0], "a process that does not wipe leaves none: this test would prove nothing"


def test_tunables_of_the_operators_own_stay_beside_ours() -> None:
    wiped = wiping(plain() | {TUNABLES: "glibc.malloc.arena_max=2"})
    assert wiped[TUNABLES].startswith("glibc.malloc.arena_max=2:")
    assert is_wiping(wiped)
    assert not is_wiping(plain())
    assert wiping(wiped) == wiped


def test_a_process_that_does_not_wipe_is_executed_anew_and_one_that_does_goes_on() -> None:
    program = (
        f"import os\nfrom {begin_wiping.__module__} import *\nbegin_wiping()\nprint(os.getpid(), is_wiping(os.environ))"
    )
    with subprocess.Popen([sys.executable, "-c", program], env=plain(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.read().split() == [str(process.pid), "True"]
