"""`ringfence policy`: what the policies of staff permit, for whoever writes or audits them."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from ringfence.cli.listing import Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.terminal import Terminal
from ringfence.console.operator import staff_rows
from ringfence.console.operator.act_names import Act, AskedAct
from ringfence.console.operator.policies import Judgement, NoPoliciesError, Policies
from ringfence.console.operator.policies import schema as schema_text
from ringfence.console.operator.policy_files import PolicyError, policies_in, shipped_policies
from ringfence.console.storage import DATABASE
from ringfence.domain.access.staff_role import StaffRole
from ringfence.domain.sid import is_sid
from ringfence.roles.process import clock_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store

# What the table asks about: whoever it is, of any account; at each hour of a Monday, and at four of each other day.
SOMEBODY: Final = "ST" + "0" * 32
AN_ACCOUNT: Final = "AC" + "0" * 32
MONDAY_MS: Final = 4 * 86_400_000
HOUR_MS: Final = 3_600_000
HOURS: Final = (*range(24), *range(24, 168, 6))

commands = typer.Typer(help="What staff may do: policies in Cedar.", no_args_is_help=True)


@commands.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="Policies of your own; else those that are in force.", metavar="[FOLDER]")
    ] = None,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell each mistake in a folder of policies, with its line; where there is none, which part of staff may do what.

    "yes" is whatever the hour, "confirms" where another person asked; "at times" depends on hour or account.
    """
    policies = _policies(settings_of(config, data), folder)
    asked_ms = [MONDAY_MS + hour * HOUR_MS for hour in HOURS] if policies.by_time else [MONDAY_MS]
    rows = [[act.value, *(_cell(policies, role, act, asked_ms) for role in StaffRole)] for act in Act]
    show(output, ("act", *(role.value for role in StaffRole)), rows)


@commands.command()
def ask(
    staff: Annotated[str, typer.Option("--staff", help="Whose right it is, as `staff list` has them.", metavar="ID")],
    act: Annotated[Act, typer.Option("--act", help="What they would do.")],
    tenant: Annotated[str, typer.Option("--tenant", help="Of which account.", metavar="SID")] = "",
    confirms: Annotated[bool, typer.Option("--confirms", help="Another person has asked for it.")] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Their passkey was not shown of late.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell whether somebody may do something now, and by which policy; 1 where not."""
    settings = settings_of(config, data)
    if tenant and not is_sid(tenant, "AC"):
        raise RefusalError("--tenant: is no SID of an account", "ringfence account list", exit_code=2)
    policies, roles = _policies(settings, None), _roles_of(settings, staff)
    asked = AskedAct(
        act=act,
        staff=staff,
        account=tenant,
        is_fresh=not stale,
        persons=2 if confirms else 1,
        at_ms=clock_of(settings).now_ms(),
    )
    parent, countries = asyncio.run(_known_of(settings, tenant)) if tenant else ("", [])
    judged = policies.judge(asked, roles, parent, countries)
    terminal = Terminal()
    terminal.say(_told(judged, roles))
    if not judged.permitted:
        raise typer.Exit(1)


@commands.command()
def schema() -> None:
    """Print what policies may name, as a Cedar schema: for editors, and for Cedar's own tools."""
    terminal = Terminal()
    for line in schema_text().splitlines():
        terminal.say(line)


def _policies(settings: Settings, folder: Path | None) -> Policies:
    chosen = folder or (Path(settings.staff_policies).expanduser() if settings.staff_policies else None)
    try:
        return Policies((policies_in(chosen) if chosen else shipped_policies()).statements)
    except NoPoliciesError:
        raise RefusalError(
            "cedarpy, which reads policies, is not installed", "pip install 'ringfence[policies]'"
        ) from None
    except PolicyError as error:
        terminal = Terminal()
        for each in error.mistakes:
            terminal.say(str(each))
        count = len(error.mistakes)
        raise RefusalError(
            f"{count} mistake{'s' if count > 1 else ''} in the policies", "ringfence policy schema", exit_code=2
        ) from None


def _cell(policies: Policies, role: StaffRole, act: Act, times_ms: Sequence[int]) -> str:
    ways = [(times_ms[0], ""), *((at_ms, AN_ACCOUNT) for at_ms in times_ms)]
    asked = [_asked(act, account, persons, at_ms) for at_ms, account in ways for persons in (1, 2)]
    # No country first: that is what many accounts have.
    owned = [(), *([country] for country in policies.named_countries)]
    permitted = [each.permitted for some in owned for each in policies.judge_all(asked, [role], countries=some)]
    first, second = permitted[::2], permitted[1::2]
    if all(permitted):
        return "yes"
    if not any(permitted):
        return "no"
    return "confirms" if all(second) and not any(first) else "at times"


def _asked(act: Act, account: str, persons: int, at_ms: int) -> AskedAct:
    return AskedAct(act=act, staff=SOMEBODY, account=account, is_fresh=True, persons=persons, at_ms=at_ms)


def _roles_of(settings: Settings, staff: str) -> Sequence[StaffRole]:
    with _console_db(settings) as db:
        member = staff_rows.member_of(db, staff)
    if member is None or member.removed_ms is not None:
        raise RefusalError("nobody is staff by that ID", "ringfence staff list")
    return member.roles


@contextlib.contextmanager
def _console_db(settings: Settings) -> Iterator[sqlite3.Connection]:
    path = settings.console_dir / DATABASE
    if not path.exists():
        raise RefusalError("nobody is staff yet", "ringfence staff invite NAME")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield db
    except sqlite3.Error:
        raise RefusalError("the consoles' database cannot be read", "`ringfence logs` tells why") from None
    finally:
        db.close()


async def _known_of(settings: Settings, account: str) -> tuple[str, list[str]]:
    """Its parent, and the countries of its numbers."""
    store = await open_store(settings)
    try:
        found, countries = await store.account(account), await store.number_regions(account)
    finally:
        await store.close()
    if found is None:
        raise RefusalError("there is no such account", "ringfence account list")
    return found.parent or "", countries


def _told(judged: Judgement, roles: Sequence[StaffRole]) -> str:
    by = ", ".join(each.name for each in judged.by)
    who = ", ".join(roles) or "nothing"
    if judged.permitted:
        return f"permitted to whoever is for {who}: by {by}"
    if judged.broken:
        return f"refused: {len(judged.broken)} of the policies cannot be computed, or ask for countries not known"
    return f"refused to whoever is for {who}: {f'by {by}' if by else 'no policy permits it'}"
