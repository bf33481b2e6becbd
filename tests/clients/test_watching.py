"""What the command line shows of a running installation: logs, requests and webhooks as they happen."""

import contextlib
import json
import sys
from typing import Any

import pytest

CUSTOMER = "+12025550166"


@pytest.fixture
def watched(installation: Any, start_program: Any, tmp_path: Any) -> Any:
    """Start a `ringfence` command on the installation."""

    def start(*arguments: str) -> Any:
        command = [sys.executable, "-m", "ringfence", *arguments, "--data", str(installation.data)]
        return start_program(command, tmp_path, installation.environment | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"})

    return start


def test_logs_follow_shows_requests_and_webhooks_without_what_they_hold(installation, watched, webhooks) -> None:
    logs = watched("logs", "--follow", "--json", "--lines", "0")
    client = installation.client()
    # The first requests may come before the watcher is there.
    for _ in range(60):
        client.messages.list(limit=1)
        with contextlib.suppress(AssertionError):
            logs.await_line("request answered", limit_s=0.5)
            break
    client.messages.create(
        from_=installation.shop, to=CUSTOMER, body="c4n4ry", status_callback=f"{webhooks.url}/s3cret-path"
    )
    request = json.loads(logs.await_line("POST /2010-04-01"))
    assert request["route"] == "api POST /2010-04-01/Accounts/{AccountSid}/Messages"
    assert (request["http_status"], request["level"], request["role"]) == (201, "info", "api")
    webhook = json.loads(logs.await_line("message.delivered"))
    assert (webhook["event"], webhook["http_status"], webhook["status"]) == ("webhook attempted", 200, "done")
    logs.stop()
    shown = "\n".join(logs.seen)
    assert not [
        secret for secret in ("c4n4ry", CUSTOMER[1:], "s3cret-path", installation.auth_token) if secret in shown
    ]
