"""`ringfence init` writes every setting, and each line works once its # is gone."""

import tomllib
from pathlib import Path

from ringfence.cli.init import commented_settings
from ringfence.roles.settings import NAMES
from ringfence.roles.settings_sources import load_settings


def test_the_file_changes_nothing_until_a_line_is_uncommented(ringfence, tmp_path: Path) -> None:
    assert ringfence("init").stdout == "wrote ringfence.toml\n"
    assert tomllib.loads((tmp_path / "ringfence.toml").read_text()) == {}
    assert ringfence("doctor", "--port", "0").returncode == 0


def test_uncommented_it_holds_every_setting_at_its_default(tmp_path: Path) -> None:
    lines = commented_settings().splitlines()
    bare = "\n".join(line.removeprefix("# ") for line in lines if line.startswith("# ") and " = " in line)
    config = tmp_path / "all.toml"
    config.write_text(bare)
    assert set(tomllib.loads(bare)) == set(NAMES)
    assert load_settings(config, {}).port == load_settings(environment={}).port


def test_a_file_that_exists_is_left_alone(ringfence, tmp_path: Path) -> None:
    (tmp_path / "ringfence.toml").write_text("port = 1\n")
    done = ringfence("init")
    assert done.returncode == 1
    assert "ringfence.toml exists → edit it" in done.stderr
    assert (tmp_path / "ringfence.toml").read_text() == "port = 1\n"


def test_a_folder_that_is_not_there_is_refused(ringfence) -> None:
    assert "No such file or directory" in ringfence("init", "nowhere").stderr
