"""Where settings come from: ringfence.toml, RINGFENCE_* variables and flags, in that order."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import NAMES, Settings, described, read_path
from ringfence.roles.settings_checks import check_settings

CONFIG_NAME = "ringfence.toml"
ENVIRONMENT_PREFIX = "RINGFENCE_"
# Variables of the project that set nothing here.
OTHER_VARIABLES = frozenset({"RINGFENCE_CONFIG", "RINGFENCE_REFERENCE", "RINGFENCE_DESIGN", "RINGFENCE_SHOTS"})
ALL_SETTINGS = "`ringfence init` writes a file with every setting"


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **flags: Any,
) -> Settings:
    """The settings that hold: defaults, then the file, then the environment, then flags that are not None.

    The file is `config`, else $RINGFENCE_CONFIG, else ./ringfence.toml if there is one.
    RefusalError names file, line and cause of the first thing that is wrong.
    """
    surroundings = os.environ if environment is None else environment
    chosen: dict[str, Any] = {}
    path = config or (Path(named) if (named := surroundings.get("RINGFENCE_CONFIG")) else None)
    if path is not None or Path(CONFIG_NAME).exists():
        chosen |= _from_file(path or Path(CONFIG_NAME))
    chosen |= _from_environment(surroundings)
    chosen |= _typed({name: value for name, value in flags.items() if value is not None}, "flags", strict=True)
    settings = Settings(**chosen)
    settings = msgspec.structs.replace(
        settings,
        data_dir=settings.data_dir.expanduser().resolve(),
        keys_from=settings.keys_from and str(Path(settings.keys_from).expanduser().resolve()),
    )
    check_settings(settings)
    return settings


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like settings and are none, each with its cure."""
    known = [f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in NAMES]
    return {
        name: _meant(name, known)
        for name in sorted(environment)
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known and name not in OTHER_VARIABLES
    }


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise RefusalError(f"{path}: {error.strerror}", "name another with --config", exit_code=2) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RefusalError(f"{path}: {error}", "correct the file", exit_code=2) from None
    try:
        return _typed(table, str(path), strict=True)
    except RefusalError as refusal:
        where = f"{path}:{_line_of(text, refusal.key)}" if isinstance(refusal, _SettingError) else str(path)
        raise RefusalError(f"{where}: {refusal.cause}", refusal.cure, exit_code=2) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in NAMES:
        value = environment.get(f"{ENVIRONMENT_PREFIX}{name.upper()}")
        if value:
            found[name] = value.split(",") if isinstance(getattr(Settings(), name), tuple) else value
    try:
        return _typed(found, "environment", strict=False)
    except _SettingError as refusal:
        variable = f"{ENVIRONMENT_PREFIX}{refusal.key.upper()}"
        raise RefusalError(f"{variable}: {refusal.cause}", refusal.cure, exit_code=2) from None


class _SettingError(RefusalError):
    def __init__(self, key: str, cause: str, cure: str) -> None:
        super().__init__(cause, cure, exit_code=2)
        self.key = key


def _typed(table: Mapping[str, Any], source: str, *, strict: bool) -> dict[str, Any]:
    for key in table:
        if key not in NAMES:
            raise _SettingError(key, f"unknown setting {key!r}", _meant(key, NAMES))
    try:
        settings = msgspec.convert(dict(table), Settings, strict=strict, dec_hook=read_path)
    except msgspec.ValidationError as error:
        cause, _, where = str(error).partition(" - at `$.")
        key = re.split(r"[.\[`]", where)[0] if where else source
        raise _SettingError(key, f"{key}: {cause}", described(key) if key in NAMES else ALL_SETTINGS) from None
    return {name: getattr(settings, name) for name in table}


def _meant(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"did you mean {near[0]}?" if near else ALL_SETTINGS


def _line_of(text: str, key: str) -> int:
    pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[\].=]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)
