"""`ringfence migrate`: bring the database up to this version, or say what that would do."""

import asyncio
import os
from collections.abc import Sequence

import typer

from ringfence.cli.terminal import Terminal
from ringfence.ports.store import StoreFailedError
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.stores import make_store, refusal_of
from ringfence.schema.sqlite_migrate import backup_of
from ringfence.schema.steps import Migration

DUMP = "pg_dump --schema=ringfence --file=ringfence.sql"
PENDING = 1


def migrate(settings: Settings, *, check: bool, yes: bool) -> None:
    """Apply what is lacking; with `check` only tell, with exit code 1 where there is something.

    RefusalError for a database that this version must not touch, and for one that must be backed up by hand and is not.
    """
    terminal = Terminal()
    store, place = make_store(settings, migrates=True)
    try:
        steps = asyncio.run(store.pending())
        if not steps:
            terminal.say(f"{place}: nothing to do")
            return
        for step in steps:
            terminal.say(f"{step.number:04} {step.name}")
        backup = _backup(settings, steps)
        if check:
            terminal.say(f"{place} lacks {len(steps)}; {backup or 'it is new, so there is nothing to back up'}")
            raise typer.Exit(PENDING)
        if backup and settings.database_url and not yes and not typer.confirm(f"Is there a backup ({DUMP})?"):
            raise RefusalError("nothing was migrated", f"{DUMP}, then answer y, or give --yes")
        os.umask(0o077)
        make_private(settings.data_dir)
        asyncio.run(_apply(settings))
        terminal.say(f"{place}: migrated" + (f"; {backup}" if backup and not settings.database_url else ""))
    except StoreFailedError as error:
        raise refusal_of(error, settings, place) from None


def _backup(settings: Settings, steps: Sequence[Migration]) -> str:
    """What becomes of the rows that are there; nothing where there are none."""
    if steps[0].number == 1:
        return ""
    if settings.database_url:
        return f"first make a backup: {DUMP}"
    return f"a copy from before is {backup_of(settings.database, steps)}"


async def _apply(settings: Settings) -> None:
    """Whoever does it at the same time waits, and finds nothing left to do."""
    store, _ = make_store(settings, migrates=True)
    await store.open()
    await store.close()
