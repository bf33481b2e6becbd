"""A site asks by Verify's push challenges, through a whole installation, and a device of the example answers.

The site uses the official SDK; the example's server passes on, and cannot answer.
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from tests.browser.authenticator import EXAMPLE, Device, Devices, RefusalError, Relay, Site, serving
from tests.conftest import Installation

pytestmark = [pytest.mark.browser, pytest.mark.long]

QUESTION = "Sign in to Octo Forge?"
FIELDS = [{"label": "Place", "value": "Lisbon"}, {"label": "Browser", "value": "Firefox"}]


@pytest.fixture
def verify(installation: Installation) -> Any:
    """The site's own Verify Service, by the official SDK."""
    client = installation.client()
    client.verify.base_url = f"{installation.base_url}/verify"
    return client.verify.v2.services(client.verify.v2.services.create(friendly_name="Octo Forge").sid)


@pytest.fixture
def site(installation: Installation, verify: Any, tmp_path: Path) -> Iterator[Site]:
    relay = Relay(
        installation.account_sid, installation.auth_token, verify.fetch().sid, f"{installation.base_url}/verify"
    )
    with serving(tmp_path / "kept.db", relay) as site:
        yield site


@pytest.fixture
def devices(browser: Browser, site: Site) -> Iterator[Devices]:
    devices = Devices(browser, site.url)
    yield devices
    devices.close()


class Asked:
    """A device that approvals are turned on for, and the site that asks it."""

    def __init__(self, device: Device, verify: Any, installation: Installation) -> None:
        self.device = device
        self._verify, self._installation = verify, installation
        self.account = device.start()
        page = device.go("Approvals")
        page.get_by_role("button", name="Turn approvals on").click()
        page.get_by_text("For the site").click()
        self.factor = page.locator("#factor").text_content() or ""
        self._entity = verify.entities(self.account)

    @property
    def page(self) -> Page:
        return self.device.page

    def ask(self, shown: str = QUESTION, **options: Any) -> str:
        """A new challenge, once the device shows it as `shown`; its SID."""
        fields = [json.dumps(each) for each in FIELDS]
        made = self._entity.challenges.create(
            factor_sid=self.factor, details_message=QUESTION, details_fields=fields, **options
        )
        expect(self.page.get_by_role("heading", name=shown)).to_be_visible()
        return str(made.sid)

    def ask_with_number(self) -> tuple[str, int]:
        """A new challenge and the two digits that the site shows. The official SDK does not know of them."""
        made = requests.post(
            f"{self._verify.fetch().url}/Entities/{self.account}/Challenges",
            {"FactorSid": self.factor, "Details.Message": QUESTION, "NumberMatching": "true"},
            auth=(self._installation.account_sid, self._installation.auth_token),
            timeout=10,
        ).json()
        expect(self.page.get_by_role("heading", name=QUESTION)).to_be_visible()
        return str(made["sid"]), int(made["hidden_details"]["number_match"])

    def status(self, challenge: str) -> str:
        return str(self._entity.challenges(challenge).fetch().status)

    def factor_status(self) -> str:
        return str(self._entity.factors(self.factor).fetch().status)


@pytest.fixture
def asked(devices: Devices, verify: Any, installation: Installation) -> Asked:
    return Asked(devices.add(), verify, installation)


def test_a_device_is_known_after_it_signed(asked: Asked) -> None:
    # The page names the factor as soon as there is one, and signs for it then.
    for _ in range(100):
        if asked.factor_status() == "verified":
            break
        asked.page.wait_for_timeout(100)
    assert asked.factor_status() == "verified"


@pytest.mark.parametrize(("button", "status"), [("Approve", "approved"), ("Deny", "denied")])
def test_a_person_reads_what_is_asked_and_answers(asked: Asked, button: str, status: str) -> None:
    challenge = asked.ask()
    card = asked.page.get_by_role("article")
    for each in FIELDS:
        expect(card).to_contain_text(each["label"])
        expect(card).to_contain_text(each["value"])
    assert asked.status(challenge) == "pending"
    card.get_by_role("button", name=button).click()
    expect(asked.page.get_by_role("heading", name="Nothing to approve")).to_be_visible()
    assert asked.status(challenge) == status


