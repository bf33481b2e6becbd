"""What "Sign members in with passkeys" shows is done as it stands there, with a software authenticator."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.error_catalogue import CATALOGUE
from software_authenticator import SoftwareAuthenticator, Wrong

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/howto/passkeys.md").read_text()
PROGRAMS = dict(re.findall(r"```python title=(\S+)\n(.*?)```", PAGE, re.DOTALL))
ORIGIN = "https://login.shop.example"
IDENTITY = "2f1c6a7e-5a8e-4d55-9f6c-0c6d3b9e1a44"


@pytest.fixture
def shown(installation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The page's four functions, over a service made as it says."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_URL"):
        monkeypatch.setenv(name, installation.program_environment[name])
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(text)
    made = subprocess.run(
        [sys.executable, "make_service.py"],
        cwd=tmp_path,
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    monkeypatch.setenv("VERIFY_SERVICE_SID", made.stdout.strip())
    spec = importlib.util.spec_from_file_location("shown_passkeys", tmp_path / "passkeys.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_member_is_registered_and_signs_in_by_name_and_without(shown: Any) -> None:
    authenticator = SoftwareAuthenticator()
    begun, options = shown.begin_registration(IDENTITY, "Ann")
    assert shown.finish_registration(authenticator.create(options, ORIGIN)) == (begun, IDENTITY)
    for identity in (IDENTITY, None):
        asked, options = shown.begin_login(identity)
        assert shown.finish_login(authenticator.get(options, ORIGIN)) == (asked, IDENTITY)


def test_a_refusal_says_what_the_page_says_it_says(shown: Any) -> None:
    authenticator = SoftwareAuthenticator()
    _, options = shown.begin_registration(IDENTITY, "Ann")
    shown.finish_registration(authenticator.create(options, ORIGIN))
    _, options = shown.begin_login(IDENTITY)
    for wrong in ({"origin": "https://shop-example.evil.example"}, {"flags": 0x01}, {"sign_count": 1}):
        with pytest.raises(TwilioRestException) as refused:
            shown.finish_login(authenticator.get(options, ORIGIN, Wrong(**wrong)))
        words = refused.value.msg.partition(": Challenge verification failed: ")[2]
        assert f"| {words} |" in PAGE


def test_each_code_of_the_page_has_the_status_it_says() -> None:
    rows = re.findall(r"^\| ((?:`\d+`(?:, )?)+) \| (\d+) \|", PAGE, re.MULTILINE)
    shown = {int(code): int(status) for codes, status in rows for code in re.findall(r"\d+", codes)}
    assert len(shown) == 8
    assert {code: CATALOGUE[code].status for code in shown} == shown


def test_the_script_is_that_of_the_example() -> None:
    (script,) = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
    lines = {line.strip() for line in (ROOT / "examples/passkey-login/static/passkeys.js").read_text().splitlines()}
    assert {line.strip() for line in script.splitlines()} <= lines
