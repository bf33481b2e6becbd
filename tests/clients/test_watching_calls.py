"""What the command line does with calls of a running installation: makes them come in, leads them, and shows them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CUSTOMER = "+12025550166"
MENU = b"<Response><Gather action='/chosen' numDigits='1' timeout='5'><Say>Press one</Say></Gather></Response>"


@pytest.fixture
def watched(installation: Any, start_program: Any, tmp_path: Any) -> Any:
    """Start a `ringfence` command on the installation."""

    def start(*arguments: str) -> Any:
        words = [sys.executable, "-m", "ringfence", *arguments, "--data", str(installation.data)]
        return start_program(words, tmp_path, installation.environment | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"})

    return start


@pytest.fixture
def calls_go(installation: Any, command: Any) -> Iterator[Any]:
    """Configure by the command line where the shop's calls go; afterwards they go nowhere."""

    def go(url: str) -> str:
        done = command("number", "configure", installation.shop, "--voice-url", url)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    yield go
    go("")


def triggered(installation: Any, command: Any, *options: str) -> subprocess.CompletedProcess[str]:
    port = ("--port", str(installation.port))
    done: subprocess.CompletedProcess[str] = command("trigger", "call.inbound", "--from", CUSTOMER, *port, *options)
    return done


def test_a_triggered_call_is_drawn_with_its_documents_verbs_and_keys(installation, command, webhooks, calls_go) -> None:
    assert calls_go(f"{webhooks.url}/voice") == f"{installation.shop}  calls go to POST {webhooks.url}/voice\n"
    webhooks.answer = MENU
    webhooks.answers = {"/chosen": b"<Response><Hangup/></Response>"}
    done = triggered(installation, command, "--press", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    first, *lines = done.stdout.splitlines()
    assert re.fullmatch(rf"call     \{CUSTOMER} → \{installation.shop}  CA\w{{32}}", first)
    shown = [" ".join(line.split()[:3]) for line in lines]
    wanted = ["asks POST /voice", "phone presses 7", "asks POST /chosen", "call completed"]
    assert [line for line in shown if line in wanted] == wanted, done.stdout
    assert any(line.startswith("verb     <Gather") for line in lines)
    assert webhooks.await_one(lambda webhook: webhook.path == "/chosen").form["Digits"] == "7"
    assert re.fullmatch(r"all of it → .* timeline CA\w{32}", lines[-1])


def test_a_call_to_a_number_without_a_program_says_what_to_do(installation, command) -> None:
    done = triggered(installation, command)
    assert done.returncode == 1
    assert "error    11100" in done.stdout
    assert f"calls to {installation.shop} go nowhere → " in done.stderr
    assert f"number configure {installation.shop} --voice-url URL" in done.stderr


def test_a_program_that_fails_fails_the_command(installation, command, webhooks, calls_go) -> None:
    calls_go(f"{webhooks.url}/voice")
    webhooks.answer = b"<Respons"
    done = triggered(installation, command)
    assert done.returncode == 1
    assert "error    12100" in done.stdout


def test_the_caller_hangs_up_on_a_program_that_goes_on(installation, command, webhooks, calls_go) -> None:
    calls_go(f"{webhooks.url}/voice")
    webhooks.answer = b"<Response><Say>One moment</Say><Pause length='60'/></Response>"
    done = triggered(installation, command, "--hang-up-after", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "phone    hangs up\n" in done.stdout


def test_what_no_telephone_has_is_not_pressed(installation, command) -> None:
    done = triggered(installation, command, "--press", "one")
    assert done.returncode == 2
    assert "--press takes keys of a telephone" in done.stderr


def test_calls_go_elsewhere_while_somebody_listens(installation, command, watched, webhooks, calls_go) -> None:
    calls_go(f"{webhooks.url}/usual")
    webhooks.answer = b"<Response><Say>Hello</Say></Response>"
    listener = watched("listen", "--forward-calls-to", f"{webhooks.url}/mine", "--number", installation.shop)
    listener.await_line(f"{installation.shop} calls → {webhooks.url}/mine")
    logs = watched("logs", "--follow", "--json", "--lines", "0", "--role", "voice")
    assert triggered(installation, command).returncode == 0
    line = listener.await_line("document")
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d  document    CA\w{{32}}  POST {webhooks.url}/mine → 200 in \d+ ms \(signature ok\)", line
    )
    assert listener.stop() == 0
    assert triggered(installation, command).returncode == 0
    assert [webhook.path for webhook in webhooks.received] == ["/mine", "/usual"]
    happened = json.loads(logs.await_line("call.document"))
    assert (happened["event"], happened["http_status"], happened["role"]) == ("webhook attempted", 200, "voice")
    assert "event_id" not in happened
    assert not [line for line in logs.seen if CUSTOMER[1:] in line or "/usual" in line]


def test_where_a_number_leads_is_shown(installation, command, calls_go) -> None:
    calls_go("http://localhost:1/voice")
    shown = json.loads(command("number", "show", installation.shop, "--output", "json").stdout)
    (calls,) = [row for row in shown if row["what"] == "calls"]
    assert calls == {"what": "calls", "method": "POST", "url": "http://localhost:1/voice"}
    assert calls_go("") == f"{installation.shop}  calls go nowhere\n"


def test_listening_to_nothing_says_what_there_is_to_hear(command) -> None:
    done = command("listen")
    assert done.returncode == 2
    assert "--forward-calls-to 5000/voice" in done.stderr
