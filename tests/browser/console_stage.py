"""An installation of real processes with an account's day in it, a member of staff and a member of the account.

For whoever looks at all pages of both consoles: the accessibility test, and the pictures of the README.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect
from tests.browser.member_console import with_authenticator

from ringfence.domain.retention.facts import FIELDS
from ringfence.domain.retention.officer import OfficerKey

SAM, ADA, PRIYA, KOFI = "+12025550177", "+12025550178", "+447700900321", "+12025550181"
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
NARROW: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
SIGNED_IN_MS = 30_000


class Stage:
    """`ringfence up` in a folder of its own, on free ports."""

    def __init__(self, folder: Path) -> None:
        self._home, self._data = folder, folder / "data"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RINGFENCE_")},
            "HOME": str(folder),
            "RINGFENCE_CONSOLE_PORT": "0",
            "RINGFENCE_KEYS_PORT": "0",
        }
        self._log = folder / "up.log"
        with self._log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ringfence", "up", "--data", str(self._data), "--port", "0", "--json"],
                cwd=folder,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text()[-2_000:]
        told = json.loads(line)
        self.api, self.account, self.token = told["base_url"], told["account_sid"], told["auth_token"]
        self.operator, self.console, self.keys = told["operator_url"], told["console_url"], ""

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def command(self, *words: str, typed: str = "") -> str:
        """What `ringfence WORDS` prints, here, once somebody has `typed` that."""
        done = subprocess.run(
            [sys.executable, "-m", "ringfence", *words, "--data", str(self._data)],
            cwd=self._home,
            env=self._environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, method: str, path: str, **fields: str) -> Any:
        """One request of the account's program."""
        answer = requests.request(
            method, f"{self.api}{path}", auth=(self.account, self.token), data=fields or None, timeout=20
        )
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def simulate(self, method: str, path: str, **values: Any) -> None:
        answer = requests.request(method, f"{self.api}/simulator{path}", json=values, timeout=20)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"

    def fill(self) -> None:
        """Texts that arrived and one that did not, an answer, a code, a call that nobody took."""
        account = f"/2010-04-01/Accounts/{self.account}"
        shop = self.ask("GET", f"{account}/IncomingPhoneNumbers.json")["incoming_phone_numbers"][0]["phone_number"]
        for number, name in ((SAM, "Sam Rivera"), (ADA, "Ada Lovelace"), (PRIYA, "Priya Nair"), (KOFI, "Kofi Mensah")):
            self.simulate("POST", "/handsets", number=number, name=name)
        self.simulate("POST", "/faults", kind="fail", number=PRIYA, code=30003, remaining=1)
        texts = (
            (SAM, "Hi Sam, your usual on Tuesday at 15:00? Reply C to confirm, X to cancel."),
            (ADA, "Your table for two is booked for Friday, 19:30."),
            (PRIYA, "Your results are in. Please call us."),
            (KOFI, "Thank you, your parcel is on its way."),
            (ADA, "See you tonight! The door code has been sent to your app."),
        )
        for to, body in texts:
            self.ask("POST", f"{account}/Messages.json", From=shop, To=to, Body=body)
        self.simulate("POST", f"/handsets/{SAM}/messages", to=shop, body="C, see you there")
        service = self.ask("POST", "/verify/v2/Services", FriendlyName="Shop")["sid"]
        self.ask("POST", f"/verify/v2/Services/{service}/Verifications", To=ADA, Channel="sms")
        told = {"FriendlyName": "Watch", "EventTypes": "*", "WebhookUrl": "https://shop.example/verify"}
        self.ask("POST", f"/verify/v2/Services/{service}/Webhooks", **told)
        self.ask("POST", "/messaging/v1/Services", FriendlyName="Reminders")
        self.ask("POST", f"{account}/Keys.json", FriendlyName="Till")
        branch = f"/2010-04-01/Accounts/{self.ask('POST', '/2010-04-01/Accounts.json', FriendlyName='Branch')['sid']}"
        stock = self.ask("GET", f"{branch}/AvailablePhoneNumbers/US/Local.json")["available_phone_numbers"]
        desk = self.ask("POST", f"{branch}/IncomingPhoneNumbers.json", PhoneNumber=stock[0]["phone_number"])
        self.ask("POST", f"{branch}/Messages.json", From=desk["phone_number"], To=ADA, Body="Your key is at the desk.")
        ring = "<Response><Say>Your key is at the desk.</Say></Response>"
        self.ask("POST", f"{branch}/Calls.json", From=desk["phone_number"], To=SAM, Twiml=ring)
        self.ask("POST", f"{account}/Calls.json", From=shop, To=SAM, Twiml="<Response><Say>Hello</Say></Response>")
        self.command("blast", "--key", self.account, "--tell")

    def declare_duty(self, days: int) -> None:
        """A duty to retain metadata, in the place of one that stands."""
        officers = [OfficerKey(name, bytes([n]) * 32).officer.line for n, name in enumerate(("ann", "bob"), start=1)]
        named = [word for line in officers for word in ("--officer", line)]
        fields = [word for field in FIELDS for word in ("--field", field)]
        basis = "Telecommunications Act, section 113b"
        self.command("duty", "declare", *fields, "--days", str(days), "--basis", basis, *named, typed="y\n")


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    made = Stage(folder)
    try:
        yield made
    finally:
        made.stop()


def staff_page(context: BrowserContext, stage: Stage) -> Page:
    """A page of somebody of the staff, who has enrolled and signed in."""
    printed = stage.command("staff", "invite", "Ada")
    link = next(word for word in printed.split() if "/join#" in word)
    page = context.new_page()
    with_authenticator(context, page, prf=False)
    page.goto(link)
    page.click("#join")
    page.wait_for_url("**/sign-in")
    page.click("#sign-in")
    expect(page.locator("#sign-in")).to_have_count(0, timeout=SIGNED_IN_MS)
    return page


def member_page(context: BrowserContext, stage: Stage) -> Page:
    """A page of a member of the account, who has enrolled and signed in."""
    printed = stage.command("account", "console-link", stage.account, typed=f"{stage.token}\n")
    link = next(word for word in printed.split() if "/enrol#" in word)
    stage.keys = link.partition("/enrol#")[0]
    page = context.new_page()
    with_authenticator(context, page)
    page.goto(link)
    page.get_by_role("button", name="Make my passkey").click()
    page.get_by_role("link", name="To the console").click()
    page.frame_locator("#keys").get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=SIGNED_IN_MS)
    return page


def frames_of(page: Page) -> list[Frame]:
    """The page's own frame first, and the key origin's where there is one."""
    return [frame for frame in page.frames if frame.url not in ("", "about:blank")]


def of_device(browser: Browser, device: dict[str, Any], scheme: str) -> BrowserContext:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", **device)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    return context