@pytest.mark.long
def test_a_site_asks_as_the_readme_shows(
    asked: Asked, verify: Any, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = re.findall(r"```python\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", installation.account_sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", installation.auth_token)
    given = {"service_sid": verify.fetch().sid, "identity": asked.account, "factor_sid": asked.factor}
    exec(shown.replace("http://localhost:8420", installation.base_url), given)
    expect(asked.page.get_by_role("article")).to_contain_text("Lisbon")


@pytest.mark.long
def test_the_count_is_seen_on_every_tab(asked: Asked) -> None:
    asked.ask()
    asked.device.go("Codes")
    expect(asked.page.get_by_role("link", name="Approvals 1")).to_be_visible()


@pytest.mark.long
def test_a_device_answers_after_the_app_was_closed(asked: Asked) -> None:
    challenge = asked.ask()
    asked.device.reopen()
    asked.device.go("Approvals")
    asked.page.get_by_role("button", name="Approve").click()
    expect(asked.page.get_by_role("heading", name="Nothing to approve")).to_be_visible()
    assert asked.status(challenge) == "approved"


def test_the_server_cannot_put_other_words_into_a_question(asked: Asked) -> None:
    """Its operator shows a harmless question: what is signed then is not what the site asked."""
    page = asked.page

    def other_words(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        for challenge in body["challenges"]:
            challenge["details"] = {"message": "Play a song?", "fields": []}
        route.fulfill(response=answer, json=body)

    page.route("**/approvals/pending", other_words)
    sent = asked.ask(shown="Play a song?")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("article").get_by_role("alert")).to_be_visible()
    assert asked.status(sent) == "pending"


def test_the_server_cannot_answer_for_a_device(asked: Asked, site: Site) -> None:
    """Nor can it use what the device signed for one question on another, or to sign in: that approves nothing."""
    page, sent = asked.page, []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/answer") else None)
    first = asked.ask()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Nothing to approve")).to_be_visible()
    assert asked.status(first) == "approved"
    second = asked.ask()
    (signed,) = (request.post_data_json for request in sent)
    relay = site.relay
    assert relay is not None
    for payload in (signed["payload"], signed["login"], "approved", with_other_sid(signed["payload"], second)):
        with pytest.raises(RefusalError) as refused:
            relay.answer(asked.account, second, signed["login"], payload)
        assert refused.value.code == "verify-60324"
    with pytest.raises(RefusalError) as refused:
        relay.pending(asked.account, with_other_sid(signed["login"], second))
    assert refused.value.status == 401
    assert asked.status(second) == "pending"


def with_other_sid(token: str, sid: str) -> str:
    """The token with another SID in what it says, and the signature that it had."""
    header, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))) | {"sid": sid}
    return f"{header}.{base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip('=')}.{signature}"


def test_a_device_that_the_site_removed_is_told_so(asked: Asked, verify: Any) -> None:
    verify.entities(asked.account).factors(asked.factor).delete()
    expect(asked.page.get_by_text("The site does not know this device any more.")).to_be_visible()


def test_digits_of_the_sites_page_are_part_of_what_is_signed(asked: Asked) -> None:
    """Number matching, which is ringfence's own: whoever did not open the page does not know them."""
    challenge, number = asked.ask_with_number()
    page = asked.page
    page.get_by_label("Number on the site's page").fill(str(number))
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Nothing to approve")).to_be_visible()
    assert asked.status(challenge) == "approved"


@pytest.mark.parametrize("typed", ["", "another"])
def test_other_digits_or_none_approve_nothing(asked: Asked, typed: str) -> None:
    challenge, number = asked.ask_with_number()
    page = asked.page
    page.get_by_label("Number on the site's page").fill(str(10 + (number - 9) % 90) if typed else "")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Nothing to approve")).to_be_visible()
    assert asked.status(challenge) == "expired"


@pytest.mark.long
def test_without_a_verify_service_the_app_says_that_there_are_no_approvals(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "kept.db") as site:
        devices = Devices(browser, site.url)
        device = devices.add()
        page = device.go("Approvals")
        expect(page.get_by_role("heading", name="Approvals need an account")).to_be_visible()
        device.start()
        device.go("Approvals")
        page.get_by_role("button", name="Turn approvals on").click()
        expect(page.get_by_role("status").filter(has_text="passes no approvals on")).to_be_visible()
        devices.close()
