"""Priority is asked for, and its refusal is no failure."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from ringfence.roles.priority import NICE, RT_PRIORITY, serve_first


def refusing(error: type[Exception]) -> Callable[..., None]:
    def refused(*_: object) -> None:
        raise error

    return refused


def test_real_time_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(os, "sched_setscheduler", lambda pid, policy, param: asked.append((pid, policy, param[0])))
    monkeypatch.setattr(os, "setpriority", refusing(AssertionError))
    assert serve_first() == "real-time"
    assert asked == [(0, os.SCHED_RR, RT_PRIORITY)]


def test_where_that_is_refused_a_better_nice_value_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(os, "sched_setscheduler", refusing(PermissionError))
    monkeypatch.setattr(os, "setpriority", lambda *what: asked.append(what))
    assert serve_first() == "nice"
    assert asked == [(os.PRIO_PROCESS, 0, NICE)]


def test_where_there_is_no_such_call_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setscheduler")
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    assert serve_first() == "nice"


def test_where_neither_is_allowed_the_process_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_setscheduler", refusing(PermissionError))
    monkeypatch.setattr(os, "setpriority", refusing(PermissionError))
    assert serve_first() == "as others"


def test_threads_that_are_started_afterwards_are_served_as_their_process() -> None:
    program = (
        "import os, threading; from ringfence.roles.priority import serve_first; said = serve_first();"
        "told = lambda: print(said, os.sched_getscheduler(0) == os.SCHED_RR);"
        "thread = threading.Thread(target=told); thread.start(); thread.join()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said, _, is_real_time = done.stdout.strip().rpartition(" ")
    assert (said == "real-time") == (is_real_time == "True")
