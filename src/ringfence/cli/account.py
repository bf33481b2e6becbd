"""`ringfence account`: make accounts, list them, give one a new token."""

from typing import Annotated

import msgspec
import typer

from ringfence.cli.installation import Installation, operate
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.profile import keep_profile, read_profile
from ringfence.cli.tenant import tenant_of
from ringfence.cli.terminal import Terminal
from ringfence.ports.store import AccountRow
from ringfence.roles.refusal import RefusalError
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.rotate_auth_token import rotate_auth_token

PAGE = 1000

commands = typer.Typer(help="Create accounts, list them, give one a new token.", no_args_is_help=True)


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    parent: Annotated[str | None, typer.Option("--parent", metavar="SID", help="Make it a subaccount of this.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Create an account. Its token is shown only once."""

    async def work(it: Installation) -> None:
        above = await account_row(it, parent) if parent else None
        made = await create_account(it.store, it.keys, it.clock, friendly_name=name, parent=above)
        terminal = Terminal()
        terminal.heading("Account", made.sid)
        terminal.heading("Token", made.auth_token, "shown once; without it this account's content is lost")

    operate(settings_of(config, data), work)


@commands.command("list")
def list_accounts(output: OutputForm = Output.TABLE, config: Config = None, data: Data = None) -> None:
    """List all accounts, the newest first."""

    async def work(it: Installation) -> None:
        found: list[AccountRow] = []
        for top in await it.store.accounts(None, limit=PAGE):
            found += await it.store.accounts(top.sid, limit=PAGE)
        rows = [(row.sid, row.status, row.parent, row.friendly_name) for row in found]
        show(output, ("account", "status", "parent", "name"), rows)

    operate(settings_of(config, data), work)


@commands.command()
def rotate(
    sid: Annotated[str, typer.Argument(help="Which account.", metavar="SID")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Give an account a new Auth Token in place of the old one, which it asks for unless the profile has it."""
    settings = settings_of(config, data)

    async def work(it: Installation) -> None:
        row = await account_row(it, sid)
        caller = await tenant_of(it, settings, sid)
        made = await rotate_auth_token(it.store, it.keys, it.clock, caller=caller, account=row)
        profile = read_profile(settings)
        if profile is not None and profile.account_sid == sid:
            keep_profile(settings, msgspec.structs.replace(profile, auth_token=made.auth_token))
        terminal = Terminal()
        terminal.heading("Account", made.sid)
        terminal.heading("Token", made.auth_token, "shown once")

    operate(settings, work)


async def account_row(installation: Installation, sid: str) -> AccountRow:
    """The account. RefusalError when there is none of that SID."""
    row = await installation.store.account(sid)
    if row is None:
        raise RefusalError(f"there is no account {sid}", "ringfence account list")
    return row
