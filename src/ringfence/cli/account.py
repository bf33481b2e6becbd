"""`ringfence account`: make accounts, list them, give one a new token, or a page that recovers it."""

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ringfence.cli.account_row import account_row
from ringfence.cli.console_link import make_console_link
from ringfence.cli.installation import Installation, operate
from ringfence.cli.invitations import invite, invites, withdraw
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.notice_address import notices
from ringfence.cli.options import Config, Data, settings_of, settings_of_running
from ringfence.cli.private_file import write_private
from ringfence.cli.profile import keep_profile, read_profile
from ringfence.cli.recovery_pdf import GROUPS_A_ROW, recovery_pdf
from ringfence.cli.tenant import tenant_of
from ringfence.cli.terminal import Terminal
from ringfence.domain.recovery_kit import WrittenWrongError, read_recovery_secret, write_recovery_secret
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.store import AccountRow
from ringfence.roles.installation_lock import holder, is_alone
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.accounts.create_account import NewAccount, create_account
from ringfence.usecases.accounts.recovery_kit import kit_caller, make_recovery_kit, recover_account
from ringfence.usecases.accounts.rotate_auth_token import rotate_auth_token

PAGE = 1000
KIT_STAYS = "name another file; a kit made before still opens"

commands = typer.Typer(help="Create accounts, list them, give one a new token.", no_args_is_help=True)
for each in (invite, invites, withdraw, notices):
    commands.command()(each)


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    parent: Annotated[str | None, typer.Option("--parent", metavar="SID", help="Make it a subaccount of this.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Create an account and show its token, once, to whoever runs this. `invite` shows it to its owner alone."""

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
        keep_token(settings, made)
        terminal = Terminal()
        terminal.heading("Account", made.sid)
        terminal.heading("Token", made.auth_token, "shown once")

    operate(settings, work)


@commands.command("recovery-kit")
def recovery_kit(
    sid: Annotated[str, typer.Argument(help="Which account.", metavar="SID")],
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Write it there, to be printed, and do not show it.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a page that opens the account when all its secrets are lost. It needs the Auth Token, and is shown once."""
    settings = settings_of(config, data)
    if pdf is not None and pdf.exists():
        raise RefusalError(f"{pdf} is there already", "name a file that is not")

    async def work(it: Installation) -> None:
        row = await account_row(it, sid)
        caller = await tenant_of(it, settings, sid)
        terminal = Terminal()

        def keep(secret: bytes) -> None:
            groups = write_recovery_secret(secret)
            if pdf is None:
                for start in range(0, len(groups), GROUPS_A_ROW):
                    terminal.say("  ".join(groups[start : start + GROUPS_A_ROW]))
                return
            made = time.strftime("%Y-%m-%d", time.gmtime(it.clock.now_ms() / 1000))
            write_private(
                pdf,
                recovery_pdf(sid, row.friendly_name, groups, made),
                KIT_STAYS,
            )

        await make_recovery_kit(it.keys, caller=caller, account=sid, keep=keep)
        if pdf is None:
            terminal.note("shown once; a kit made before opens nothing any more")
        else:
            terminal.say(f"{pdf}: print it, put it away, and delete the file; a kit made before opens nothing any more")

    operate(settings, work)


@commands.command("console-link")
def console_link(
    sid: Annotated[str, typer.Argument(help="Which account.", metavar="SID")],
    owner: Annotated[bool, typer.Option("--owner", help="For whoever is to be an owner, after 72 hours.")] = False,
    kit: Annotated[bool, typer.Option("--kit", help="Ask for the recovery kit in the Auth Token's place.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Print a link that lets one passkey into the console, once and within ten minutes. It asks for the Auth Token."""
    settings = settings_of_running(config, data)
    if holder(settings.data_dir) is None and not is_alone(settings.data_dir, "kms"):
        raise RefusalError("nothing is up, and a link lasts ten minutes", "ringfence up")

    async def work(it: Installation) -> None:
        await account_row(it, sid)
        caller = kit_caller(sid, _typed_kit(sid)) if kit else await tenant_of(it, settings, sid)
        try:
            link = await make_console_link(settings, it.clock, caller, owner=owner)
        except KeyRefusedError as error:
            raise RefusalError(f"the key service refused: {error}", "type the secret that was made last") from None
        terminal = Terminal()
        terminal.heading("Link", link, "once, within ten minutes; whoever has it reads everything")
        if owner:
            terminal.note("where there are members, all of them see it for 72 hours, and an owner may refuse")

    operate(settings, work)


@commands.command()
def recover(
    sid: Annotated[str, typer.Argument(help="Which account.", metavar="SID")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Give an account a new Auth Token by its recovery kit, which it asks for."""
    settings = settings_of(config, data)

    async def work(it: Installation) -> None:
        row, secret = await account_row(it, sid), _typed_kit(sid)
        try:
            made = await recover_account(it.store, it.keys, it.clock, account=row, secret=secret)
        except KeyRefusedError:
            raise RefusalError(f"that is not the recovery kit of {sid}", "a later one replaced it, perhaps") from None
        keep_token(settings, made)
        terminal = Terminal()
        terminal.heading("Account", made.sid)
        terminal.heading("Token", made.auth_token, "shown once; the kit opens the account as before")

    operate(settings, work)


def _typed_kit(sid: str) -> bytes:
    """The secret of a kit that is asked for. RefusalError for what is none."""
    try:
        return read_recovery_secret(typer.prompt(f"Recovery kit of {sid}", hide_input=True, err=True))
    except WrittenWrongError as error:
        raise RefusalError(str(error), "type it again: case, spaces and hyphens do not count") from None


def keep_token(settings: Settings, made: NewAccount) -> None:
    """In dev the profile follows, where it is that account's."""
    profile = read_profile(settings)
    if profile is not None and profile.account_sid == made.sid:
        keep_profile(settings, msgspec.structs.replace(profile, auth_token=made.auth_token))
