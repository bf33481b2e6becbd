"""The guide to apps does what it says, from its first line to its last."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs/howto/verify-with-an-app.md"
# The reader types what the app shows, and the next code after it.
READER = """
import itertools, time
from ringfence.domain.totp import TotpShape, code_at, read_secret, step_at

account_sid, auth_token = {account!r}, {token!r}
_app = []


def input(prompt):
    if not _app:
        first = step_at(time.time_ns() // 1_000_000, TotpShape())
        _app.extend((read_secret(factor.binding["secret"]), itertools.count(first)))
    secret, steps = _app
    return code_at(secret, next(steps), TotpShape())
"""


def test_the_guide_is_followed(installation: Any) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    program = READER.format(account=installation.account_sid, token=installation.auth_token) + "\n".join(blocks)
    program = program.replace("http://localhost:8420", installation.base_url)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    uri, *statuses, number = done.stdout.splitlines()
    assert uri.startswith("otpauth://totp/Fade%20%26%20Co:")
    assert statuses == ["verified", "approved", "verified", "approved"]
    assert re.fullmatch(r"Type this into your app: \d\d", number)
