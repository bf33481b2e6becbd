"""The example of a site with passkeys, in Chromium with a virtual authenticator; it is phished in vain.

All of it happens on this machine: browsers take *.localhost for it, and ask for no certificate there.
"""

import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, expect

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).parents[2] / "examples" / "passkey-login"
DOMAIN, LOOKALIKE = "members.localhost", "rnembers.localhost"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """The example as its README starts it."""

    def __init__(self, installation: Any, start_program: Callable[..., Any]) -> None:
        self.port = free_port()
        self.origin = f"http://{DOMAIN}:{self.port}"
        environment = installation.program_environment | {
            "PORT": str(self.port),
            "SITE_DOMAIN": DOMAIN,
            "SITE_ORIGIN": self.origin,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        made = subprocess.run(
            [sys.executable, "app.py", "service"],
            cwd=EXAMPLE,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        self.service = made.stdout.strip()
        self.client = installation.client()
        self.client.verify.base_url = installation.base_url
        self.program = start_program(
            [sys.executable, "app.py"], EXAMPLE, environment | {"VERIFY_SERVICE_SID": self.service}
        )
        self.program.await_line("Members sign in")

    def statuses(self) -> list[str]:
        """Of all challenges of all members, the newest first."""
        service = self.client.verify.v2.services(self.service)
        entities = service.entities.list()
        return [each.status for entity in entities for each in service.entities(entity.identity).challenges.list()]


@pytest.fixture
def site(installation: Any, start_program: Callable[..., Any]) -> Site:
    return Site(installation, start_program)


# The virtual authenticator answers what a browser offers at once, where a person would choose or not.
NO_OFFERS = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"


class Visitor:
    """A browser of somebody's own, with an authenticator in it. Without `offers` it waits to be asked."""

    def __init__(self, browser: Browser, *, offers: bool = False) -> None:
        self._context = browser.new_context()
        self._context.set_default_timeout(15_000)
        if not offers:
            self._context.add_init_script(NO_OFFERS)
        self.page = self._context.new_page()
        self.cdp: CDPSession = self._context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable", {})
        self.authenticator = self.add_authenticator()

    def add_authenticator(self) -> str:
        options = {"options": AUTHENTICATOR}
        return str(self.cdp.send("WebAuthn.addVirtualAuthenticator", options)["authenticatorId"])

    def remove_authenticator(self) -> None:
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.authenticator})

    def passkeys(self) -> list[dict[str, Any]]:
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})["credentials"]
        return [dict(each) for each in found]

    def join(self, name: str) -> None:
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Join").click()

    def log_in(self, name: str) -> None:
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Sign in").click()

    def log_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_label("Your name")).to_be_visible()

    def expect_inside(self, name: str) -> None:
        expect(self.page.locator("#member")).to_have_text(name)
        expect(self.page.locator("#inside")).to_be_visible()

    def expect_told(self, words: str) -> None:
        expect(self.page.get_by_role("status")).to_contain_text(words)

    def close(self) -> None:
        self._context.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    made = Visitor(browser)
    yield made
    made.close()


def test_a_member_joins_leaves_and_signs_in_by_name(site: Site, visitor: Visitor) -> None:
    visitor.page.goto(site.origin)
    visitor.join("ann")
    visitor.expect_inside("ann")
    (passkey,) = visitor.passkeys()
    assert (passkey["rpId"], passkey["isResidentCredential"]) == (DOMAIN, True)
    visitor.log_out()
    visitor.log_in("ann")
    visitor.expect_inside("ann")
    assert site.statuses() == ["approved"]


def test_a_member_signs_in_by_what_the_browser_offers(site: Site, browser: Browser) -> None:
    visitor = Visitor(browser, offers=True)
    try:
        visitor.page.goto(site.origin)
        visitor.join("ann")
        visitor.expect_inside("ann")
        with visitor.page.expect_response("**/login/end") as ended:
            visitor.page.get_by_role("button", name="Sign out").click()
        assert ended.value.ok
        visitor.expect_inside("ann")
        assert site.statuses() == ["approved"]
    finally:
        visitor.close()


def test_a_second_passkey_is_for_another_authenticator(site: Site, visitor: Visitor) -> None:
    visitor.page.goto(site.origin)
    visitor.join("ann")
    visitor.expect_inside("ann")
    visitor.page.get_by_role("button", name="Add another passkey").click()
    visitor.expect_told("InvalidStateError")
    visitor.remove_authenticator()
    visitor.authenticator = visitor.add_authenticator()
    visitor.page.get_by_role("button", name="Add another passkey").click()
    expect(visitor.page.get_by_role("status")).to_be_empty()
    visitor.expect_inside("ann")
    factors = site.client.verify.v2.services(site.service)
    (entity,) = factors.entities.list()
    statuses = [each.status for each in factors.entities(entity.identity).factors.list()]
    assert statuses.count("verified") == 2


