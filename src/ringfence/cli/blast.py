"""`ringfence blast`: whom somebody reached, from the ledger alone."""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ringfence.cli.ages import moment_ms, shown_time
from ringfence.cli.blast_report import BlastReport, report_page
from ringfence.cli.blast_told import tell_tenants
from ringfence.cli.ledger import open_ledger
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of, settings_of_running
from ringfence.cli.terminal import Terminal
from ringfence.console.blast_notices import KEY_NOTED, SESSION_NOTED, STAFF_NOTED
from ringfence.domain.how_many import how_many
from ringfence.domain.ledger.blast import STAFF, left_unopened, reach_of, session_of
from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.leave import leaves_of
from ringfence.domain.ledger.note import split_note
from ringfence.kms.ledger import index
from ringfence.kms.ledger.lines import Line
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.roles.process import clock_of
from ringfence.roles.refusal import RefusalError

Tell = Annotated[
    bool, typer.Option("--tell", help="Tell the accounts that were reached, in their console and by webhook.")
]
GAP = "log.gap"
REACHED = ("account", "openings", "objects", "first", "last")
By = Annotated[str | None, typer.Option("--key", metavar="SID", help="Who opened: the SID of a credential.")]
In = Annotated[str | None, typer.Option("--session", metavar="SID", help="In which session of a console it was done.")]
Staff = Annotated[str | None, typer.Option("--staff", metavar="ID", help="Who opened: a member of staff.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="90s, 2h, 3d ago, or 2026-11-29T10:00 UTC.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="The same, for the end.")]


def blast(
    key: Annotated[
        str | None, typer.Option("--key", metavar="SID", help="Who opened: the SID of a credential.")
    ] = None,
    session: In = None,
    staff: Staff = None,
    since: Since = None,
    until: Until = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report to send: one file, no script in it.")
    ] = None,
    tell: Tell = False,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
) -> None:
    """Say whom somebody reached: which accounts, how much of them, from when to when."""
    settings = settings_of(config, data)
    now_ms = clock_of(settings).now_ms()
    who = _who(key, session, staff)
    if who is None and since is None:
        raise RefusalError("whose?", "name --key, --session or --staff, or for everybody --since", exit_code=2)
    from_ms = 0 if since is None else moment_ms(since, "--since", now_ms)
    until_ms = now_ms if until is None else moment_ms(until, "--until", now_ms)
    with open_ledger(settings) as ledger:
        lines = [line for line in _lines(ledger, who) if from_ms <= line.entry.at_ms <= until_ms]
        reached = reach_of(_told(lines))
        if html is not None:
            note = ledger.note()
            signed = parse_checkpoint(split_note(note)[0]).size if note else 0
            report = BlastReport(
                who="everybody" if who is None else _named(*who),
                from_ms=from_ms,
                until_ms=until_ms,
                made_ms=now_ms,
                lines=lines,
                reached=reached,
                left=left_unopened(_told(lines)),
                gaps=list(_gaps(ledger, from_ms, until_ms)),
                signed=signed,
                checkpoint=note,
            )
            page = report_page(report).encode()
            html.write_bytes(page)
            digest = hashlib.sha256(page).hexdigest()
    if tell and who is None:
        raise RefusalError("tell whom of whom?", "name --key, --session or --staff", exit_code=2)
    if tell and who is not None and reached:
        running = settings_of_running(config, data, elsewhere=False)
        told = tell_tenants(running, _named(*who), reached, leaves_of(_told(lines)), now_ms)
        Terminal().note(f"told on the first page of the console: {told.pages} of {how_many(len(reached), 'account')}")
        Terminal().note(f"told by webhook: {told.webhooks}, of those that have an address for notices")
    if not reached:
        span = f" of the last {since}" if since and until is None else " of that time" if since or until else ""
        whose = "" if who is None else f" by {who[1]}"
        Terminal().note(f"the ledger has no opening{span}{whose}: compare it with the actors of `ledger show`")
    if output is Output.JSON:
        sys.stdout.write(msgspec.json.encode(reached).decode() + "\n")
        return
    rows = [
        (one.account, one.openings, len(one.objects), shown_time(one.first_ms), shown_time(one.last_ms))
        for one in reached
    ]
    show(output, REACHED, rows)
    if html is not None:
        Terminal().note(f"the report is {html}, SHA-256 {digest}")


def _who(key: str | None, session: str | None, staff: str | None) -> tuple[index.By, str] | None:
    given: list[tuple[index.By, str]] = []
    if key is not None:
        given.append(("actor", key))
    if session is not None:
        given.append(("session", session))
    if staff is not None:
        given.append(("actor", f"{STAFF}{staff}"))
    if len(given) > 1:
        raise RefusalError("--key, --session and --staff name three different things", "name one", exit_code=2)
    return given[0] if given else None


def _named(by: index.By, name: str) -> str:
    if by == "session":
        return f"{SESSION_NOTED} {name}"
    return f"{STAFF_NOTED} {name.removeprefix(STAFF)}" if name.startswith(STAFF) else f"{KEY_NOTED} {name}"


def _lines(ledger: LedgerReader, who: tuple[index.By, str] | None) -> Iterator[Line]:
    """What somebody did, and where that is staff what was granted in their sessions, in order."""
    if who is None:
        yield from ledger.lines()
        return
    own = list(ledger.lines_of(*who))
    sessions = {session_of(line.entry.scope) for line in own if line.entry.actor.startswith(STAFF)} - {""}
    granted = [
        line
        for session in sorted(sessions)
        for line in ledger.lines_of("session", session)
        if line.entry.verb.startswith("grant.")
    ]
    yield from sorted({line.n: line for line in (*own, *granted)}.values(), key=lambda line: line.n)


def _gaps(ledger: LedgerReader, from_ms: int, until_ms: int) -> Iterator[tuple[int, int, int]]:
    """What the ledger says that it lost in that time: how many entries, the first and the last of them, in ms."""
    for line in ledger.lines_of("account", ""):
        if line.entry.verb == GAP:
            count, first_ms, last_ms = map(int, line.entry.scope)
            if first_ms <= until_ms and last_ms >= from_ms:
                yield count, first_ms, last_ms


def _told(lines: Sequence[Line]) -> Iterator[tuple[int, str, str, tuple[str, ...]]]:
    return ((one.entry.at_ms, one.entry.account, one.entry.verb, one.entry.scope) for one in lines)
