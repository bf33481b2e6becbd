"""The example of a members' site: stock Django and django-two-factor-auth, their gateway unmodified, in Chromium.

`ringfence run` leads it here. Texts are read from the handset's screen, and digits of calls are heard, as tones.
"""

import base64
import hashlib
import hmac
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.spoken_tones import LISTEN, Said, tone_voice
from tests.browser.test_calls import KEEP_CALLS, phone, press, screen
from tests.browser.test_calls import browser as browser  # its microphone plays a tone
from tests.browser.test_calls_end_to_end import Installation

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).parents[2] / "examples" / "login"
SAM = "+12025550177"
PASSWORD = "a-password-that-nobody-has"
STEP_S = 30
PATIENCE_MS = 30_000


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Three processes answer each step here, and each may have to wait for the others of a busy machine."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=None)


@pytest.fixture(scope="module")
def voice() -> Iterator[Said]:
    with tone_voice() as said:
        yield said


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, voice: Said) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("login"), f'speech_url = "{voice.url}"\n')
    yield made
    made.stop()


class Site:
    """The example as its README starts it, on a database of its own; all that it prints is kept in `log`."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self._environment = installation.environment | {
            "LOGIN_DATABASE": str(folder / "login.db"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        place = ["--data", str(installation.data), "--port", installation.ready["base_url"].rpartition(":")[2]]
        self._manage = [sys.executable, "-m", "ringfence", "run", *place, "--", sys.executable, "manage.py"]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "log"
        self.command("migrate", "--verbosity", "0")
        with self.log.open("wb") as log:
            self._server = subprocess.Popen(
                [*self._manage, "runserver", "--noreload", f"127.0.0.1:{port}"],
                cwd=EXAMPLE,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until_listening(port, self._server, self.log)

    def command(self, *arguments: str) -> None:
        subprocess.run(
            [*self._manage, *arguments],
            cwd=EXAMPLE,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )

    def member(self, name: str) -> str:
        self.command("createsuperuser", "--noinput", "--username", name, "--email", f"{name}@shop.example")
        return name

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(20)


def until_listening(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the site does not listen:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(installation, tmp_path_factory.mktemp("site"))
    yield made
    made.stop()


@pytest.fixture
def in_language(browser: Browser) -> Iterator[Callable[[str], BrowserContext]]:
    """A browser of someone who reads a language."""
    opened: list[BrowserContext] = []

    def open_context(language: str) -> BrowserContext:
        context = browser.new_context(locale=language, viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(KEEP_CALLS)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def context(in_language: Callable[[str], BrowserContext]) -> BrowserContext:
    return in_language("en")


def handset(context: BrowserContext, installation: Installation) -> Page:
    """The Phones page, with nothing yet on Sam's handset."""
    place = installation.ready["phones_url"].replace("/phones", f"/simulator/handsets/{SAM}/messages")
    requests.delete(place, timeout=10).raise_for_status()
    page = context.new_page()
    page.goto(installation.ready["phones_url"])
    expect(page.locator("#live")).to_have_text("Live")
    return page


def telephone(context: BrowserContext, installation: Installation) -> Page:
    """The same, and its line is there: it can be called."""
    page = handset(context, installation)
    press(page, "New call", SAM)
    expect(phone(page, SAM).locator(".line-notice")).to_be_empty(timeout=15_000)
    return page


def submit(page: Page, **fields: str) -> None:
    """Fill the wizard's fields and go on."""
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)
    page.keyboard.press("Enter")


def sign_in(site: Site, page: Page, name: str) -> None:
    """Name and password; where there is a second factor, its page comes next."""
    page.goto(f"{site.url}/account/login/")
    submit(page, **{"auth-username": name, "auth-password": PASSWORD})


def sign_out(site: Site, page: Page) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def choose(site: Site, page: Page, name: str, method: str) -> None:
    """Begin the setup of a second factor, as far as the page that is its own."""
    sign_in(site, page, name)
    expect(page.get_by_text(f"You are signed in as {name}.")).to_be_visible()
    page.goto(f"{site.url}/account/two_factor/setup/")
    page.locator("button.btn-primary").click()
    page.locator(f"input[name=method-method][value={method}]").check()
    page.locator("button.btn-primary").click()


def expect_member(site: Site, page: Page, name: str) -> None:
    """Signed in with both factors: the club's page is open."""
    expect(page.get_by_text(f"You are signed in as {name}, with a second factor.")).to_be_visible()
    page.goto(f"{site.url}/club/")
    expect(page.get_by_text(f"Only who has shown a second factor reads this, {name}.")).to_be_visible()


def texted(phones: Page, words: str, count: int) -> str:
    """The token in the newest of so many texts, read from the handset's screen."""
    bodies = phone(phones, SAM).locator(".message .body").filter(has_text=words)
    expect(bodies).to_have_count(count)
    (token,) = re.findall(r"\d{6}", bodies.last.inner_text())
    return token


