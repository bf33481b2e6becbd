"""The command line: its commands, and what becomes of an error.

A command imports its module when it is called, and a group of commands is on call: no start waits for all of them.

Exit codes: 0 done, 1 refused or not possible now, 2 wrong usage or settings, 130 interrupted.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

import ringfence
from ringfence.cli import completion as completing
from ringfence.cli.listing import Output, OutputForm
from ringfence.cli.on_call import GroupOnCall, OnCall
from ringfence.cli.options import Config, Data, Database, Port, RunningPort, Yes, settings_of, settings_of_running
from ringfence.cli.terminal import Terminal
from ringfence.roles.refusal import RefusalError


class Commands(GroupOnCall):
    """The commands of this file, and those on call."""

    on_call = (
        OnCall("account", "ringfence.cli.account:commands", "Create accounts, list them, give one a new token."),
        OnCall("number", "ringfence.cli.number:commands", "Load the inventory, give out numbers, configure them."),
        OnCall("events", "ringfence.cli.events:commands", "Webhooks that failed for good: list them, send them again."),
        OnCall(
            "keys",
            "ringfence.cli.keys:commands",
            "The key service's own keys, and the code that touches keys in browsers.",
        ),
        OnCall("ledger", "ringfence.cli.ledger:commands", "Who opened what, and whether the record of it is whole."),
        OnCall(
            "blast",
            "ringfence.cli.blast:blast",
            "Say whom somebody reached: which accounts, how much of them, from when to when.",
        ),
        OnCall(
            "freeze",
            "ringfence.cli.freeze:freeze",
            "Stop a session, a member of staff, a key, an account, a carrier or the platform for now. Nothing is lost.",
        ),
        OnCall(
            "thaw",
            "ringfence.cli.freeze:thaw",
            "Let what was frozen go on. Where there is staff, two of them do so, in the operator's console.",
        ),
        OnCall(
            "verify",
            "ringfence.cli.verify:commands",
            "One-time codes and other sign-ins: how many could be phished.",
        ),
        OnCall("staff", "ringfence.cli.staff:commands", "Who may sign in to the operator's console."),
        OnCall("duty", "ringfence.cli.duty:commands", "A legal duty to retain metadata. Undeclared is off."),
        OnCall("policy", "ringfence.cli.policy:commands", "What staff may do: policies in Cedar."),
    )


app = typer.Typer(
    name="ringfence",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
doctors = typer.Typer()
app.add_typer(doctors, name="doctor")


def _show_version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Calling and texting on your own machine, for programs written for Twilio."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write it.", metavar="[DIR]")] = Path(),
) -> None:
    """Write a settings file with every setting in it, commented out."""
    from ringfence.cli import init as settings_file

    settings_file.init(folder)


@app.command()
def up(
    config: Config = None,
    data: Data = None,
    port: Port = None,
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when everything is ready.")] = False,
    clock: Annotated[
        str | None, typer.Option("--clock", metavar="TIME", help="Move the clock: +24h, or a time.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Send a text out and back before reporting that all is well.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Stop again as soon as all is well.")] = False,
) -> None:
    """Start everything, and keep it running until Ctrl-C."""
    from ringfence.cli import up as starting

    starting.up(
        settings_of(config, data, port=port, database_url=database, clock=clock),
        as_json=as_json,
        check=check,
        once=once,
    )


@app.command()
def role(
    name: Annotated[
        str, typer.Argument(help="kms, simulator, dispatcher, api, voice, media or console.", metavar="NAME")
    ],
    config: Config = None,
    data: Data = None,
    port: Port = None,
    database: Database = None,
) -> None:
    """Run one role in this process, for operators with other supervision."""
    from ringfence.cli import role as single

    single.role(settings_of(config, data, port=port, database_url=database), name)


@app.command(context_settings={"allow_interspersed_args": False})
def run(
    command: Annotated[list[str], typer.Argument(help="The program and its arguments.", metavar="-- COMMAND...")],
    sms_url: Annotated[
        str | None, typer.Option("--sms-url", metavar="URL", help="Where texts to its numbers go.")
    ] = None,
    voice_url: Annotated[
        str | None,
        typer.Option("--voice-url", metavar="URL", help="Where calls to its numbers go."),
    ] = None,
    config: Config = None,
    data: Data = None,
    port: RunningPort = None,
) -> None:
    """Run a program written for Twilio, unchanged, on the running installation."""
    from ringfence.cli import run as running

    settings = settings_of_running(config, data, port=port)
    running.run(settings, command, sms_url=sms_url, voice_url=voice_url)


@app.command()
def logs(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep going, and show each request and webhook.")
    ] = False,
    roles: Annotated[
        list[str] | None, typer.Option("--role", metavar="NAME", help="Only this role; may be given again.")
    ] = None,
    level: Annotated[str, typer.Option("--level", metavar="LEVEL", help="From this level up.")] = "info",
    lines: Annotated[
        int, typer.Option("--lines", "-n", metavar="N", min=0, help="How many lines to begin with.")
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, a line each, as written.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Show the logs of an installation; they hold no content."""
    from ringfence.cli import logs as written

    settings = settings_of(config, data)
    written.logs(settings, follow=follow, roles=roles or [], level=level, limit=lines, as_json=as_json)


