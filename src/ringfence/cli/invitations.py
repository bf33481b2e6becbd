"""`ringfence account invite`, `invites`, `withdraw`: links that make an account whose secrets no operator sees."""

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Annotated, Final

import typer

from ringfence.cli.installation import Installation, operate
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of_running
from ringfence.cli.terminal import Terminal
from ringfence.console.operator.staff import TERMINAL
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.ports.access_notes import OPERATOR
from ringfence.ports.invitations import InvitationRow
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.accounts.invitation import invite as make_invitation
from ringfence.usecases.accounts.invitation import new_invitation_id

_ACTOR: Final = f"staff:{TERMINAL}"


def invite(
    name: Annotated[str, typer.Argument(help="What to call the account.")], config: Config = None, data: Data = None
) -> None:
    """Print a link that makes one account, once and within seven days. Its secrets are shown to who opens it alone."""
    settings = settings_of_running(config, data)

    async def work(it: Installation) -> None:
        invitation = new_invitation_id(it.clock)
        async with _notes(settings) as notes:
            await notes.note(OPERATOR, _ACTOR, "invite_account", (invitation,))
        made = await make_invitation(it.store, it.clock, invitation=invitation, name=name)
        terminal = Terminal()
        terminal.heading("Invitation", made.id)
        terminal.heading(
            "Link", f"{settings.url}/invite#{made.secret}", "once, within seven days; give it to them alone"
        )

    operate(settings, work)


def invites(output: OutputForm = Output.TABLE, config: Config = None, data: Data = None) -> None:
    """List invitations, the newest first: which are open, and what account was made by which."""
    settings = settings_of_running(config, data)

    async def work(it: Installation) -> None:
        now_ms = it.clock.now_ms()
        rows = [
            (row.id, _state(row, now_ms), _time(row.expires_ms), row.account or None, row.name)
            for row in await it.store.invitations()
        ]
        show(output, ("invitation", "state", "until", "account", "name"), rows)

    operate(settings, work)


def withdraw(
    invitation: Annotated[str, typer.Argument(help="Which invitation.", metavar="ID")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Withdraw an invitation: its link makes nothing any more. An account that it made stays."""
    settings = settings_of_running(config, data)

    async def work(it: Installation) -> None:
        found = [row for row in await it.store.invitations() if row.id == invitation]
        if not found:
            raise RefusalError(f"there is no invitation {invitation}", "ringfence account invites")
        async with _notes(settings) as notes:
            await notes.note(OPERATOR, _ACTOR, "withdraw_invitation", (invitation,))
        await it.store.delete_invitation(invitation)
        Terminal().say("withdrawn; an account that it made stays")

    operate(settings, work)


@contextlib.asynccontextmanager
async def _notes(settings: Settings) -> AsyncIterator[ConsoleKeyClient]:
    client = Client(settings.socket("kms-console"))
    try:
        yield ConsoleKeyClient(client)
    finally:
        await client.close()


def _state(row: InvitationRow, now_ms: int) -> str:
    if row.taken_ms:
        return "taken"
    return "open" if row.is_open(now_ms) else "ended"


def _time(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms / 1000))
