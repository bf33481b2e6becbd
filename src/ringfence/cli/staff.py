"""`ringfence staff`: the first member's link, who is staff, and removing somebody, from the operator's own terminal.

Whoever may run these is the user of the installation's files, and so above what the console protects.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

import typer

from ringfence.cli.ages import shown_time
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of_running
from ringfence.cli.terminal import Terminal
from ringfence.console.dependencies import domain_of
from ringfence.console.operator.staff import TERMINAL, Staff
from ringfence.console.refusals import RefusedError
from ringfence.domain.access.staff_role import ALL_STAFF_ROLES, StaffRole
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.ports.passkeys import RelyingParty
from ringfence.roles.console_storage import open_console_storage
from ringfence.roles.installation_lock import holder, is_alone
from ringfence.roles.process import clock_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.webauthn.passkeys import WebauthnPasskeys

COLUMNS = ("id", "name", "roles", "since", "invited_by", "approved_by", "may_sign_in_from", "removed")

commands = typer.Typer(help="Who may sign in to the operator's console.", no_args_is_help=True)


@commands.command()
def invite(
    name: Annotated[str, typer.Argument(help="Whom.", metavar="NAME")],
    role: Annotated[
        list[StaffRole] | None, typer.Option("--role", help="What they are for, each by its own --role; else all.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Print a link for the first member, which serves once and for ten minutes. Members invite all others,
    but for the week after one of them removed the last other one."""
    settings = settings_of_running(config, data)

    async def work(staff: Staff) -> None:
        secret = await staff.invite_first(name, role or ALL_STAFF_ROLES)
        terminal = Terminal()
        terminal.heading("Link", f"{settings.operator_origin}/join#{secret}", "once, within ten minutes")
        if not settings.staff_roots:
            terminal.note("any authenticator is taken: staff_roots names no makers")

    _operate(settings, work)


@commands.command("list")
def list_staff(output: OutputForm = Output.TABLE, config: Config = None, data: Data = None) -> None:
    """List members, and those who were."""

    async def work(staff: Staff) -> None:
        rows = [
            (
                *(
                    each.id,
                    each.name,
                    ", ".join(each.roles) or None,
                    shown_time(each.made_ms),
                    each.invited_by,
                    each.approved_by or None,
                ),
                *(shown_time(each.active_ms), None if each.removed_ms is None else shown_time(each.removed_ms)),
            )
            for each in await staff.members(removed=True)
        ]
        show(output, COLUMNS, rows)

    _operate(settings_of_running(config, data), work)


@commands.command()
def roles(
    member: Annotated[str, typer.Argument(help="Whose, as `staff list` has it.", metavar="ID")],
    role: Annotated[list[StaffRole], typer.Argument(help="What they are for from now on.", metavar="ROLE...")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Say what a member is for: support, operations, security. What each may do: `ringfence policy check`."""

    async def work(staff: Staff) -> None:
        await staff.give_roles(member, role)
        Terminal().say(f"{member} is for {', '.join(dict.fromkeys(role))}")

    _operate(settings_of_running(config, data), work)


@commands.command()
def remove(
    member: Annotated[str, typer.Argument(help="Whom, as `staff list` has it.", metavar="ID")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Remove a member: their sessions end at once. Of the last one too, after which `staff invite` works again."""

    async def work(staff: Staff) -> None:
        ended = await staff.remove(TERMINAL, member)
        Terminal().say(f"removed {member}")
        if not ended:
            Terminal().note("their grants end as soon as the key service answers the consoles")

    _operate(settings_of_running(config, data), work)


def _operate(settings: Settings, work: Callable[[Staff], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with _staff(settings) as staff:
            await work(staff)

    asyncio.run(bounded())


@contextlib.asynccontextmanager
async def _staff(settings: Settings) -> AsyncIterator[Staff]:
    if holder(settings.data_dir) is None and not is_alone(settings.data_dir, "kms"):
        raise RefusalError("nothing is up, and what is done here is written into the ledger", "ringfence up")
    client = Client(settings.socket("kms-console"))
    storage = await open_console_storage(settings)
    origin = settings.operator_origin
    party = RelyingParty(id=domain_of(origin), name="", origins=(origin,))
    try:
        keys = ConsoleKeyClient(client)
        yield Staff(storage, WebauthnPasskeys(), party, keys, clock_of(settings), keys)
    except RefusedError as error:
        raise RefusalError(error.text, "ringfence staff list") from None
    except ConnectionError:
        raise RefusalError("key service or database cannot be written", "`ringfence logs` tells why") from None
    finally:
        await storage.close()
        await client.close()
