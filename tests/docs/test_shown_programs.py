"""What the README shows to type is typed here, against a running installation.

The tutorial and the how-to guides are followed in tests/clients/test_documentation.py.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SHOWN_URL = "http://localhost:8420"


@pytest.fixture
def ready(installation: Any) -> dict[str, str]:
    names = ("base_url", "account_sid", "auth_token", "phones_url")
    return {name: getattr(installation, name) for name in names}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", ["README.md"])
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
        assert ("Haircut Tue 15:00" if "Messages.json" in block else '"status":"queued"') in done.stdout


@pytest.mark.parametrize("page", ["README.md"])
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
