"""`ringfence demo code` on a running installation: a code comes by text, is typed in, and is shown nowhere else."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.slow


def demo(installation: Any, *flags: str) -> list[str]:
    place = ("--data", str(installation.data), "--port", str(installation.port))
    return [sys.executable, "-m", "ringfence", "demo", "code", *place, *flags]


def services(installation: Any) -> set[str]:
    url = f"{installation.base_url}/verify/v2/Services?PageSize=1000"
    auth = (installation.account_sid, installation.auth_token)
    return {service["sid"] for service in requests.get(url, auth=auth, timeout=10).json()["services"]}


def test_the_demo_signs_a_customer_in_and_leaves_nothing(installation: Any, start_program: Any) -> None:
    before = services(installation)
    program = start_program(demo(installation, "--auto"), Path.cwd(), installation.environment)
    for words in (
        "verifications.create(to='+12025550177', channel='sms') → pending",
        "phone    buzzes",
        "timeline http://",
        "you      type ••••••",
        "verification_checks.create(code=…) → approved",
        "done     signed in",
    ):
        program.await_line(words)
    assert program.process.wait(20) == 0
    assert not [line for line in program.seen if re.search(r"(?<![\d+])\d{6}(?!\d)", line.partition("http://")[0])]
    assert services(installation) == before
