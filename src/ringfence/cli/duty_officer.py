"""An officer's two commands: make a key, and agree to a request. Neither needs an installation, nor a network."""

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.ages import shown_time
from ringfence.cli.duty_files import (
    AnswerFile,
    OfficerFile,
    RequestFile,
    make_officer,
    open_officer,
    read_file,
    write_new,
)
from ringfence.cli.key_secret import prompt
from ringfence.cli.options import Yes
from ringfence.cli.terminal import Terminal
from ringfence.domain.clock import SystemClock
from ringfence.domain.retention.officer import check_name
from ringfence.domain.retention.opening import answer as answered
from ringfence.domain.retention.opening import check_request, check_shown
from ringfence.domain.sealing.aead import UnsealError
from ringfence.kms.passphrase_seal import PASSPHRASE_MIN
from ringfence.roles.refusal import RefusalError


def officer(
    name: Annotated[str, typer.Argument(help="Whose, in one word: tenants see it.", metavar="NAME")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the key goes. Default: NAME.officer.json.")
    ] = None,
) -> None:
    """Make an officer's key, on the officer's own machine, and print what is given to the operator."""
    try:
        check_name(name)
    except ValueError as error:
        raise RefusalError(str(error), "ringfence duty officer ann", exit_code=2) from None
    path = out or Path(f"{name}.officer.json")
    if path.exists():
        raise RefusalError(f"{path} exists", "it is not overwritten: name another by --out")
    file, key = make_officer(name, prompt(f"Passphrase for this key, {PASSPHRASE_MIN} characters or more", twice=True))
    write_new(path, file)
    terminal = Terminal()
    terminal.say(key.officer.line)
    terminal.note(f"the line above is public; {path} and its passphrase are yours alone: keep a copy of each")


def answer(
    request: Annotated[Path, typer.Argument(help="The request, as `duty ask` wrote it.", metavar="FILE")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Your key, as `duty officer` wrote it.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the answer goes. Default: beside the request.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Agree to a request, as one of the two officers it needs. Shows what is asked first."""
    asked = read_file(request, RequestFile)
    holder = read_file(key, OfficerFile)
    path = out or request.with_suffix(f".{holder.name}.json")
    if path.exists():
        raise RefusalError(f"{path} exists", "it is not overwritten: name another by --out")
    wanted, declared = asked.request, asked.declaration
    try:
        check_request(wanted, SystemClock().now_ms())
        check_shown(wanted, declared)
    except ValueError as error:
        raise RefusalError(str(error), "ask whoever made it") from None
    terminal = Terminal()
    days = f"{wanted.first_day} to {wanted.last_day}, UTC"
    for label, text in (
        ("Account", wanted.account),
        ("Days", days),
        ("Fields", ", ".join(declared.fields)),
        ("For", wanted.reference),
        ("Asked", shown_time(wanted.asked_ms)),
        ("Duty", f"{wanted.duty}: {declared.basis}"),
    ):
        terminal.heading(label, text)
    terminal.note("with a second officer's answer, whoever asked reads this of every text and call of these days")
    if not yes and not typer.confirm("Do you agree?", err=True):
        raise RefusalError("not agreed: nothing was written")
    opened = open_officer(holder, prompt("Passphrase of your key"))
    try:
        given = answered(wanted, declared, opened)
    except ValueError as error:
        raise RefusalError(str(error), "do not agree: ask whoever made it") from None
    except UnsealError:
        raise RefusalError(f"this key is not that of an officer of duty {wanted.duty}", "take the right one") from None
    write_new(path, AnswerFile(digest=wanted.digest, answer=given))
    terminal.say(f"{path}: give it to whoever asked")
