"""`ringfence drill`: play an attack on a seeded copy, on our build and on the control, and say whom it reached."""

import sys
from collections.abc import Sequence

import msgspec

from ringfence.cli.terminal import Terminal
from ringfence.drills.report import lines
from ringfence.drills.report_page import page
from ringfence.drills.run import DRILLS, run
from ringfence.roles.logs import configure_logging
from ringfence.roles.refusal import RefusalError

FAILED = 1


def drill(
    names: Sequence[str],
    *,
    tenants: int | None,
    ours_only: bool,
    as_json: bool,
    as_html: bool = False,
    database: str | None = None,
) -> None:
    """Run the named drills, all of them without a name; exit code 1 when one of them is not stopped."""
    wanted = [name.upper() for name in names] or list(DRILLS)
    unknown = [name for name in wanted if name not in DRILLS]
    if unknown:
        raise RefusalError(f"no drill is called {unknown[0]}", f"one of: {', '.join(DRILLS)}", exit_code=2)
    if as_json and as_html:
        raise RefusalError("--json and --html are two forms of one report", "give one of them", exit_code=2)
    configure_logging("drill", "error")
    terminal = Terminal()
    verdicts = []
    for verdict in run(wanted, tenants=tenants, ours_only=ours_only, database=database or "", begins=terminal.note):
        verdicts.append(verdict)
        if as_json:
            terminal.say(msgspec.json.encode(verdict.told()).decode())
    if as_html:
        sys.stdout.write(page(verdicts))
    elif not as_json:
        for line in lines(verdicts):
            terminal.say(line)
        if any(verdict.control is None for verdict in verdicts) and not ours_only:
            terminal.say("The control build does not come with a wheel: `make drills` in a checkout runs both.")
    if not all(verdict.passed for verdict in verdicts):
        sys.exit(FAILED)
