"""`ringfence logs`: what the roles of an installation have written and, with `--follow`, what happens right now."""

import asyncio
import contextlib
import datetime
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from ringfence.cli.invocation import invocation
from ringfence.cli.live_lines import REQUEST, WEBHOOK, as_fields
from ringfence.cli.log_lines import LEVELS, Line, LogLines, Wanted
from ringfence.cli.terminal import Terminal
from ringfence.ipc.live import LiveView
from ringfence.roles.installation_lock import holder, lone_roles
from ringfence.roles.process import ROLES, api_names, role_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

LOOK_S = 0.2
AWAY_S = 0.5
# Told in their own columns.
_HEAD = ("at", "level", "role", "event")


def logs(settings: Settings, *, follow: bool, roles: Sequence[str], level: str, limit: int, as_json: bool) -> None:
    """Print the last `limit` lines; with `follow`, go on until Ctrl-C, and show each request and webhook too."""
    known = ("up", *ROLES)
    if unknown := [role for role in roles if role not in known]:
        raise RefusalError(f"no role is called {unknown[0]!r}", f"one of: {', '.join(known)}", exit_code=2)
    if level not in LEVELS:
        raise RefusalError(f"no level is called {level!r}", f"one of: {', '.join(LEVELS)}", exit_code=2)
    wanted = Wanted(tuple(roles), level)
    printer = _Printer(as_json=as_json)
    files = LogLines(settings.data_dir, wanted)
    for line in files.recent(limit):
        printer.line(line)
    if not follow:
        return
    if holder(settings.data_dir) is None and not lone_roles(settings.data_dir):
        printer.note(f"ringfence is not up on {settings.data_dir} → start it in another terminal: {invocation()} up")
    asyncio.run(_follow(settings, files, wanted, printer))


async def _follow(settings: Settings, files: LogLines, wanted: Wanted, printer: "_Printer") -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_follow_files(files, printer))
        for process in ("dispatcher", "voice", *api_names(settings.api_processes)):
            if not wanted.roles or role_of(process) in wanted.roles:
                tasks.create_task(_follow_live(settings, process, wanted, printer))


async def _follow_files(files: LogLines, printer: "_Printer") -> None:
    while True:
        for line in files.more():
            printer.line(line)
        printer.flush()
        await asyncio.sleep(LOOK_S)


async def _follow_live(settings: Settings, process: str, wanted: Wanted, printer: "_Printer") -> None:
    role, view = role_of(process), LiveView(settings.socket(f"live-{process}"))
    try:
        while True:
            with contextlib.suppress(ConnectionError):
                sight = await view.look()
                if sight.missed:
                    printer.note(f"{sight.missed} more than could be shown")
                for happening in sight.happenings:
                    fields = as_fields(role, happening)
                    if wanted.takes(role, fields["level"]):
                        printer.line(Line(msgspec.json.encode(fields).decode(), fields))
                printer.flush()
                continue
            # It starts, or starts again.
            await asyncio.sleep(AWAY_S)
    finally:
        await view.close()


class _Printer:
    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._terminal = Terminal()

    def line(self, line: Line) -> None:
        if self._as_json:
            sys.stdout.write(line.text + "\n")
        else:
            self._terminal.styled(*_columns(line.fields))

    def note(self, text: str) -> None:
        self._terminal.note(text)

    def flush(self) -> None:
        sys.stdout.flush()


_STYLES = {"warning": "yellow", "error": "red", "critical": "bold red"}


def _columns(fields: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(text, style) of each part of a line."""
    level = str(fields.get("level", ""))
    event, told = _told(fields)
    rest = "  ".join(
        f"{name}={_shown(value)}" for name, value in told.items() if name not in _HEAD and value is not None
    )
    return (
        (_time(str(fields.get("at", ""))), "dim"),
        (f"{level:<8}", _STYLES.get(level, "")),
        (f"{fields.get('role', ''):<10}", "dim"),
        (event, "bold" if level in _STYLES else ""),
        (rest, "dim"),
    )


def _told(fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What to read first, and the fields that it does not hold."""
    event = str(fields.get("event", ""))
    if event not in (REQUEST, WEBHOOK):
        return event, fields
    rest = dict(fields)
    what = rest.pop("route") if event == REQUEST else f"webhook {rest.pop('kind')}"
    came = rest.pop("http_status", "no answer")
    return f"{what} → {came} in {rest.pop('duration_ms')} ms", rest


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value if value and not any(each.isspace() for each in value) else f'"{value}"'
    return msgspec.json.encode(value).decode()


def _time(at: str) -> str:
    try:
        return datetime.datetime.fromisoformat(at).astimezone(datetime.UTC).strftime("%m-%d %H:%M:%S.%f")[:-3]
    except ValueError:
        return at
