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
from ringfence.ports.invitations import InvitationRow, Invitations
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.accounts.invitation import invite as make_invitation
from ringfence.usecases.accounts.invitation import new_invitation_id

_ACTOR: Final = f"staff:{TERMINAL}"
_PAGE: Final = 1_000


def invite(
    name: Annotated[str, typer.Argument(help="What to call the account.")], config: Config = None, data: Data = None
) -> None:
    """Print a link that makes one account, once and within seven days. Its secrets are shown to who opens it alone."""
    settings = settings_of_running(config, data)

    async def work(it: Installation) -> None:
        invitation = new_invitation_id(it.clock)
        async with _notes(settings) as notes:
            await notes.note(OPERATOR, _ACTOR, "invite_account", (invitation,))
        made = await make_invitation(it.store, it.clock, invitation=invitation, name=name, by=TERMINAL)
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
            (row.id, _state(row, now_ms), _time(row.expires_ms), row.account or None, row.name, row.invited_by)
            for row in await _all(it.store)
        ]
        show(output, ("invitation", "state", "until", "account", "name", "invited_by"), rows)

    operate(settings, work)


def withdraw(
    invitation: Annotated[str, typer.Argument(help="Which invitation.", metavar="ID")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Withdraw an invitation that was not taken: its link makes nothing any more."""
    settings = settings_of_running(config, data)

    async def work(it: Installation) -> None:
        await _refuse_unless_open(it.store, invitation)
        async with _notes(settings) as notes:
            await notes.note(OPERATOR, _ACTOR, "withdraw_invitation", (invitation,))
        if not await it.store.delete_invitation(invitation):
            await _refuse_unless_open(it.store, invitation)
        Terminal().say("withdrawn")

    operate(settings, work)


async def _all(store: Invitations) -> list[InvitationRow]:
    found: list[InvitationRow] = []
    while page := await store.invitations(before=found[-1].id if found else None, limit=_PAGE):
        found += page
    return found


async def _refuse_unless_open(store: Invitations, invitation: str) -> None:
    for row in await _all(store):
        if row.id == invitation:
            if row.taken_ms:
                raise RefusalError(
                    f"{invitation} was taken: {row.account} may stand", f"ringfence freeze account {row.account}"
                )
            return
    raise RefusalError(f"there is no invitation {invitation}", "ringfence account invites")


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
