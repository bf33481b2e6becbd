"""`ringfence staff`: the first member's link, and removing somebody, beside whatever runs."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.roles.settings import Settings


@pytest.fixture
def key_service(tmp_path: Path, surroundings: dict[str, str]) -> Iterator[None]:
    """A key service that runs alone, in the default data folder."""
    command = [sys.executable, "-m", "ringfence", "role", "kms"]
    process = subprocess.Popen(command, cwd=tmp_path, env=surroundings, stderr=subprocess.DEVNULL)
    answers = Settings(data_dir=tmp_path / ".local/share/ringfence").socket("kms-console")
    try:
        for _ in range(600):
            if answers.exists():
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_without_an_installation_that_is_up_nothing_is_done(ringfence: Any, tmp_path: Path) -> None:
    refused = ringfence("staff", "invite", "Ada")
    assert (refused.returncode, "nothing is up" in refused.stderr) == (1, True)
    assert not (tmp_path / ".local/share/ringfence/console").exists()


@pytest.mark.usefixtures("key_service")
def test_the_first_member_gets_a_link_and_who_is_not_there_is_not_removed(ringfence: Any) -> None:
    made = ringfence("staff", "invite", "Ada")
    assert re.search(r"http://operator\.localhost:8421/join#[\w-]{43} ", made.stdout)
    assert "any authenticator is taken" in made.stderr
    assert json.loads(ringfence("staff", "list", "--output", "json").stdout) == []
    assert "1 to 60 characters" in ringfence("staff", "invite", "x" * 61).stderr
    gone = ringfence("staff", "remove", "ST1")
    assert (gone.returncode, "there is no such member" in gone.stderr) == (1, True)
    noted = [entry["verb"] for entry in json.loads(ringfence("ledger", "show", "--output", "json").stdout)]
    assert noted[1:] == ["note.invite_staff"]
