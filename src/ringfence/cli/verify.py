"""`ringfence verify`: what an account's verifications come to."""

from typing import Annotated

import typer

from ringfence.cli.account_row import account_row
from ringfence.cli.installation import Installation, operate
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of
from ringfence.domain.phishing_report import phishing_report
from ringfence.roles.bootstrap import first_account_sid

DAY_MS = 86_400_000
COLUMNS = ("service", "channel", "sign_ins", "phishable", "stepped_down", "advice")

commands = typer.Typer(help="One-time codes and other sign-ins: how many could be phished.", no_args_is_help=True)
Account = Annotated[str | None, typer.Option("--account", metavar="SID", help="Whose. Default: the first account.")]
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="How many days to look back.")]


@commands.callback()
def _group() -> None:
    """Commands about verifications."""


@commands.command()
def report(
    account: Account = None,
    days: Days = 30,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell how many sign-ins of the last days could have been phished, by service and channel, and what would help."""

    async def work(it: Installation) -> None:
        until_ms = it.clock.now_ms() + 1
        owner = await account_row(it, account or await first_account_sid(it.store))
        counts = await it.store.sign_ins(owner.sid, until_ms - days * DAY_MS, until_ms)
        lines = phishing_report(counts).lines
        rows = [
            (line.service, line.channel, line.sign_ins, line.phishable, line.stepped_down, line.advice or None)
            for line in lines
        ]
        show(output, COLUMNS, rows)

    operate(settings_of(config, data), work)
