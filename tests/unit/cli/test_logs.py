"""`ringfence logs` on files: order, choice, rotation, and what is torn. With a running installation: tests/clients."""

import json
from pathlib import Path

import pytest

from ringfence.cli.log_lines import LogLines, Wanted
from ringfence.roles.log_file import LogFile, log_path

ALL = Wanted((), "debug")


class Role:
    """Writes lines as a role does, two to a file."""

    def __init__(self, data: Path, name: str) -> None:
        self.name = name
        self.path = log_path(data, name)
        self._log: LogFile | None = None

    def write(self, second: int, event: str, level: str = "info", **fields: object) -> None:
        line = json.dumps(
            {"event": event, "role": self.name, "level": level, "at": f"2026-03-01T09:00:{second:02}.123456Z", **fields}
        )
        if self._log is None:
            import io

            self._log = LogFile(self.path, 2 * len(line) + 20, io.StringIO())
        self._log.write(line + "\n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / ".local/share/ringfence"


@pytest.fixture
def api(data: Path) -> Role:
    return Role(data, "api")


@pytest.fixture
def dispatcher(data: Path) -> Role:
    return Role(data, "dispatcher")


def events(lines: list) -> list[str]:
    return [line.fields["event"] for line in lines]


def test_lines_of_all_roles_come_in_order_of_time(api: Role, dispatcher: Role, data: Path) -> None:
    api.write(1, "a1")
    api.write(4, "a4")
    dispatcher.write(2, "d2")
    assert events(LogLines(data, ALL).recent(10)) == ["a1", "d2", "a4"]
    assert events(LogLines(data, ALL).recent(2)) == ["d2", "a4"]
    assert LogLines(data, ALL).recent(0) == []


def test_roles_and_levels_can_be_chosen(api: Role, dispatcher: Role, data: Path) -> None:
    api.write(1, "a1", "error")
    api.write(2, "a2", "info")
    dispatcher.write(3, "d3", "warning")
    assert events(LogLines(data, Wanted(("api",), "debug")).recent(10)) == ["a1", "a2"]
    assert events(LogLines(data, Wanted((), "warning")).recent(10)) == ["a1", "d3"]


def test_following_misses_nothing_when_a_file_is_moved_aside(api: Role, data: Path) -> None:
    lines = LogLines(data, ALL)
    api.write(1, "a1")
    assert events(lines.recent(10)) == ["a1"]
    api.write(2, "a2")
    api.write(3, "a3")
    assert api.path.with_name("api.log.1").exists()
    assert events(lines.more()) == ["a2", "a3"]
    assert events(lines.more()) == []
    api.write(4, "a4")
    assert events(lines.more()) == ["a4"]


def test_a_role_that_begins_to_write_later_is_found(api: Role, dispatcher: Role, data: Path) -> None:
    lines = LogLines(data, ALL)
    assert lines.recent(10) == []
    api.write(1, "a1")
    assert events(lines.more()) == ["a1"]
    dispatcher.write(2, "d2")
    assert events(lines.more()) == ["d2"]


def test_half_a_line_is_left_until_it_is_whole_and_a_torn_one_is_left_out(api: Role, data: Path) -> None:
    lines = LogLines(data, ALL)
    api.write(1, "a1")
    with api.path.open("a") as file:
        file.write('{"event": "tor\n{"event": "ha')
    assert events(lines.recent(10)) == ["a1"]
    with api.path.open("a") as file:
        file.write('lf"}\n')
    assert events(lines.more()) == ["half"]


def test_a_line_reads_as_time_level_role_event_and_fields(ringfence, api: Role) -> None:
    api.write(1, "service away", "warning", error="ConnectionError", cause="two words", code=None)
    assert ringfence("logs").stdout == (
        '03-01 09:00:01.123  warning   api         service away  error=ConnectionError  cause="two words"\n'
    )


def test_as_json_a_line_is_as_it_was_written(ringfence, api: Role) -> None:
    api.write(1, "service away", "warning")
    assert ringfence("logs", "--json").stdout == api.path.read_text()


def test_without_logs_there_is_nothing_to_show(ringfence) -> None:
    done = ringfence("logs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("option", "value"), [("--role", "carrier"), ("--level", "loud")])
def test_what_does_not_exist_is_wrong_usage_with_the_choices(ringfence, option: str, value: str) -> None:
    done = ringfence("logs", option, value)
    assert done.returncode == 2
    assert value in done.stderr
    assert "one of: " in done.stderr


@pytest.mark.parametrize("command", [("trigger", "sms.inbound"), ("events", "resend", "7")])
def test_without_an_installation_a_command_tells_how_to_start_one(ringfence, command: tuple[str, ...]) -> None:
    done = ringfence(*command)
    assert done.returncode == 1
    assert "ringfence up" in done.stderr


def test_the_list_of_triggers_needs_nothing(ringfence) -> None:
    assert "sms.inbound" in ringfence("trigger").stdout
    assert "sms.opt_out" in ringfence("trigger", "--list", "--output", "tsv").stdout
