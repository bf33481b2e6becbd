"""A freeze through real processes, on each store: calls end on the wire, who calls is turned away, webhooks wait."""

# ruff: noqa: F811 - fixtures of the tests of calls

import re
import subprocess
import sys
import time

import pytest
import requests
from tests.clients.phones import Carrier, wait_for
from tests.clients.test_calls import (  # noqa: F401
    AMY,
    BEN,
    SHOP,
    Installation,
    Program,
    call,
    calling,
    carrier,
    over,
    program,
)

pytestmark = pytest.mark.long


def ringfence(calling: Installation, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ringfence", *words, "--data", str(calling.data)],
        cwd=calling._home,
        env=calling._environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["account", "platform"])
def test_calls_end_and_webhooks_wait_for_the_thaw(
    calling: Installation, program: Program, carrier: Carrier, kind: str
) -> None:
    calling.client.incoming_phone_numbers.list(phone_number=SHOP)[0].update(
        voice_url=f"{program.url}/welcome", sms_url=program.says("/text")
    )
    program.says("/welcome", "<Say>Welcome</Say>", '<Pause length="100"/>')
    made = call(calling, program, program.says("/long", '<Pause length="100"/>'))
    talking = carrier.rung(AMY)
    talking.answer()
    wait_for(lambda: program.told(made.sid)[-1:] == ["in-progress"])
    what = (kind, calling.account_sid) if kind == "account" else (kind,)
    ringfence(calling, "freeze", *what)
    talking.await_end(5)
    caller = carrier.dial(calling.sip_port, SHOP, BEN)
    assert caller.await_end(5) == 480
    base = f"{calling.client.api.base_url}/2010-04-01/Accounts/{calling.account_sid}/Calls.json"
    assert requests.get(base, auth=(calling.account_sid, calling.auth_token), timeout=10).status_code == 401
    # A second after a freeze all processes know: from then on nothing is told.
    time.sleep(1)
    text = {"to": SHOP, "body": "Are you there?"}
    simulator = f"{calling.client.api.base_url}/simulator/handsets"
    requests.post(simulator, json={"number": BEN}, timeout=10)
    assert requests.post(f"{simulator}/{BEN}/messages", json=text, timeout=10).ok
    time.sleep(2)
    assert not program.forms("/text")
    ringfence(calling, "thaw", *what)
    wait_for(lambda: program.forms("/text"))
    wait_for(lambda: program.told(made.sid)[-1:] == ["completed"])
    wait_for(lambda: requests.get(base, auth=(calling.account_sid, calling.auth_token), timeout=10).ok)
    assert over(calling, made.sid).status == "completed"
    assert program.told(made.sid) == ["initiated", "ringing", "in-progress", "completed"]
    assert program.signed
    again = carrier.dial(calling.sip_port, SHOP, BEN)
    again.await_answer()
    again.hang_up()
    told = [form for form in program.forms("/welcome") if re.fullmatch("CA[0-9a-f]{32}", form["CallSid"])]
    assert len(told) == 1