def test_a_name_that_somebody_has_is_not_given_away(site: Site, visitor: Visitor, browser: Browser) -> None:
    visitor.page.goto(site.origin)
    visitor.join("ann")
    visitor.expect_inside("ann")
    thief = Visitor(browser)
    try:
        thief.page.goto(site.origin)
        thief.join("ann")
        thief.expect_told("Somebody has that name.")
        thief.join("bob")
        thief.expect_inside("bob")
    finally:
        thief.close()


def test_who_does_not_show_himself_is_not_let_in(site: Site, visitor: Visitor) -> None:
    visitor.page.goto(site.origin)
    visitor.join("ann")
    visitor.expect_inside("ann")
    visitor.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": visitor.authenticator, "isUserVerified": False})
    visitor.log_out()
    visitor.log_in("ann")
    visitor.expect_told("NotAllowedError")
    assert "approved" not in site.statuses()


def test_a_copied_passkey_is_noticed(site: Site, visitor: Visitor) -> None:
    visitor.page.goto(site.origin)
    visitor.join("ann")
    visitor.expect_inside("ann")
    (copied,) = visitor.passkeys()
    visitor.log_out()
    visitor.log_in("ann")
    visitor.expect_inside("ann")
    visitor.remove_authenticator()
    visitor.authenticator = visitor.add_authenticator()
    kept = ("credentialId", "isResidentCredential", "rpId", "privateKey", "userHandle", "signCount")
    copy = {name: copied[name] for name in kept}
    visitor.cdp.send("WebAuthn.addCredential", {"authenticatorId": visitor.authenticator, "credential": copy})
    visitor.log_out()
    visitor.log_in("ann")
    visitor.expect_told("That passkey was not accepted.")
    assert site.statuses() == ["denied", "approved"]
    service = site.client.verify.v2.services(site.service)
    (entity,) = service.entities.list()
    (factor,) = service.entities(entity.identity).factors.list()
    assert "date_counter_regressed" in factor.metadata
    site.program.await_line("counter did not rise")


class Lookalike:
    """A site in the middle: it hands everything on in both directions, and says that the real page asks.

    With `own_domain` it puts itself into what the browser is asked.
    """

    def __init__(self, site: Site, *, own_domain: bool) -> None:
        self.handed_on: list[tuple[str, int]] = []
        phisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._hand_on(None)

            def do_POST(self) -> None:
                self._hand_on(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

            def _hand_on(self, body: bytes | None) -> None:
                headers = {"Origin": site.origin, "Content-Type": "application/json"}
                if cookie := self.headers.get("Cookie"):
                    headers["Cookie"] = cookie
                asked = urllib.request.Request(f"http://127.0.0.1:{site.port}{self.path}", body, headers)
                try:
                    answer = urllib.request.urlopen(asked, timeout=10)
                except urllib.error.HTTPError as error:
                    answer = error
                with answer:
                    told = answer.read()
                    if own_domain:
                        told = told.replace(json.dumps(DOMAIN).encode(), json.dumps(LOOKALIKE).encode())
                    phisher.handed_on.append((self.path, answer.status))
                    self.send_response(answer.status)
                    for name in ("Content-Type", "Set-Cookie", "Content-Security-Policy"):
                        if value := answer.headers.get(name):
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(told)))
                    self.end_headers()
                    self.wfile.write(told)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://{LOOKALIKE}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def test_a_lookalike_that_asks_for_the_real_site_is_refused_by_the_browser(site: Site, visitor: Visitor) -> None:
    visitor.page.goto(site.origin)
    visitor.join("ann")
    visitor.expect_inside("ann")
    phisher = Lookalike(site, own_domain=False)
    try:
        for attempt, name in ((visitor.log_in, "ann"), (visitor.log_in, ""), (visitor.join, "mallory")):
            visitor.page.goto(phisher.origin)
            attempt(name)
            visitor.expect_told("SecurityError")
        assert [path for path, _ in phisher.handed_on if path.endswith("/end")] == []
    finally:
        phisher.close()
    assert "approved" not in site.statuses()


def test_a_lookalike_that_asks_for_itself_is_refused_by_us(site: Site, visitor: Visitor) -> None:
    visitor.page.goto(site.origin)
    visitor.join("ann")
    visitor.expect_inside("ann")
    phisher = Lookalike(site, own_domain=True)
    try:
        # Whom it talks into joining there makes a passkey of the lookalike, and it is not taken.
        visitor.page.goto(phisher.origin)
        visitor.join("mallory")
        visitor.expect_told("That passkey was not accepted.")
        site.program.await_line("not among the origins")
        assert ("/join/end", 403) in phisher.handed_on
        # With that passkey on the device the browser does answer the lookalike, and the answer opens nothing.
        visitor.page.goto(phisher.origin)
        visitor.log_in("")
        site.program.await_line("/login/end refused")
        visitor.expect_told("That passkey was not accepted.")
        assert [status for path, status in phisher.handed_on if path == "/login/end"] == [403]
    finally:
        phisher.close()
    assert "approved" not in site.statuses()
