"""`ringfence events`: what tenants' programs could not be told, and telling it again."""

import sys
from typing import Annotated

import typer
import uvloop

from ringfence.cli.account_row import account_row
from ringfence.cli.ages import age_ms, shown_time
from ringfence.cli.installation import Installation, opened, operate
from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.profile import read_profile
from ringfence.cli.tenant import tenant_of
from ringfence.cli.terminal import Terminal
from ringfence.cli.webhook_watch import await_webhook, dispatcher_view, failed, tell, what_was_said
from ringfence.ports.keys import Caller
from ringfence.ports.notices import NOTICE_PREFIX
from ringfence.ports.outbox import EventFilter
from ringfence.roles.bootstrap import first_account_sid
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.wakes import every_dispatcher
from ringfence.usecases.timeline.tell_again import EventTeller
from ringfence.usecases.webhooks.replay import MAX_REPLAYED, Replayer

SHOWN = 100

commands = typer.Typer(help="Webhooks that failed for good: list them, send them again.", no_args_is_help=True)
Account = Annotated[str | None, typer.Option("--account", metavar="SID", help="Whose. Default: the first account.")]


@commands.command("list")
def list_failed(
    account: Account = None, output: OutputForm = Output.TABLE, config: Config = None, data: Data = None
) -> None:
    """List an account's events whose webhook failed for good, newest first."""

    async def work(it: Installation) -> None:
        owner = await account_row(it, account or await first_account_sid(it.store))
        dead = await it.store.latest_events(owner.sid, EventFilter(state="dead"), limit=SHOWN)
        rows = [(event.id, shown_time(event.at_ms), event.kind, event.message_sid, event.attempts) for event in dead]
        show(output, ("event", "at", "kind", "message", "attempts"), rows)

    operate(settings_of(config, data), work)


@commands.command()
def resend(
    event: Annotated[int, typer.Argument(help="Which one.", metavar="ID")],
    account: Account = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Send one event again now, and show the outcome; the answer too, where the profile has the account's token."""
    settings = settings_of(config, data)

    async def work() -> int:
        async with dispatcher_view(settings) as view, opened(settings) as it:
            owner = account or await first_account_sid(it.store)
            profile = read_profile(settings)
            present = profile is not None and profile.account_sid == owner
            caller = await tenant_of(it, settings, owner) if present else None
            await _tell_again(it, settings, owner, event, caller)
            call = await await_webhook(view, lambda seen: (seen.account, seen.event_id) == (owner, event))
            if call is None:
                raise RefusalError(
                    f"event {event} was not sent in time", "`ringfence logs --follow` shows whether it is"
                )
            tell(Terminal(), call, await what_was_said(it, caller, call) if caller is not None else None)
            return int(failed(call))

    sys.exit(uvloop.run(work()))


@commands.command()
def replay(
    event: Annotated[int | None, typer.Argument(help="Which one; without it, all that failed.", metavar="[ID]")] = None,
    since: Annotated[str, typer.Option("--since", metavar="AGE", help="All that failed since: 90s, 2h, 3d.")] = "1d",
    account: Account = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Send one event again, or all that failed for good since a time."""
    settings = settings_of(config, data)
    back_ms = age_ms(since)

    async def work(it: Installation) -> None:
        owner = account or await first_account_sid(it.store)
        if event is not None:
            await _replay_one(it, settings, owner, event)
            Terminal().say(f"event {event} will be sent again")
            return
        async with every_dispatcher(settings) as wake:
            count = await Replayer(it.store, it.clock, wake).replay_failed(owner, it.clock.now_ms() - back_ms)
        Terminal().say(f"{count} will be sent again")

    operate(settings, work)


async def _tell_again(it: Installation, settings: Settings, owner: str, event: int, caller: Caller | None) -> None:
    """With the tenant present, texts of closed hours too, which the dispatcher alone can no longer open."""
    given_up = EventFilter(state="dead")
    dead = await it.store.latest_events(owner, given_up, limit=MAX_REPLAYED) if caller is not None else []
    # Nothing of a notice is sealed: no key of the tenant's is needed for it.
    sid = next(
        (each.message_sid for each in dead if each.id == event and not each.kind.startswith(NOTICE_PREFIX)), None
    )
    if caller is None or sid is None:
        await _replay_one(it, settings, owner, event)
        return
    async with every_dispatcher(settings) as wake:
        await EventTeller(it.store, it.keys, it.clock, wake).tell_again(caller, owner, sid, event)


async def _replay_one(it: Installation, settings: Settings, owner: str, event: int) -> None:
    async with every_dispatcher(settings) as wake:
        if not await Replayer(it.store, it.clock, wake).replay_event(owner, event):
            raise RefusalError(f"event {event} does not exist, or is still being sent", "`ringfence events list`")
