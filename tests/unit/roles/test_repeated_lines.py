"""An outage is told, not chanted: one line of a cause at once, then the count of the rest."""

import threading
from typing import Any

import pytest
import structlog

from ringfence.roles import repeated_lines
from ringfence.roles.repeated_lines import RepeatedLines


class Timers:
    """Timers that go off when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def __call__(self, interval: float, function: Any, args: tuple[Any, ...]) -> "Timers":
        self.waiting.append(lambda: function(*args))
        return self

    def start(self) -> None: ...

    def go_off(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each()


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    made = Timers()
    monkeypatch.setattr(threading, "Timer", made)
    return made


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def lines(timers: Timers, told: list[dict[str, Any]]) -> RepeatedLines:
    return RepeatedLines(lambda fields: told.append(dict(fields)))


def passes(lines: RepeatedLines, **fields: Any) -> bool:
    try:
        return lines(None, "warning", {"level": "warning", **fields}) is not None
    except structlog.DropEvent:
        return False


def away(number: int, error: str = "StoreFailedError") -> dict[str, Any]:
    return {"event": "store away", "error": error, "request_id": f"RQ{number}", "count": number}


def test_the_first_line_of_a_cause_passes_and_the_rest_are_counted_once_an_interval(
    lines: RepeatedLines, timers: Timers, told: list[dict[str, Any]]
) -> None:
    assert [passes(lines, **away(n)) for n in range(5)] == [True, False, False, False, False]
    assert told == []
    timers.go_off()
    assert told == [{"level": "warning", "event": "store away", "error": "StoreFailedError", "repeats": 4}]
    assert passes(lines, **away(9)) is False
    timers.go_off()
    assert told[1]["repeats"] == 1


def test_after_an_interval_without_any_the_cause_is_new_again(
    lines: RepeatedLines, timers: Timers, told: list[dict[str, Any]]
) -> None:
    assert passes(lines, **away(1))
    timers.go_off()
    assert told == []
    assert timers.waiting == []
    assert passes(lines, **away(2))


def test_another_error_is_another_cause(lines: RepeatedLines) -> None:
    assert passes(lines, **away(1))
    assert passes(lines, **away(1, error="ConnectionRefusedError"))


def test_lines_that_tell_of_one_thing_each_are_all_told(lines: RepeatedLines) -> None:
    assert all(passes(lines, event="webhook failed", sid="SM1") for _ in range(5))


def test_a_line_with_its_count_passes(lines: RepeatedLines) -> None:
    assert passes(lines, **away(1))
    assert passes(lines, **away(1), repeats=7)


def test_of_very_many_causes_the_later_ones_are_told_each_time(
    lines: RepeatedLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated_lines, "_CAUSES_MAX", 3)
    for _ in range(2):
        passed = [passes(lines, **away(1, error=f"Error{n}")) for n in range(5)]
    assert passed == [False, False, False, True, True]


def test_a_campaign_is_one_line_whatever_its_figures(lines: RepeatedLines, timers: Timers, told: list[Any]) -> None:
    refused = {"event": "verify.code_refused", "account": "AC1", "service": "VA1", "rule": "block"}
    assert [passes(lines, **refused, unanswered=n, converted=n, allowed=n) for n in range(3)] == [True, False, False]
    assert passes(lines, **refused | {"rule": "neighbours"}, unanswered=1)
    timers.go_off()
    assert [(line["rule"], line["repeats"]) for line in told] == [("block", 2)]
