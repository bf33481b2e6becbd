"""A process that has settled walks no more through what it started with."""

import subprocess
import sys

PROGRAM = """
import gc, sys
from ringfence.roles.pacing import SWITCH_S, YOUNG_OBJECTS, settle
settle()
assert gc.isenabled() and gc.get_freeze_count() > 1_000
assert gc.get_threshold()[0] == YOUNG_OBJECTS
assert abs(sys.getswitchinterval() - SWITCH_S) < 1e-6
class Ring: pass
ring = Ring(); ring.itself = ring; del ring
assert gc.collect() > 0  # what is made later and forgotten is still found
"""


def test_settled():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
