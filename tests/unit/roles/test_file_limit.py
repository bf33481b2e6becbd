"""In a process of its own: a limit that was lowered cannot be raised again."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from ringfence.roles.file_limit import raise_file_limit
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
raise_file_limit(wanted)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "after"),
    [(100, 500, 400, 400), (100, 500, 600, 500), (100, 500, 50, 100), (500, 500, 400, 500)],
)
def test_the_soft_limit_is_raised_as_far_as_it_may_be(soft: int, hard: int, wanted: int, after: int) -> None:
    arguments = [sys.executable, "-c", SCRIPT, str(soft), str(hard), str(wanted)]
    shown = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True).stdout
    assert shown.split() == [str(after), str(hard)]
