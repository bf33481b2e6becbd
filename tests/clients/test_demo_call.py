"""`ringfence demo call` on a running installation: the barber calls, a SIP phone answers and presses 1."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli.call_steps import CallSteps

pytestmark = pytest.mark.slow


def demo(installation: Any, *flags: str) -> list[str]:
    place = ("--data", str(installation.data), "--port", str(installation.port))
    return [sys.executable, "-m", "ringfence", "demo", "call", *place, *flags]


def test_the_demo_plays_the_whole_call_and_leaves_nothing(installation: Any, start_program: Any) -> None:
    program = start_program(demo(installation, "--auto"), Path.cwd(), installation.environment)
    for words in (
        "call queued · CA",
        "phone    answers",
        "call     in-progress",
        "asks     POST /call → 200",
        "verb     <Say",
        "phone    presses 1",
        "(signature ok) · appointment CONFIRMED",
        "callback completed → 204",
        "call     completed",
        "timeline http://",
    ):
        program.await_line(words)
    assert program.process.wait(20) == 0
    heard = next(line for line in program.seen if " s of sound" in line)
    assert float(heard.split()[2]) >= 2
    client = installation.client()
    assert not [domain for domain in client.sip.domains.list() if domain.domain_name.startswith("demo-")]
    assert not [each for each in client.sip.credential_lists.list() if each.friendly_name == "Demo phones"]


@pytest.mark.long
def test_a_call_that_nobody_takes_is_a_failure_with_its_cure(installation: Any, start_program: Any) -> None:
    program = start_program(demo(installation), Path.cwd(), installation.environment)
    program.await_line("it rings: no phone of this number is open")
    program.await_line("now you  open the Phones page and leave it open")
    program.await_line("call     no-answer")
    assert program.process.wait(20) == 1


def test_it_says_where_nothing_runs(tmp_path: Path, installation: Any) -> None:
    command = [sys.executable, "-m", "ringfence", "demo", "call", "--auto", "--data", str(tmp_path / "none")]
    done = subprocess.run(command, env=installation.environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "start it in another terminal" in done.stderr


def step(kind: str, **fields: Any) -> dict[str, Any]:
    given = {"type": "happened", "at": "2026-01-01T00:00:00.000Z", "kind": kind, "text": "", "line": None, "fields": []}
    return {**given, "exchanges": None, "problem": None, **fields}


def test_a_call_is_shown_whole_once_its_last_status_is_among_its_steps() -> None:
    steps = CallSteps()
    over = {"final": True, "status": "completed", "steps": [step("status", text="in-progress")]}
    assert not steps.whole(over | {"final": False})
    assert not steps.whole(over)
    assert steps.whole(over | {"steps": [*over["steps"], step("status", text="completed")]})


def test_each_step_is_told_once_and_what_others_wrote_begins_no_line() -> None:
    steps = CallSteps()
    first = [step("status", text="ringing"), step("verb", text="Say", line=2, fields=[["voice", "man"]])]
    assert list(steps.fresh({"steps": first})) == ["call     ringing", 'verb     <Say voice="man">  line 2']
    more = [*first, step("key", text="1"), step("warning", text="x", problem={"code": 12200, "message": "odd\nkey  9"})]
    assert list(steps.fresh({"steps": more})) == ["key      1", "warning  12200 odd\\nkey  9"]
    callback = {
        "type": "webhook",
        "event": "call.completed",
        "event_id": 7,
        "attempts": [{"http_status": None, "duration_ms": 9}],
    }
    assert list(steps.fresh({"steps": [*more, callback]})) == ["callback completed → no answer in 9 ms"]
