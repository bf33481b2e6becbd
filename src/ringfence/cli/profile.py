"""In dev, the credentials of the first account, kept for the command line outside the data folder.

A thief of the data folder does not get them with it. Production keeps none.
"""

import hashlib
import os
import tomllib
from pathlib import Path

import msgspec

from ringfence.roles.credentials import Credentials
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings, default_data_dir


def profile_path(settings: Settings) -> Path:
    """$XDG_CONFIG_HOME/ringfence/profiles/default.toml, or a file of its own for another data folder."""
    folder = config_folder() / "profiles"
    if settings.data_dir == default_data_dir().resolve():
        return folder / "default.toml"
    return folder / f"{hashlib.sha256(os.fsencode(settings.data_dir)).hexdigest()[:12]}.toml"


def config_folder() -> Path:
    """$XDG_CONFIG_HOME/ringfence, by default ~/.config/ringfence."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".config") / "ringfence"


def authority_folder(settings: Settings) -> Path:
    """Beside the profile, one for each installation: what `ringfence run` signs certificates with."""
    return profile_path(settings).with_suffix("")


def keep_profile(settings: Settings, credentials: Credentials) -> Path:
    """Write it, mode 0600, in place of the one before; returns where."""
    path = profile_path(settings)
    make_private(path.parent)
    fields = {"data_dir": str(settings.data_dir), **msgspec.structs.asdict(credentials)}
    text = "# Credentials for development. They open everything this account has sent and received.\n"
    text += "".join(f"{name} = {_quoted(value)}\n" for name, value in fields.items())
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return path


def read_profile(settings: Settings) -> Credentials | None:
    """The profile kept for this installation, if there is one and it is whole."""
    try:
        table = tomllib.loads(profile_path(settings).read_text(encoding="utf-8"))
        return msgspec.convert(table, Credentials)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError):
        return None


def forget_profile(settings: Settings) -> None:
    """Remove it. Idempotent."""
    profile_path(settings).unlink(missing_ok=True)


def _quoted(value: str) -> str:
    return msgspec.json.encode(value).decode()
