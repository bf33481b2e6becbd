"""`ringfence number`: load the inventory, give numbers to accounts, say where their texts and calls go."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.account import PAGE
from ringfence.cli.account_row import account_row
from ringfence.cli.installation import Installation, operate
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.tenant import tenant_of
from ringfence.cli.terminal import Terminal
from ringfence.domain.how_many import how_many
from ringfence.domain.number import NumberKind, parse_e164
from ringfence.domain.standing import NumberConfig
from ringfence.ports.store import NumberRow, StockRow
from ringfence.roles.bootstrap import first_account_sid
from ringfence.roles.refusal import RefusalError
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.configure_number import configure_number, read_config

KINDS = ("local", "mobile", "tollfree")
COLUMNS = ("number", "kind", "locality", "area", "postal_code")
_SOLD_AS = {
    NumberKind.LOCAL: "local",
    NumberKind.FIXED_OR_MOBILE: "local",
    NumberKind.MOBILE: "mobile",
    NumberKind.TOLL_FREE: "tollfree",
}

_FIELDS = {"texts": "sms_", "calls": "voice_", "status": "status_"}
_GO = {"texts": "texts go", "calls": "calls go", "status": "the end of calls is reported"}

commands = typer.Typer(help="Load the inventory, give out numbers, configure them.", no_args_is_help=True)
Account = Annotated[str | None, typer.Option("--account", metavar="SID", help="Whose. Default: the first account.")]


@commands.command()
def add(number: str, account: Account = None, config: Config = None, data: Data = None) -> None:
    """Give a number to an account, out of the inventory or new to it."""

    async def work(it: Installation) -> None:
        owner = await account_row(it, account or await first_account_sid(it.store))
        offer = stock_row({"number": number})
        await it.store.stock([offer])
        row = await buy_number(
            it.store, it.keys, it.clock, account=owner.sid, number=offer.number, config=NumberConfig()
        )
        Terminal().say(f"{row.sid}  {row.number}  {row.region}  {row.kind}  now belongs to {owner.sid}")

    operate(settings_of(config, data), work)


@commands.command("list")
def list_numbers(
    account: Account = None, output: OutputForm = Output.TABLE, config: Config = None, data: Data = None
) -> None:
    """List an account's numbers."""

    async def work(it: Installation) -> None:
        owner = await account_row(it, account or await first_account_sid(it.store))
        found = await it.store.numbers(owner.sid, limit=PAGE)
        rows = [(row.number, row.region, row.kind, row.sid, row.friendly_name) for row in found]
        show(output, ("number", "region", "kind", "sid", "name"), rows)

    operate(settings_of(config, data), work)


@commands.command("show")
def show_number(number: str, output: OutputForm = Output.TABLE, config: Config = None, data: Data = None) -> None:
    """Show where a number's texts and calls go. Asks for its account's token, unless the profile has it."""
    settings = settings_of(config, data)

    async def work(it: Installation) -> None:
        row = await _owned(it, number)
        caller = await tenant_of(it, settings, row.account)
        (now,) = await read_config(it.keys, caller, [row])
        show(output, ("what", "method", "url"), _destinations(now))

    operate(settings, work)


