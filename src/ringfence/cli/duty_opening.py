"""The operator's two commands of an opening: make a request for the officers, and read what two of them agreed to.

The request has a key of its own, in a file beside it. Whoever has that file and both answers has the duty's key, so it
is destroyed as soon as the records are read.
"""

import contextlib
import datetime
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.account_row import account_row
from ringfence.cli.duty_files import (
    AnswerFile,
    RequestFile,
    SessionFile,
    destroy,
    new_session,
    read_file,
    write_new,
)
from ringfence.cli.installation import Installation, operate
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.private_file import write_private
from ringfence.cli.terminal import Terminal
from ringfence.domain.csv_text import csv_text
from ringfence.domain.how_many import how_many
from ringfence.domain.retention.facts import Facts, Field
from ringfence.domain.retention.opening import Answer, Request, agreed, check_request, joined
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.duty_box import open_box
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.retained import open_retained, record_key
from ringfence.ports.duties import BOXES_AT_ONCE
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.retention import RetainedRow
from ringfence.roles.refusal import RefusalError

ROWS_AT_ONCE = 1_000


def ask(
    account: Annotated[str, typer.Option("--account", metavar="SID", help="Whose texts and calls.")],
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, as 2026-11-01, in UTC.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day: at most 92 at once.")],
    reference: Annotated[
        str, typer.Option("--reference", metavar="TEXT", help="The order or case: the tenant's ledger will have it.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the request goes.")],
    duty: Annotated[
        int | None, typer.Option("--duty", metavar="N", help="Which duty's records. Default: the newest that has any.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Write a request for two officers. It opens nothing by itself, and is good for 72 hours."""
    days = _day(first, "--from"), _day(last, "--to")
    secret = _secret_beside(out)
    for path in (out, secret):
        if path.exists():
            raise RefusalError(f"{path} exists", "it is not overwritten: name another by --out")

    async def work(it: Installation) -> None:
        await account_row(it, account)
        number = duty if duty is not None else await _newest(it)
        try:
            declaration = await it.operator.declaration(number)
        except KeyRefusedError as error:
            raise RefusalError(str(error), "`ringfence duty show` lists them") from None
        session, recipient = new_session()
        request = Request(
            duty=number,
            account=account,
            first_day=days[0],
            last_day=days[1],
            reference=reference,
            shown=declaration.shown,
            session=recipient.public,
            asked_ms=it.clock.now_ms(),
        )
        try:
            check_request(request, it.clock.now_ms())
        except ValueError as error:
            raise RefusalError(str(error), "ringfence duty ask --help", exit_code=2) from None
        write_new(secret, session)
        write_new(out, RequestFile(request=request, declaration=declaration))
        terminal = Terminal()
        terminal.say(f"{out}: give it to two of {', '.join(officer.name for officer in declaration.officers)}")
        terminal.note(f"{secret} stays here, and goes when the records are read")

    operate(settings_of(config, data), work)


def open_kept(
    request: Annotated[Path, typer.Argument(help="The request, as `duty ask` wrote it.", metavar="FILE")],
    answers: Annotated[list[Path], typer.Argument(help="The two officers' answers.", metavar="ANSWER ANSWER")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the records go, as CSV.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Open what two officers agreed to. The tenant's ledger has it before a key is released."""
    asked = read_file(request, RequestFile)
    secret = _secret_beside(request)
    if not secret.exists():
        raise RefusalError(
            f"{secret} is not here: it stays where `duty ask` ran, and is destroyed once the records were read",
            "run it there; to read once more, ask anew by `ringfence duty ask`",
        )
    session = Recipient(read_file(secret, SessionFile).private)
    given = [read_file(path, AnswerFile) for path in answers]
    if out.exists():
        raise RefusalError(f"{out} exists", "it is not overwritten: name another by --out")
    if any(each.digest != asked.request.digest for each in given):
        raise RefusalError("an answer is to another request", "name the two answers to this one")
    duty_key = _joined(asked, [each.answer for each in given], session)
    signatures = [(each.answer.officer, each.answer.signature) for each in given]

    async def work(it: Installation) -> None:
        epochs = await _epoch_keys(it, asked.request, signatures, duty_key)
        fields = asked.declaration.fields
        closed: list[str] = []
        rows = [row async for row in _records(it, asked.request, epochs, fields, closed)]
        write_private(out, csv_text(("sid", *fields), rows).encode())
        destroy(secret)
        terminal = Terminal()
        terminal.say(f"{out}: {how_many(len(rows), 'record')} of {asked.request.account}")
        terminal.note("the account's ledger has this opening, with both officers' names")
        if closed:
            parts = how_many(len(closed), "part")
            terminal.warn(f"{parts} not opened, since the days are over or it was altered; the first is of {closed[0]}")
            raise typer.Exit(1)

    operate(settings_of(config, data), work)


def _joined(asked: RequestFile, answers: Sequence[Answer], session: Recipient) -> Recipient:
    """The duty's private key. RefusalError unless exactly two officers agreed to this request."""
    try:
        agreed(asked.request, asked.declaration, [(each.officer, each.signature) for each in answers])
        return joined(asked.request, asked.declaration, (answers[0], answers[1]), session)
    except ValueError as error:
        raise RefusalError(str(error), "name the answers of two officers of this duty") from None
    except UnsealError:
        raise RefusalError("the two halves do not make the duty's key", "ask both officers again") from None


async def _epoch_keys(
    it: Installation, request: Request, signatures: Sequence[tuple[str, bytes]], duty_key: Recipient
) -> dict[int, list[bytes]]:
    """The retained keys of all epochs that the request covers."""
    keys: dict[int, list[bytes]] = {}
    try:
        more = True
        while more:
            boxes = await it.operator.open_duty(request, signatures, max(keys, default=0))
            more = len(boxes) >= BOXES_AT_ONCE
            for epoch, inner in boxes:
                key = open_box(duty_key, request.account, request.duty, epoch, inner)
                keys.setdefault(epoch, []).append(key)
    except (ValueError, KeyRefusedError) as error:
        raise RefusalError(f"the key service refused: {error}", "ask anew, by `ringfence duty ask`") from None
    except UnsealError:
        raise RefusalError(
            "a box does not open under the duty's key", "restore the key service from its copy"
        ) from None
    return keys


async def _records(
    it: Installation, request: Request, epochs: dict[int, list[bytes]], fields: Sequence[Field], closed: list[str]
) -> AsyncIterator[Sequence[object]]:
    """A row of the table for each record, by its SID: what its parts hold, together. `closed` gets what stays shut."""
    async for sid, parts in _by_record(it, request):
        known: dict[str, object] = {}
        for part in parts:
            try:
                known |= _known(part, epochs)
            except UnsealError:
                closed.append(sid)
        yield (sid, *(known.get(field) for field in fields))


async def _by_record(it: Installation, request: Request) -> AsyncIterator[tuple[str, list[RetainedRow]]]:
    after = ("", 0)
    held: list[RetainedRow] = []
    while rows := await it.store.retained(
        request.account, request.duty, *request.epochs, after=after, limit=ROWS_AT_ONCE
    ):
        after = rows[-1].sid, rows[-1].part
        *whole, last = _grouped([*held, *rows])
        for group in whole:
            yield group[0].sid, group
        held = last
    if held:
        yield held[0].sid, held


def _grouped(rows: Sequence[RetainedRow]) -> Iterator[list[RetainedRow]]:
    return (list(group) for _, group in itertools.groupby(rows, key=lambda row: row.sid))


def _known(row: RetainedRow, epochs: dict[int, list[bytes]]) -> dict[str, object]:
    facts = _opened(row, epochs.get(row.epoch, []))
    known = {field: getattr(facts, field) for field in facts.__struct_fields__}
    if facts.accepted_at is not None:
        known["accepted_at"] = datetime.datetime.fromtimestamp(facts.accepted_at, datetime.UTC).isoformat()
    return {field: value for field, value in known.items() if value is not None}


def _opened(row: RetainedRow, keys: Sequence[bytes]) -> Facts:
    """By the one of the epoch's keys that it is sealed under. UnsealError."""
    for key in keys:
        with contextlib.suppress(UnsealError):
            return open_retained(record_key(key, row.sid, row.part), row.account, row.sid, row.part, row.sealed)
    raise UnsealError


async def _newest(it: Installation) -> int:
    number = next((duty.number for duty in await it.operator.duties() if not duty.erased), None)
    if number is None:
        raise RefusalError("nothing was ever retained, or it was erased", "`ringfence duty show` lists what there was")
    return number


def _day(text: str, option: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise RefusalError(f"{option}: {text!r} is no day", "as 2026-11-01", exit_code=2) from None


def _secret_beside(request: Path) -> Path:
    return request.with_name(f"{request.name}.key")
