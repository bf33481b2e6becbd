"""Keep what a role holds in memory out of files: no core dump, no reading by other processes of the same user."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4


def guard_memory() -> None:
    """Forbid core dumps for good; on Linux also ptrace and /proc/PID/mem by anyone but root (prctl(2))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
