"""`ringfence init`: a settings file with every setting in it, commented out."""

import json
from pathlib import Path

from ringfence.cli.terminal import Terminal
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import NAMES, Settings, described
from ringfence.roles.settings_sources import CONFIG_NAME


def init(folder: Path) -> None:
    """Write ringfence.toml into `folder`; refused when there is one."""
    path = folder / CONFIG_NAME
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(commented_settings())
    except FileExistsError:
        raise RefusalError(f"{path} exists", "edit it, or remove it first") from None
    except OSError as error:
        raise RefusalError(f"{path}: {error.strerror}", "choose another folder") from None
    Terminal().say(f"wrote {path}")


def commented_settings() -> str:
    """ringfence.toml with every setting's description and default, commented out."""
    lines = ["# Settings of ringfence. A line without its # takes effect at the next `ringfence up`.", ""]
    for name in NAMES:
        lines += [f"# {described(name)}", f"# {name} = {shown_default(name)}", ""]
    return "\n".join(lines[:-1]) + "\n"


def shown_default(name: str) -> str:
    """A setting's default as TOML."""
    if name == "data_dir":
        return '"~/.local/share/ringfence"'
    return json.dumps(getattr(Settings(), name))