@commands.command()
def configure(
    number: str,
    sms_url: Annotated[str | None, typer.Option("--sms-url", metavar="URL", help="Where its texts go.")] = None,
    sms_method: Annotated[str | None, typer.Option("--sms-method", metavar="METHOD", help="POST or GET.")] = None,
    voice_url: Annotated[str | None, typer.Option("--voice-url", metavar="URL", help="Where its calls go.")] = None,
    voice_method: Annotated[str | None, typer.Option("--voice-method", metavar="METHOD", help="POST or GET.")] = None,
    status_callback: Annotated[
        str | None, typer.Option("--status-callback", metavar="URL", help="Where the end of its calls is reported.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Say where a number's texts and calls go; "" sends them nowhere. Asks for the token, unless the profile has it."""
    settings = settings_of(config, data)
    changes = {
        "sms_url": sms_url,
        "sms_method": _method(sms_method),
        "voice_url": voice_url,
        "voice_method": _method(voice_method),
        "status_callback": status_callback,
    }

    async def work(it: Installation) -> None:
        row = await _owned(it, number)
        caller = await tenant_of(it, settings, row.account)
        set_now = {name: value for name, value in changes.items() if value is not None}
        _, now = await configure_number(it.store, it.keys, it.clock, row, caller=caller, changes=set_now)
        for what, method, url in _destinations(now):
            if not set_now or any(name.startswith(_FIELDS[what]) for name in set_now):
                Terminal().say(f"{row.number}  {_GO[what]} {f'to {method} {url}' if url else 'nowhere'}")

    operate(settings, work)


@commands.command()
def stock(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="CSV of numbers to add.")] = None,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
) -> None:
    """Load numbers for sale from a CSV file with a heading; without one, show what is for sale."""
    rows = read_stock(file) if file else []

    async def work(it: Installation) -> None:
        if file:
            # A list that a program reads holds nothing else.
            terminal = Terminal()
            tell = terminal.say if output is Output.TABLE else terminal.note
            tell(f"{await it.store.stock(rows)} new of {how_many(len(rows), 'number')}")
        regions = await it.store.stocked_regions()
        found = [(name, ", ".join(sorted(regions[name]))) for name in sorted(regions)]
        show(output, ("region", "kinds"), found)

    operate(settings_of(config, data), work)


async def _owned(it: Installation, number: str) -> NumberRow:
    row = await it.store.number_by_e164(stock_row({"number": number}).number)
    if row is None:
        raise RefusalError(f"{number} belongs to nobody here", f"ringfence number add {number}")
    return row


def _method(given: str | None) -> str | None:
    method = given.upper() if given else None
    if method not in (None, "GET", "POST"):
        raise RefusalError(f"{given} is not a method of webhooks", "POST or GET", exit_code=2)
    return method


def _destinations(config: NumberConfig) -> list[tuple[str, str, str]]:
    return [
        ("texts", config.sms_method, config.sms_url),
        ("calls", config.voice_method, config.voice_url),
        ("status", config.status_callback_method, config.status_callback),
    ]


def read_stock(file: Path) -> list[StockRow]:
    """The inventory in a CSV file: a column number, and optionally kind, locality, area and postal_code."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, strict=True)
            heads = reader.fieldnames or []
            if "number" not in heads or not set(heads) <= set(COLUMNS):
                cause = f"{file}:1: the heading is not of {', '.join(COLUMNS)}"
                raise RefusalError(cause, f"begin it with: {','.join(COLUMNS)}; number is needed", exit_code=2)
            rows = []
            for fields in reader:
                try:
                    rows.append(stock_row({name: value or "" for name, value in fields.items() if name in COLUMNS}))
                except RefusalError as refusal:
                    cause = f"{file}:{reader.line_num}: {refusal.cause}"
                    raise RefusalError(cause, refusal.cure, exit_code=2) from None
            return rows
    except OSError as error:
        raise RefusalError(f"{file}: {error.strerror}", "name another file", exit_code=2) from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise RefusalError(f"{file}: not CSV ({error})", "save it as CSV in UTF-8", exit_code=2) from None


def stock_row(fields: dict[str, str]) -> StockRow:
    """One number for sale. RefusalError for what is no number, or of no kind that is sold."""
    parsed = parse_e164(fields["number"])
    if parsed is None:
        raise RefusalError("that is not a phone number", "write it as +12025550123", exit_code=2)
    kind = fields.get("kind") or _SOLD_AS.get(parsed.kind)
    if kind not in KINDS:
        raise RefusalError("its kind is not known", f"give a column kind: {', '.join(KINDS)}", exit_code=2)
    return StockRow(
        number=parsed.e164,
        region=parsed.region,
        kind=kind,
        locality=fields.get("locality", ""),
        area=fields.get("area", ""),
        postal_code=fields.get("postal_code", ""),
    )
