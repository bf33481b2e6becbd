"""`ringfence reset`: forget an installation and everything in it."""

import asyncio
import shutil

import typer

from ringfence.cli.profile import authority_folder, forget_profile
from ringfence.cli.terminal import Terminal
from ringfence.roles.installation_lock import holder, refuse_beside_lone_roles
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.stores import reset_database

# The database with its WAL and the backups made before migrations, keys, sockets.
OURS = ("ringfence.db*", "kms", "logs", "run")


def reset(settings: Settings, *, yes: bool) -> None:
    """Remove database, keys, logs, sockets, profile and the authority of `run`; what else lies there stays."""
    terminal = Terminal()
    folder = settings.data_dir
    if (pid := holder(folder)) is not None:
        raise RefusalError(f"ringfence is up on {folder} (pid {pid})", f"stop it first: kill {pid}")
    refuse_beside_lone_roles(folder)
    found = [path for pattern in OURS for path in folder.glob(pattern)]
    tables = asyncio.run(reset_database(settings, dry=True))
    if not found and not tables:
        terminal.say(f"nothing to reset in {folder}")
        return
    where = f"{folder} and in the database" if tables else folder
    if not yes and not typer.confirm(f"Delete all messages, numbers and keys in {where}? There is no way back."):
        raise RefusalError("nothing was deleted", "answer y, or give --yes")
    asyncio.run(reset_database(settings))
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(settings.run_dir, ignore_errors=True)
    forget_profile(settings)
    shutil.rmtree(authority_folder(settings), ignore_errors=True)
    terminal.say(f"reset {folder}")
