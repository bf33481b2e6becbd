"""Which installations are up, and where they answer: noted by `up` for the commands that look for one.

A note lies in the configuration folder, mode 0600, one for each data folder. It holds for as long as `up` holds that
folder: one that a killed `up` left behind says nothing.
"""

import hashlib
import os
import urllib.parse
from pathlib import Path

import msgspec

from ringfence.cli.profile import config_folder
from ringfence.roles.installation_lock import holder
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What another command must know to reach the installation. A database URL with a password is left out."""

    data_dir: str
    port: int
    console_port: int
    keys_port: int
    hosts: tuple[str, ...]
    database_url: str
    has_secret_url: bool
    keys_from: str


def note_in_use(settings: Settings) -> None:
    """Write down where the installation answers, in place of what was noted before."""
    secret = urllib.parse.urlsplit(settings.database_url).password is not None
    note = Note(
        data_dir=str(settings.data_dir),
        port=settings.port,
        console_port=settings.console_port,
        keys_port=settings.keys_port,
        hosts=settings.hosts,
        database_url="" if secret else settings.database_url,
        has_secret_url=secret,
        keys_from=settings.keys_from,
    )
    path = _path_of(settings.data_dir)
    make_private(path.parent)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(note))
    beside.replace(path)


def forget_in_use(data_dir: Path) -> None:
    """Remove the note. Idempotent."""
    _path_of(data_dir).unlink(missing_ok=True)


def folder_in_use(default: Path) -> Path:
    """The data folder of the one installation that is up, `default` if that is up itself, or none is.

    RefusalError where several others are up.
    """
    if holder(default) is not None:
        return default
    paths = sorted(config_folder().glob("in-use/*.json"))
    folders = [Path(note.data_dir) for path in paths if (note := _read(path)) is not None]
    up = [folder for folder in folders if holder(folder) is not None]
    if len(up) > 1:
        raise RefusalError(f"several are up: {', '.join(map(str, up))}", "name one: --data DIR", exit_code=2)
    return up[0] if up else default


def as_it_runs(settings: Settings, port: int | None) -> Settings:
    """`settings` with what the installation that is up was started with; `port` is one that was asked for by flag."""
    note = _read(_path_of(settings.data_dir))
    if note is None or holder(settings.data_dir) is None:
        return settings
    if note.has_secret_url and not settings.database_url:
        cause = "the database's URL holds a password, which is not stored"
        raise RefusalError(cause, "set RINGFENCE_DATABASE_URL here too", exit_code=2)
    return msgspec.structs.replace(
        settings,
        port=note.port if port is None else port,
        console_port=note.console_port,
        keys_port=note.keys_port,
        hosts=note.hosts,
        database_url=settings.database_url if note.has_secret_url else note.database_url,
        keys_from=note.keys_from,
    )


def _path_of(data_dir: Path) -> Path:
    return config_folder() / "in-use" / f"{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}.json"


def _read(path: Path) -> Note | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        return None
