"""A customer signs in with a code that comes by text, and is shown on that one phone alone.

Everybody else sees dots: the API, the timeline, the terminal's log.
"""

import re
import time
from collections.abc import Callable
from typing import Any

from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.interruptible import interruptible
from ringfence.cli.invocation import invocation
from ringfence.cli.profile import read_profile
from ringfence.cli.terminal import Terminal
from ringfence.cli.timeline import timeline_link
from ringfence.roles.dev_stock import BUSINESS_NAME, CUSTOMER_NUMBER
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

STEP_LIMIT_S = 30
LOOK_S = 0.1
TRIES = 5
SERVICE_NAME = BUSINESS_NAME
_CODE = re.compile(r"\b\d{4,10}$")


def run(settings: Settings, *, auto: bool = False) -> None:
    """Run the demo on the running installation. With `auto` it types the code itself.

    RefusalError when ringfence is not up, or a step does not happen in time.
    """
    if not settings.dev:
        raise RefusalError("the demo needs the simulator's phones, and production has none", "run it in dev mode")
    profile = read_profile(settings)
    if profile is None:
        raise RefusalError("no ringfence was started here yet", f"start it in another terminal: {invocation()} up")
    terminal = Terminal()
    client = InstallationClient(settings.url, profile.account_sid, profile.auth_token)
    client.add_handset(CUSTOMER_NUMBER, "Customer")
    with interruptible():
        service = client.verify("POST", "Services", FriendlyName=SERVICE_NAME)["sid"]
        try:
            _sign_in(
                terminal,
                client,
                service,
                auto=auto,
                phones=f"{settings.url}/phones",
                link=lambda sid: timeline_link(settings.url, client, profile, sid),
            )
        finally:
            client.verify("DELETE", f"Services/{service}")


def _sign_in(
    terminal: Terminal,
    client: InstallationClient,
    service: str,
    *,
    auto: bool,
    phones: str,
    link: Callable[[str], str],
) -> None:
    started = client.verify("POST", f"Services/{service}/Verifications", To=CUSTOMER_NUMBER, Channel="sms")
    attempt = started["send_code_attempts"][-1]["attempt_sid"]
    terminal.say(f"program  verifications.create(to={CUSTOMER_NUMBER!r}, channel='sms') → {started['status']}")
    code = _await_code(client, attempt)
    terminal.say("phone    buzzes: a text with a code is on it, and nowhere else")
    terminal.say(f"timeline {link(started['sid'])}")
    terminal.say("         what happened to that code, with dots in its place; the link works once, within ten minutes")
    if not auto:
        terminal.say(f"now you  open {phones} and type the code of {CUSTOMER_NUMBER} here")
    for _ in range(TRIES):
        typed = code if auto else input("code     ").strip()
        if auto:
            terminal.say(f"you      type {'•' * len(code)}")
        checked = _check(client, service, typed)
        terminal.say(f"program  verification_checks.create(code=…) → {checked}")
        if checked == "approved":
            terminal.say("done     signed in; the same code again finds nothing to check")
            return
    raise RefusalError("five wrong codes: nobody signs in", f"{invocation()} demo code begins anew")


def _check(client: InstallationClient, service: str, code: str) -> str:
    if not re.fullmatch(r"[0-9]{4,10}", code):
        return "that cannot be a code"
    checked = client.verify("POST", f"Services/{service}/VerificationCheck", To=CUSTOMER_NUMBER, Code=code)
    return str(checked["status"])


def _await_code(client: InstallationClient, attempt: str) -> str:
    until = time.monotonic() + STEP_LIMIT_S
    while time.monotonic() < until:
        texts: list[dict[str, Any]] = client.texts_of(CUSTOMER_NUMBER)
        for text in reversed(texts):
            if text["sid"] == attempt and (found := _CODE.search(text["body"])):
                return found[0]
        time.sleep(LOOK_S)
    raise RefusalError("waited too long for the text with the code", f"{invocation()} doctor")
