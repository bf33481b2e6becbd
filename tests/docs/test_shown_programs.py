"""What the README and the tutorial show to type is typed here, against a running installation."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOWN_URL = "http://localhost:8420"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "XDG_"))}
    with (
        open(home / "log", "w") as log,  # noqa: PTH123
        subprocess.Popen(
            [sys.executable, "-m", "ringfence", "up", "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=home,
            env=environment | {"HOME": str(home)},
        ) as up,
    ):
        assert up.stdout is not None
        try:
            line = up.stdout.readline()
            assert line, (home / "log").read_text()
            yield json.loads(line)
        finally:
            up.terminate()


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/tutorials/first-text.md"])
def test_the_shown_requests_are_answered(page: str, ready: dict[str, str]) -> None:
    shown = [block for block in blocks(page, "bash") if "curl" in block]
    assert shown
    for block in shown:
        done = subprocess.run(
            ["bash", "-ec", block.replace(SHOWN_URL, ready["base_url"]).replace("curl ", "curl -sS --fail-with-body ")],
            capture_output=True,
            text=True,
            timeout=20,
            env=os.environ | {"TWILIO_ACCOUNT_SID": ready["account_sid"], "TWILIO_AUTH_TOKEN": ready["auth_token"]},
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Haircut Tue 15:00" in done.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/howto/point-a-program.md"])
def test_the_shown_programs_run(page: str, ready: dict[str, str]) -> None:
    program = "\n".join(blocks(page, "python")).replace(SHOWN_URL, ready["base_url"])
    given = f"account_sid, auth_token = {ready['account_sid']!r}, {ready['auth_token']!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", given + program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr


def test_phones_are_where_they_are_said_to_be(ready: dict[str, str]) -> None:
    done = subprocess.run(
        ["curl", "-sS", "--fail", ready["phones_url"]], capture_output=True, text=True, timeout=20, check=False
    )
    assert "<html" in done.stdout, done.stderr
