"""Options that several commands share, and the settings they lead to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ringfence.roles.settings import Settings, load_settings

Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings file. Default: ./ringfence.toml, if any.")
]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Data folder. Default: ~/.local/share/ringfence.")
]
Port = Annotated[int | None, typer.Option("--port", metavar="N", help="Public port; 0 takes a free one.")]
Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="PostgreSQL. Default: SQLite in the data folder."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def settings_of(config: Path | None, data: Path | None, **flags: Any) -> Settings:
    """The settings that hold for this command."""
    return load_settings(config, data_dir=data, **flags)
