"""The phone menu over HTTP, without ringfence: what it lets in, and where its keys lead."""

import sys
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.clients.conftest import AUTH_TOKEN, EXAMPLES
from twilio.request_validator import RequestValidator

PUBLIC_URL = "https://shop.example/hooks"


class Menu:
    """A caller of the program."""

    def __init__(self, app: ModuleType) -> None:
        self.http = app.app.test_client()

    def ask(self, path: str, **form: str) -> ElementTree.Element:
        answer = self.post(path, form)
        assert (answer.status_code, answer.mimetype) == (200, "text/xml")
        return ElementTree.fromstring(answer.text)

    def post(self, path: str, form: dict[str, str], *, signed_url: str = "") -> Any:
        signature = RequestValidator(AUTH_TOKEN).compute_signature(signed_url or PUBLIC_URL + path, form)
        return self.http.post(path, data=form, headers={"X-Twilio-Signature": signature})


@pytest.fixture
def menu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLES / "ivr"))
    for name, value in {"ACCOUNT_SID": "AC" + "0" * 32, "AUTH_TOKEN": AUTH_TOKEN}.items():
        monkeypatch.setenv(f"TWILIO_{name}", value)
    monkeypatch.setenv("PUBLIC_URL", PUBLIC_URL)
    monkeypatch.delenv("TWILIO_API_URL", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    import app

    yield Menu(app)
    for name in ("app", "menu"):
        del sys.modules[name]


def shape(document: ElementTree.Element) -> list[tuple[str, str]]:
    """The verbs in order, each with where it leads."""
    return [(verb.tag, verb.get("action") or (verb.text if verb.tag == "Redirect" else "") or "") for verb in document]


def test_who_calls_hears_the_menu_and_again_without_a_key(menu: Menu) -> None:
    document = menu.ask("/welcome")
    assert shape(document) == [("Gather", "/choice"), ("Redirect", "/welcome?tries=1")]
    assert document[0][0].text == "Welcome to Fade and Co."
    assert shape(menu.ask("/welcome?tries=2")) == [("Gather", "/choice"), ("Redirect", "/welcome?tries=3")]


def test_after_three_times_the_voicemail_takes_over(menu: Menu) -> None:
    assert shape(menu.ask("/welcome?tries=3")) == [("Redirect", "/voicemail")]


@pytest.mark.parametrize(
    ("digits", "verbs"),
    [
        ("1", [("Say", ""), ("Redirect", "/welcome?tries=1")]),
        ("2", [("Say", ""), ("Dial", "/transferred")]),
        ("3", [("Redirect", "/voicemail")]),
        ("9", [("Say", ""), ("Redirect", "/welcome?tries=1")]),
        ("", [("Say", ""), ("Redirect", "/welcome?tries=1")]),
    ],
)
def test_each_key_leads_on(menu: Menu, digits: str, verbs: list[tuple[str, str]]) -> None:
    assert shape(menu.ask("/choice", Digits=digits)) == verbs


def test_the_barber_is_asked_before_the_two_are_joined(menu: Menu) -> None:
    (number,) = menu.ask("/choice", Digits="2")[1]
    assert (number.tag, number.text, number.get("url")) == ("Number", "+12025550178", "/whisper")
    assert shape(menu.ask("/whisper")) == [("Gather", "/accepted"), ("Hangup", "")]
    assert shape(menu.ask("/accepted", Digits="1")) == []
    assert shape(menu.ask("/accepted", Digits="2")) == [("Hangup", "")]


@pytest.mark.parametrize(("status", "last"), [("completed", "Hangup"), ("no-answer", "Redirect"), ("busy", "Redirect")])
def test_who_was_not_connected_may_leave_a_message(menu: Menu, status: str, last: str) -> None:
    assert menu.ask("/transferred", DialCallStatus=status)[-1].tag == last


def test_the_voicemail_records_and_thanks(menu: Menu) -> None:
    assert shape(menu.ask("/voicemail")) == [("Say", ""), ("Record", "/thanks"), ("Say", "")]
    assert shape(menu.ask("/thanks", RecordingDuration="4")) == [("Say", ""), ("Hangup", "")]


def test_what_twilio_did_not_sign_is_refused(menu: Menu) -> None:
    assert menu.http.post("/welcome", data={"CallSid": "CA1"}).status_code == 403
    assert menu.post("/welcome?tries=1", {}, signed_url=f"{PUBLIC_URL}/welcome").status_code == 403


def test_the_log_says_what_happened_and_not_who_called(menu: Menu, capsys: pytest.CaptureFixture[str]) -> None:
    menu.ask("/choice", Digits="2", From="+12025550177")
    menu.ask("/recorded", RecordingStatus="completed", RecordingSid="RE1")
    said = capsys.readouterr().out
    assert "(signature ok) · key 2 pressed" in said
    assert "recording completed · RE1" in said
    assert "0177" not in said
