"""`ringfence freeze` and `ringfence thaw`: stop somebody, or everything, in seconds, and let it go on again."""

import contextlib
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Final, cast

import typer

from ringfence.cli.installation import Installation, operate
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.terminal import Terminal
from ringfence.console.lockout import Lockout
from ringfence.console.operator.staff import TERMINAL
from ringfence.console.operator.staff_rows import members
from ringfence.console.refusals import RefusedError
from ringfence.console.storage import ConsoleStorage
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.ports.access_notes import OPERATOR
from ringfence.ports.freezes import PLATFORM, FreezeKind
from ringfence.roles.console_storage import open_console_storage
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.ways import installation_of
from ringfence.usecases.access import freeze as freezes

_TELLS: Final = "`ringfence ledger show` tells who froze what"
_ACTOR: Final = f"staff:{TERMINAL}"


class Kind(StrEnum):
    """What may be frozen."""

    SESSION = "session"
    STAFF = "staff"
    KEY = "key"
    ACCOUNT = "account"
    CARRIER = "carrier"
    PLATFORM = "platform"


What = Annotated[Kind, typer.Argument(help="Of what kind it is.", metavar="KIND")]
Which = Annotated[str, typer.Argument(help="Its SID or ID; of the platform nothing.", metavar="ID", show_default=False)]

Alone = Annotated[bool, typer.Option("--alone", help="Without two of staff; the ledger says so.")]


def freeze(kind: What, name: Which = "", config: Config = None, data: Data = None) -> None:
    """Stop a session, a member of staff, a key, an account, a carrier or the platform for now. Nothing is lost."""
    settings = settings_of(config, data)
    name = _name(kind, name, settings)

    async def work(it: Installation) -> None:
        async with _console(settings, it) as (lockout, notes, _):
            if kind is Kind.STAFF:
                await lockout.check_staff(name)
            elif kind is not Kind.SESSION:
                await freezes.check_there_is(it.store, cast(FreezeKind, kind.value), name)
            await notes.note(_of(kind, name), _ACTOR, "freeze", (f"{kind}:{name}",))
            if kind is Kind.SESSION:
                new = await lockout.end_session(name, _ACTOR)
            elif kind is Kind.STAFF:
                new = await lockout.freeze_staff(name, _ACTOR)
            else:
                new = await freezes.freeze(it.store, it.clock, cast(FreezeKind, kind.value), name)
            if kind is Kind.ACCOUNT:
                await lockout.end_accounts(await freezes.frozen_with(it.store, name), _ACTOR)
            elif kind is Kind.PLATFORM:
                await lockout.end_all()
        Terminal().say(_FROZEN[kind] if new else _BEFORE[kind])

    operate(settings, work)


def thaw(kind: What, name: Which = "", alone: Alone = False, config: Config = None, data: Data = None) -> None:
    """Let what was frozen go on. Where there is staff, two of them do so, in the operator's console."""
    settings = settings_of(config, data)
    name = _name(kind, name, settings)
    if kind is Kind.SESSION:
        raise RefusalError("a session that was ended stays so", "its person signs in anew")

    async def work(it: Installation) -> None:
        async with _console(settings, it) as (lockout, notes, storage):
            if not alone and await storage.run(lambda db: bool(members(db))):
                raise RefusalError(
                    "there is staff: one of them asks for that, and another confirms it",
                    f"{settings.operator_origin}/frozen, or --alone, which the ledger says",
                )
            frozen = {(row.kind, row.name) for row in await it.store.freezes()}
            if kind is not Kind.STAFF and (kind.value, name) not in frozen:
                raise RefusalError(f"{name} is not frozen", _TELLS)
            await notes.note(_of(kind, name), _ACTOR, "thaw", (f"{kind}:{name}", *["alone"] * alone))
            if kind is Kind.STAFF:
                was = await lockout.thaw_staff(name)
            else:
                was = await freezes.thaw(it.store, it.clock, cast(FreezeKind, kind.value), name)
        if not was:
            raise RefusalError(f"{name} is not frozen", _TELLS)
        Terminal().say("it goes on")

    operate(settings, work)


_FROZEN: Final = {
    Kind.SESSION: "ended, and its grants with it",
    Kind.STAFF: "kept out: sessions and grants have ended, and nobody signs in by that name",
    Kind.KEY: "it signs nobody in; all processes know within a second",
    Kind.ACCOUNT: "suspended: it signs nobody in, its texts and webhooks wait, its calls, sessions and grants end",
    Kind.CARRIER: "paused: what is for it waits",
    Kind.PLATFORM: "nobody signs in, staff but to thaw it; texts and webhooks wait, calls and sessions end",
}
_BEFORE: Final = dict.fromkeys(Kind, "it was frozen before, and is") | {
    Kind.SESSION: "no such session is open; grants that it had have ended"
}


@contextlib.asynccontextmanager
async def _console(
    settings: Settings, it: Installation
) -> AsyncIterator[tuple[Lockout, ConsoleKeyClient, ConsoleStorage]]:
    client = Client(settings.socket("kms-console"))
    storage = await open_console_storage(settings)
    keys = ConsoleKeyClient(client)
    try:
        yield Lockout(storage, keys, it.clock), keys, storage
    except RefusedError as error:
        raise RefusalError(error.text, "`ringfence staff list` has the IDs") from None
    finally:
        await storage.close()
        await client.close()


def _name(kind: Kind, name: str, settings: Settings) -> str:
    if kind is Kind.PLATFORM and name in ("", PLATFORM):
        return PLATFORM
    if not name or kind is Kind.PLATFORM:
        raise RefusalError(f"{kind}: which?" if not name else "there is one platform", "see --help", exit_code=2)
    if kind is Kind.CARRIER and name not in (carriers := installation_of(settings).pausable):
        known = ", ".join(carriers) or "none"
        raise RefusalError(f"there is no carrier {name}", f"there are: {known}", exit_code=2)
    return name


def _of(kind: Kind, name: str) -> str:
    """Whose record it is in: the account's own, where it is one."""
    return name if kind is Kind.ACCOUNT else OPERATOR
