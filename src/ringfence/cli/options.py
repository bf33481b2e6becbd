"""Options that several commands share, and the settings they lead to."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ringfence.cli.in_use import as_it_runs, folder_in_use
from ringfence.roles.settings import Settings, default_data_dir
from ringfence.roles.settings_sources import load_settings

Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings file. Default: ./ringfence.toml, if any.")
]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Data folder. Default: ~/.local/share/ringfence.")
]
Port = Annotated[int | None, typer.Option("--port", metavar="N", help="Public port; 0 takes a free one.")]
RunningPort = Annotated[int | None, typer.Option("--port", metavar="N", help="Public port of what is running.")]
Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="PostgreSQL. Default: SQLite in the data folder."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def settings_of_running(
    config: Path | None, data: Path | None, *, port: int | None = None, elsewhere: bool = True
) -> Settings:
    """The settings of the installation that is up: where it answers is known even where `up` took a free port.

    With `elsewhere`, and no data folder named, it may be one in another folder. RefusalError where there are several.
    """
    settings = settings_of(config, data, port=port)
    if elsewhere and settings.data_dir == default_data_dir().resolve():
        settings = msgspec.structs.replace(settings, data_dir=folder_in_use(settings.data_dir))
    return as_it_runs(settings, port)


def settings_of(config: Path | None, data: Path | None, **flags: Any) -> Settings:
    """The settings that hold for this command."""
    return load_settings(config, data_dir=data, **flags)
