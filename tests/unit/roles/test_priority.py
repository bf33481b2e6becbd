"""Priority is asked for, and its refusal is no failure."""

import os

import pytest

from ringfence.roles.priority import NICE, serve_first


def test_priority_is_raised_where_the_system_lets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(os, "setpriority", lambda *what: asked.append(what))
    assert serve_first()
    assert asked == [(os.PRIO_PROCESS, 0, NICE)]


def test_where_it_does_not_the_process_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refused)
    assert not serve_first()
