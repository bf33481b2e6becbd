"""Calls through a whole installation: the official SDK, a program with TwiML, and a handset in Chromium with sound."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from tests.browser.test_calls import HEARD_HZ, KEEP_CALLS, phone, press, screen, until
from tests.browser.test_calls import browser as browser  # its microphone plays a tone
from tests.clients.test_calls import Program, wav_tone
from twilio.rest import Client

pytestmark = pytest.mark.browser

SHOP, SAM, ADA = "+12025550123", "+12025550177", "+12025550178"
EVENTS = ["initiated", "ringing", "answered", "completed"]


class Installation:
    """A `ringfence up` of its own, with its SIP on free ports; `settings` are lines of its ringfence.toml."""

    def __init__(self, home: Path, settings: str = "") -> None:
        self.log = home / "log"
        self.data = home / "data"
        (home / "ringfence.toml").write_text(f'sip_listen = ["ws:127.0.0.1:0"]\n{settings}')
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RINGFENCE_")} | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "share"),
        }
        with self.log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ringfence", "up", "--data", str(self.data), "--port", "0", "--json"],
                cwd=home,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"ringfence up did not become ready:\n{self.log.read_text()[-2000:]}"
        self.ready = json.loads(line)
        self.auth_token = self.ready["auth_token"]
        self.client = Client(self.ready["account_sid"], self.auth_token)
        self.client.api.base_url = self.ready["base_url"]

    @property
    def sip_url(self) -> str:
        """Where browsers register."""
        (listen,) = json.loads(next(self.data.rglob("sip.json")).read_text())
        return f"ws://127.0.0.1:{listen.rpartition(':')[2]}/"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("calls"))
    yield made
    made.stop()


@pytest.fixture
def program(installation: Installation) -> Iterator[Program]:
    made = Program(installation.auth_token)
    made.pages["/tone.wav"] = wav_tone(700, 2.0)
    yield made
    made.close()


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    context.add_init_script(KEEP_CALLS)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # The log of calls outlives a page; with a single conversation a handset would open it.
    for number in (SAM, ADA):
        requests.delete(
            installation.ready["phones_url"].replace("/phones", f"/simulator/handsets/{number}/messages"), timeout=10
        )
    page.goto(installation.ready["phones_url"])
    press(page, "New call", SAM)
    expect(phone(page, SAM).locator(".line-notice")).to_be_empty(timeout=15_000)
    yield page
    context.close()
    assert complaints == []


def call(installation: Installation, program: Program, url: str, to: str = SAM) -> Any:
    return installation.client.calls.create(
        to=to, from_=SHOP, url=url, status_callback=f"{program.url}/status", status_callback_event=EVENTS
    )


def test_a_program_calls_a_handset_which_hears_it_presses_a_key_and_is_held(
    page: Page, installation: Installation, program: Program
) -> None:
    start = program.says("/voice", "<Gather numDigits='1' action='/menu'><Play loop='0'>/tone.wav</Play></Gather>")
    program.says("/menu", "<Play loop='0'>/tone.wav</Play>")
    made = call(installation, program, start)
    expect(screen(page)).to_contain_text("Incoming call")
    until(page, lambda: program.told(made.sid) == ["initiated", "ringing"])
    press(page, "Answer", SAM)
    expect(screen(page)).to_contain_text("Connected")
    until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(700, abs=6))
    press(page, "Keypad", SAM)
    screen(page).get_by_role("button", name="1", exact=True).click()
    until(page, lambda: program.forms("/menu"))
    (menu,) = program.forms("/menu")
    assert (menu["Digits"], menu["CallStatus"], menu["To"], menu["From"]) == ("1", "in-progress", SAM, SHOP)
    until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(700, abs=6))
    press(page, "Hold", SAM)
    expect(screen(page)).to_contain_text("On hold")
    until(page, lambda: page.evaluate(HEARD_HZ) == 0)
    press(page, "Hold", SAM)
    until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(700, abs=6))
    press(page, "Hang up", SAM)
    until(page, lambda: installation.client.calls(made.sid).fetch().status == "completed")
    until(page, lambda: program.told(made.sid) == ["initiated", "ringing", "in-progress", "completed"])
    expect(phone(page, SAM).locator(".call-row")).to_contain_text(re.compile(r"Incoming call · 0:\d\d"))
    assert program.signed


def test_a_call_in_the_log_leads_to_its_timeline(page: Page, installation: Installation, program: Program) -> None:
    made = call(installation, program, program.says("/voice", "<Play loop='0'>/tone.wav</Play>"))
    press(page, "Answer", SAM)
    expect(screen(page)).to_contain_text("Connected")
    until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(700, abs=6))
    press(page, "Hang up", SAM)
    link = phone(page, SAM).locator(".call-row").last.get_by_role("link", name="Timeline of this call")
    expect(link).to_have_attribute("href", f"/timeline/{made.sid}")
    page.reload()
    expect(link).to_have_attribute("href", f"/timeline/{made.sid}")
    with page.expect_popup() as opened:
        link.click()
    timeline = opened.value
    timeline.get_by_label("Account SID").fill(installation.ready["account_sid"])
    timeline.get_by_label("Auth Token").fill(installation.auth_token)
    timeline.get_by_role("button", name="Show the timeline").click()
    expect(timeline.get_by_role("heading", name="180 Ringing")).to_be_visible()
    quality = timeline.locator("li.step").filter(has=timeline.get_by_role("heading", name="Quality"))
    expect(quality).to_contain_text("Packets received")
    expect(quality).not_to_contain_text("None")
    timeline.close()


def test_a_handset_that_calls_out_is_told_which_call_it_is(page: Page, installation: Installation) -> None:
    phone(page, SAM).get_by_label("Number").fill(SHOP)
    press(page, "Call", SAM)
    expect(screen(page)).to_have_count(0, timeout=20_000)
    (made,) = installation.client.calls.list(from_=SAM, limit=1)
    link = phone(page, SAM).locator(".call-row").last.get_by_role("link")
    expect(link).to_have_attribute("href", f"/timeline/{made.sid}")


def test_a_handset_that_declines_is_busy(page: Page, installation: Installation, program: Program) -> None:
    made = call(installation, program, program.says("/voice", "<Hangup/>"))
    press(page, "Decline", SAM)
    until(page, lambda: installation.client.calls(made.sid).fetch().status == "busy")


def test_a_handset_calls_a_number_whose_program_calls_another_handset(
    page: Page, installation: Installation, program: Program
) -> None:
    url = program.says("/incoming", f"<Dial timeout='20'>{ADA}</Dial>")
    (number,) = installation.client.incoming_phone_numbers.list(phone_number=SHOP)
    number.update(voice_url=url)
    page.get_by_role("button", name="Add handset").click()
    page.get_by_role("dialog").get_by_label("Number").fill(ADA)
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(phone(page, ADA)).to_have_count(1)
    phone(page, SAM).get_by_label("Number to call").fill(SHOP)
    press(page, "Call", SAM)
    expect(screen(page, ADA)).to_contain_text("Incoming call")
    (asked,) = program.forms("/incoming")
    assert (asked["From"], asked["To"], asked["Direction"]) == (SAM, SHOP, "inbound")
    press(page, "Answer", ADA)
    expect(screen(page, ADA)).to_contain_text("Connected")
    expect(screen(page, SAM)).to_contain_text("Connected")
    until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(440, abs=6))
    press(page, "Hang up", ADA)
    expect(phone(page, SAM).locator(".call-row")).to_contain_text("Outgoing call · 0:")


def test_the_samples_words_are_heard(page: Page, installation: Installation) -> None:
    """The document that the page itself offers, spoken by the voice that is installed."""
    pytest.importorskip("piper")
    # Again and again, so that a slow page does not look when all is said.
    twiml = "<Response><Say loop='20'>Your haircut is on Tuesday at three.</Say></Response>"
    made = installation.client.calls.create(to=SAM, from_=SHOP, twiml=twiml)
    press(page, "Answer", SAM)
    heard = screen(page).get_by_role("meter", name="Their voice")
    until(page, lambda: int(heard.get_attribute("aria-valuenow") or 0) > 10)
    installation.client.calls(made.sid).update(status="completed")
    until(page, lambda: installation.client.calls(made.sid).fetch().status == "completed")
