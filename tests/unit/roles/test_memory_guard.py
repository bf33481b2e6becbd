"""A guarded process leaves no core dump, and its memory is nobody's to read."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from ringfence.roles.memory_guard import guard_memory

PR_GET_DUMPABLE = 3


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_it_dumps_no_core_and_cannot_be_traced(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        os.chdir(tmp_path)
        signal.signal(signal.SIGABRT, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
        guard_memory()
        held = resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        held = held and ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
        os.kill(os.getpid(), signal.SIGABRT if held else signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []
