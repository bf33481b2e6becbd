"""`ringfence duty`: a legal duty to retain metadata: declared, shown, ended, and what it kept opened by two officers.

Undeclared is off. Every tenant sees what stands, in the console and by the API, and has each act in its ledger.
"""

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.ages import shown_time
from ringfence.cli.duty_officer import answer, officer
from ringfence.cli.duty_opening import ask, open_kept
from ringfence.cli.installation import Installation, operate
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, Yes, settings_of
from ringfence.cli.terminal import Terminal
from ringfence.domain.retention.declaration import declare as declared
from ringfence.domain.retention.facts import MEANINGS
from ringfence.domain.retention.officer import Officer, parse_officer
from ringfence.ports.keys import KeyRefusedError
from ringfence.roles.refusal import RefusalError

COLUMNS = ("number", "fields", "days", "basis", "officers", "declared", "ended", "erased")

commands = typer.Typer(help="A legal duty to retain metadata. Undeclared is off.", no_args_is_help=True)
commands.command("officer")(officer)
commands.command("answer")(answer)
commands.command("ask")(ask)
commands.command("open")(open_kept)


@commands.command()
def declare(
    field: Annotated[
        list[str],
        typer.Option(
            "--field", metavar="NAME", help=f"What is kept, once for each or by commas: {', '.join(MEANINGS)}."
        ),
    ],
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long it is kept.")],
    basis: Annotated[str, typer.Option("--basis", metavar="TEXT", help="The law, in words that every tenant reads.")],
    by: Annotated[
        list[str],
        typer.Option("--officer", metavar="LINE", help="An officer's public line, or a file with it, once for each."),
    ],
    yes: Yes = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Declare a duty: from then on the named metadata of texts and calls is kept, and every tenant is told so.
    It takes the place of the one that stands, if any."""
    try:
        names = [name.strip() for each in field for name in each.split(",")]
        made = declared(names, days, basis, [_officer(each) for each in by])
    except ValueError as error:
        raise RefusalError(str(error), "ringfence duty declare --help", exit_code=2) from None
    terminal = Terminal()
    for name in made.fields:
        terminal.note(f"kept for {days} days: {name}, {MEANINGS[name]}")
    terminal.note(f"opened by any two of {', '.join(each.name for each in made.officers)}")
    if not yes and not typer.confirm("Declare it, and tell every tenant?", err=True):
        raise RefusalError("not declared")

    async def work(it: Installation) -> None:
        try:
            number = await it.operator.declare_duty(made)
        except KeyRefusedError as error:
            raise RefusalError(str(error), "try again in a minute") from None
        terminal.say(f"duty {number} stands: it is in every account's ledger, and in its console")
        terminal.note("processes that seal for a tenant keep to it within a minute")

    operate(settings_of(config, data), work)


@commands.command("show")
def show_duties(output: OutputForm = Output.TABLE, config: Config = None, data: Data = None) -> None:
    """List what was declared, the newest first."""

    async def work(it: Installation) -> None:
        rows = [
            (
                *(duty.number, ",".join(duty.fields), duty.days, duty.basis, ",".join(duty.officers)),
                *(shown_time(duty.declared_ms), None if duty.ended_ms is None else shown_time(duty.ended_ms)),
                "yes" if duty.erased else "no",
            )
            for duty in await it.operator.duties()
        ]
        if not rows and output is Output.TABLE:
            Terminal().say("no duty was ever declared: nothing is retained")
            return
        show(output, COLUMNS, rows)

    operate(settings_of(config, data), work)


@commands.command()
def end(
    erase: Annotated[
        bool, typer.Option("--erase", help="Destroy the keys to all that was kept, of former duties too.")
    ] = False,
    yes: Yes = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """End the duty that stands: nothing more is kept. What was kept stays until its days are over, unless --erase."""
    if erase and not yes and not typer.confirm("Nobody will ever open what was kept. Erase it?", err=True):
        raise RefusalError("not ended")

    async def work(it: Installation) -> None:
        try:
            ended = await it.operator.end_duty(erase)
        except KeyRefusedError as error:
            raise RefusalError(str(error), "`ringfence duty show` lists them") from None
        terminal = Terminal()
        terminal.say(f"duty {ended.number} has ended: nothing more is kept")
        if erase:
            terminal.say("what was kept opens for nobody any more")
            terminal.note("a backup from before still holds rows and keys: destroy it too")

    operate(settings_of(config, data), work)


def _officer(given: str) -> Officer:
    """Of a public line, or of the file that holds one. ValueError, RefusalError."""
    if "+" in given:
        return parse_officer(given)
    try:
        return parse_officer(Path(given).read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        raise RefusalError(
            f"--officer: {given!r} is no file with an officer's public line",
            "`ringfence duty officer NAME` prints it",
            exit_code=2,
        ) from None