@app.command()
def migrate(
    config: Config = None,
    data: Data = None,
    database: Database = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what would be done; exit code 1 for yes.")] = False,
    yes: Yes = False,
) -> None:
    """Bring the database up to this version. In dev `up` does it itself."""
    from ringfence.cli import migrate as migrating

    migrating.migrate(settings_of(config, data, database_url=database), check=check, yes=yes)


@app.command()
def reset(config: Config = None, data: Data = None, database: Database = None, yes: Yes = False) -> None:
    """Delete an installation: its messages, numbers and keys."""
    from ringfence.cli import reset as forgetting

    forgetting.reset(settings_of(config, data, database_url=database), yes=yes)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.", metavar="DIR")],
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Copy store, keys and ledger into a new folder, while ringfence is up or not."""
    from ringfence.cli import backup as backups

    backups.make_backup(settings_of(config, data, database_url=database), folder)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `backup` made.", metavar="DIR")],
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", metavar="FILE", help="A checkpoint that a witness keeps; may be given again."),
    ] = None,
    behind: Annotated[
        bool, typer.Option("--behind", help="Restore it even where witnesses know of later entries.")
    ] = False,
    later: Annotated[
        Path | None,
        typer.Option("--later", metavar="DIR", help="Folder kms of what was lost: its ledger goes on, and revokes."),
    ] = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make an installation of a backup, where there is none."""
    from ringfence.cli import backup as backups

    settings = settings_of(config, data, database_url=database)
    backups.restore_backup(settings, folder, against or [], behind=behind, later=later)


@app.command()
def timeline(
    sid: Annotated[str, typer.Argument(help="The SID of the text, call or verification.", metavar="SID")],
    config: Config = None,
    data: Data = None,
    port: RunningPort = None,
) -> None:
    """Print a link to everything that happened to a text, a call or a code; it signs in once (dev)."""
    from ringfence.cli import timeline as happened

    happened.timeline(settings_of(config, data, port=port), sid)


@app.command()
def lookup(
    number: Annotated[str, typer.Argument(help="In E.164, or as its country writes it.", metavar="NUMBER")],
    fields: Annotated[
        list[str] | None, typer.Option("--field", metavar="NAME", help="What to tell; may be given again.")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", metavar="CODE", help="Whose national form it has. Default: US.")
    ] = None,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
    port: RunningPort = None,
) -> None:
    """Tell what a number is, as a program's lookup would (dev)."""
    from ringfence.cli import lookup as looking

    looking.lookup(settings_of_running(config, data, port=port), number, fields or (), country, output)


@app.command()
def demo(
    name: Annotated[str | None, typer.Argument(help="Which one; without it, list them.", metavar="[NAME]")] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Play the customer too, and then end.")] = False,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
    port: RunningPort = None,
) -> None:
    """Show what ringfence does, step by step, on the running installation."""
    from ringfence.cli import demo as demos

    demos.demo(settings_of_running(config, data, port=port), name, auto=auto, output=output)