def heard(phones: Page) -> str:
    """Take the call, press a key when asked, and listen to the end: the token that was said, twice."""
    press(phones, "Answer", SAM)
    expect(screen(phones)).to_contain_text("Connected")
    phones.evaluate(LISTEN)
    press(phones, "Keypad", SAM)
    screen(phones).get_by_role("button", name="1", exact=True).click()
    expect(screen(phones)).to_have_count(0, timeout=120_000)
    said = phones.evaluate("window.heard")
    half = len(said) // 2
    assert said[:half] == said[half:], "what was said twice was heard twice"
    # The gateway's URL holds the token as a whole number: it says no zero that leads.
    return said[:half].zfill(6)


def totp(secret: str, at_s: float) -> str:
    """RFC 6238 with its defaults, as an authenticator has it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, int(at_s // STEP_S).to_bytes(8, "big"), hashlib.sha1)
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def test_the_readme_starts_it_as_this_test_does() -> None:
    shown = re.findall(r"^ringfence run -- python manage\.py (\w+)", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    assert shown == ["migrate", "createsuperuser", "runserver"]


def test_a_member_signs_in_by_text(context: BrowserContext, installation: Installation, site: Site) -> None:
    name = site.member("ann")
    phones, page = handset(context, installation), context.new_page()
    choose(site, page, name, "sms")
    submit(page, **{"sms-number": SAM})
    expect(page.get_by_text("We sent you a text message")).to_be_visible()
    submit(page, **{"validation-token": texted(phones, "Your OTP token is", 1)})
    expect(page.get_by_text("you've successfully enabled two-factor")).to_be_visible()
    sign_out(site, page)

    sign_in(site, page, name)
    expect(page.get_by_text("We sent you a text message")).to_be_visible()
    token = texted(phones, "Your OTP token is", 2)
    submit(page, **{"token-otp_token": token})
    expect_member(site, page, name)
    sign_out(site, page)

    sign_in(site, page, name)
    texted(phones, "Your OTP token is", 3)
    submit(page, **{"token-otp_token": f"{(int(token) + 1) % 10**6:06d}"})
    expect(page.get_by_text("Invalid token")).to_be_visible()
    page.goto(f"{site.url}/club/")
    expect(page.get_by_text("Only who has shown")).to_have_count(0)


@pytest.mark.long
def test_a_text_comes_in_the_members_language(
    in_language: Callable[[str], BrowserContext], installation: Installation, site: Site
) -> None:
    context = in_language("de")
    phones, page = handset(context, installation), context.new_page()
    choose(site, page, site.member("dora"), "sms")
    submit(page, **{"sms-number": SAM})
    submit(page, **{"validation-token": texted(phones, "Ihr Einmal-Token ist", 1)})
    page.wait_for_url("**/setup/complete/")


@pytest.mark.long
def test_a_member_signs_in_by_call_and_no_token_is_in_the_sites_log(
    context: BrowserContext, installation: Installation, site: Site, voice: Said
) -> None:
    name = site.member("bob")
    phones, page = telephone(context, installation), context.new_page()
    choose(site, page, name, "call")
    submit(page, **{"call-number": SAM})
    tokens = [heard(phones)]
    submit(page, **{"validation-token": tokens[0]})
    page.wait_for_url("**/setup/complete/")
    sign_out(site, page)

    sign_in(site, page, name)
    tokens.append(heard(phones))
    submit(page, **{"token-otp_token": tokens[1]})
    expect_member(site, page, name)
    assert ("Your token is:", "en") in voice.words

    written = site.log.read_text()
    for method in ("GET", "POST"):
        assert written.count(f'"{method} /twilio/inbound/two_factor/••••••/?locale=en') == 2
    assert [token for token in tokens if token.lstrip("0") in written] == []


@pytest.mark.long
def test_a_call_comes_in_the_members_language(
    in_language: Callable[[str], BrowserContext], installation: Installation, site: Site, voice: Said
) -> None:
    context = in_language("de")
    phones, page = telephone(context, installation), context.new_page()
    choose(site, page, site.member("emil"), "call")
    submit(page, **{"call-number": SAM})
    submit(page, **{"validation-token": heard(phones)})
    page.wait_for_url("**/setup/complete/")
    assert ("Your token is:", "de") in voice.words


def test_a_member_signs_in_by_authenticator_and_by_backup_token(
    context: BrowserContext, installation: Installation, site: Site
) -> None:
    name = site.member("cleo")
    page = context.new_page()
    choose(site, page, name, "generator")
    secret = page.locator("a[href^='otpauth:']").inner_text().strip()
    submit(page, **{"generator-token": totp(secret, time.time())})
    page.wait_for_url("**/setup/complete/")
    page.goto(f"{site.url}/account/two_factor/backup/tokens/")
    page.get_by_role("button", name="Generate Tokens").click()
    expect(page.locator("main li")).to_have_count(10)
    backup = page.locator("main li").first.inner_text().strip()
    sign_out(site, page)

    sign_in(site, page, name)
    # The next one of the authenticator: a token is good once, and setting up may have used this one.
    submit(page, **{"token-otp_token": totp(secret, time.time() + STEP_S)})
    expect_member(site, page, name)
    sign_out(site, page)

    for good in (True, False):
        sign_in(site, page, name)
        page.get_by_role("button", name="Use Backup Token").click()
        submit(page, **{"backup-otp_token": backup})
        if good:
            expect_member(site, page, name)
            sign_out(site, page)
    expect(page.get_by_text("Invalid token")).to_be_visible()