@app.command()
def trigger(
    name: Annotated[str | None, typer.Argument(help="What is to happen.", metavar="[EVENT]")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show what can happen.")] = False,
    sender: Annotated[str | None, typer.Option("--from", metavar="NUMBER", help="Who texts or calls.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="NUMBER", help="Who is texted or called.")] = None,
    body: Annotated[str | None, typer.Option("--body", metavar="TEXT", help="What is texted.")] = None,
    media_url: Annotated[
        list[str] | None, typer.Option("--media-url", metavar="URL", help="Attach a medium; may be given again.")
    ] = None,
    code: Annotated[int | None, typer.Option("--code", metavar="CODE", help="Why it is undelivered.")] = None,
    status_callback: Annotated[
        str | None, typer.Option("--status-callback", metavar="URL", help="Where the delivery is reported.")
    ] = None,
    press: Annotated[
        str | None, typer.Option("--press", metavar="KEYS", help='Keys for each Gather in turn, as in "1,42#".')
    ] = None,
    hang_up_after_s: Annotated[
        int, typer.Option("--hang-up-after", metavar="SECONDS", min=1, max=600, help="When the caller hangs up.")
    ] = 30,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
    port: RunningPort = None,
) -> None:
    """Make something happen that a program reacts to, and show how it reacts."""
    from ringfence.cli import trigger as triggers

    if listed or name is None:
        triggers.list_triggers(output)
        return
    if output is not Output.TABLE:
        raise RefusalError("--output is for lists", "give --output with --list alone", exit_code=2)
    options = triggers.Options(
        sender=sender,
        to=to,
        body=body,
        media_urls=media_url or (),
        code=code,
        status_callback=status_callback,
        press=press,
        hang_up_after_s=hang_up_after_s,
    )
    sys.exit(triggers.trigger(settings_of_running(config, data, port=port), name, options))


@app.command()
def listen(
    forward_to: Annotated[
        str | None, typer.Option("--forward-to", metavar="URL", help="Where texts go meanwhile.")
    ] = None,
    calls_to: Annotated[
        str | None, typer.Option("--forward-calls-to", metavar="URL", help="Where calls go meanwhile.")
    ] = None,
    numbers: Annotated[
        list[str] | None, typer.Option("--number", metavar="NUMBER", help="To this number; may be given again.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Send texts and calls to your numbers to a program of yours while this runs, and show each webhook."""
    from ringfence.cli import listen as listening

    listening.listen(settings_of_running(config, data), forward_to, calls_to, numbers or [])


@app.command()
def drill(
    names: Annotated[list[str] | None, typer.Argument(help="Which; without one, all.", metavar="[NAME]...")] = None,
    tenants: Annotated[int | None, typer.Option(min=1, max=10_000, help="How many tenants to seed.")] = None,
    ours: Annotated[bool, typer.Option("--ours", help="Leave out the control build.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each drill.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="The table as a page, to standard output.")] = False,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="A PostgreSQL server to use, in a database of its own."),
    ] = None,
) -> None:
    """Play an attack on a seeded copy, and say how many tenants it reached."""
    from ringfence.cli import drill as drills

    drills.drill(names or [], tenants=tenants, ours_only=ours, as_json=as_json, as_html=as_html, database=database)


@doctors.callback(invoke_without_command=True)
def doctor(context: typer.Context, config: Config = None, data: Data = None, port: Port = None) -> None:
    """Check what an installation needs, and say how to fix what is missing."""
    from ringfence.cli import doctor as checks

    if context.invoked_subcommand is None:
        checks.doctor(settings_of_running(config, data, port=port, elsewhere=False))


@doctors.command()
def signature(
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="The URL that the app hashed.")] = None,
    given: Annotated[
        str | None, typer.Option("--signature", metavar="TEXT", help="X-Twilio-Signature as received.")
    ] = None,
    params: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A field of the form.")
    ] = None,
    body: Annotated[
        str | None, typer.Option("--body", metavar="TEXT", help="The raw body; @FILE, or - for standard input.")
    ] = None,
    event: Annotated[int | None, typer.Option("--event", metavar="ID", help="A webhook from here that failed.")] = None,
    account: Annotated[str | None, typer.Option("--account", metavar="SID", help="Whose event.")] = None,
    token_env: Annotated[
        list[str] | None, typer.Option("--token-env", metavar="NAME", help="Variable with a token to try.")
    ] = None,
    public_url: Annotated[
        list[str] | None, typer.Option("--public-url", metavar="URL", help="A URL that may have been signed.")
    ] = None,
    prefix: Annotated[
        list[str] | None, typer.Option("--prefix", metavar="PATH", help="What a proxy may strip from the path.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Find out why an app refuses a webhook's signature: what was signed, what the app hashed, and the fix."""
    from ringfence.cli import doctor_signature as signatures

    question = signatures.Question(
        url=url,
        signature=given,
        params=params or (),
        body=body,
        event=event,
        account=account,
        token_variables=token_env or (),
        known_urls=public_url or (),
        prefixes=prefix or (),
    )
    sys.exit(signatures.doctor_signature(settings_of(config, data), question))


@app.command()
def completion(
    shell: Annotated[completing.Shell, typer.Argument(help="Which shell.", metavar="bash|zsh|fish")],
) -> None:
    """Print the script that completes commands and options in a shell."""
    completing.completion(shell)


@app.command()
def version() -> None:
    """Print the version."""
    Terminal().say(f"ringfence {ringfence.__version__}")


def main() -> None:
    """Run the command line. People see causes and cures; a traceback is a bug of ours."""
    completing.ready_to_complete()
    try:
        app(prog_name=completing.PROGRAM, complete_var=completing.COMPLETE_VARIABLE)
    except RefusalError as refusal:
        Terminal().refuse(refusal)
        sys.exit(refusal.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
