"""The Python barber over HTTP, without ringfence: what it lets in, and what it says."""

from types import ModuleType
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

PHONE = "+12025550177"
PUBLIC_URL = "https://shop.example/hooks"


class Shop:
    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self.app: Any = modules["app"]
        self.http = self.app.app.test_client()
        self.commands = self.app.app.test_cli_runner()

    def post(self, path: str, form: dict[str, str], *, signed_url: str = "", token: str = "") -> Any:
        validator = RequestValidator(token or self.app.AUTH_TOKEN)
        signature = validator.compute_signature(signed_url or PUBLIC_URL + path, form)
        return self.http.post(path, data=form, headers={"X-Twilio-Signature": signature})

    def text(self, body: str, sid: str = "SM1") -> Any:
        return self.post("/sms", {"MessageSid": sid, "From": PHONE, "Body": body})

    @property
    def state(self) -> str:
        return self.app.book.upcoming(PHONE).state


@pytest.fixture
def shop(barber: dict[str, ModuleType]) -> Shop:
    shop = Shop(barber)
    assert shop.commands.invoke(args=["book"]).exit_code == 0
    return shop


def test_a_signed_confirm_is_answered_in_twiml(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    response = shop.text("C")
    assert (response.status_code, response.mimetype) == (200, "text/xml")
    assert response.text.endswith(
        "<Response><Message>Fade &amp; Co: confirmed. See you Tue 15:00!</Message></Response>"
    )
    assert shop.state == "CONFIRMED"
    assert "ms (signature ok) · appointment CONFIRMED" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["/sms", "/status"])
def test_what_twilio_did_not_sign_is_refused(shop: Shop, path: str) -> None:
    form = {"MessageSid": "SM1", "From": PHONE, "Body": "C", "MessageStatus": "sent"}
    assert shop.http.post(path, data=form).status_code == 403
    assert shop.post(path, form, token="f" * 32).status_code == 403
    assert shop.post(path, form, signed_url=f"https://other.example{path}").status_code == 403
    assert shop.state == "BOOKED"


def test_a_query_is_part_of_what_is_signed(shop: Shop) -> None:
    form = {"MessageSid": "SM1", "From": PHONE, "Body": "C"}
    assert shop.post("/sms?branch=2", form).status_code == 200
    assert shop.post("/sms?branch=2", form, signed_url=f"{PUBLIC_URL}/sms").status_code == 403


def test_a_webhook_that_comes_twice_is_answered_alike_and_done_once(shop: Shop) -> None:
    shop.text("R", "SM1")
    first = shop.text("2", "SM2")
    assert shop.text("2", "SM2").text == first.text
    assert "moved to Thu 12:00" in first.text


def test_stop_is_left_to_the_platform(shop: Shop) -> None:
    assert shop.text("STOP").text.endswith("<Response />")


def test_a_late_status_does_not_undo_a_final_one(shop: Shop) -> None:
    for status in ("sent", "delivered", "sent"):
        assert shop.post("/status", {"MessageSid": "SM1", "MessageStatus": status}).status_code == 204
    with shop.app.book._database() as database:
        assert database.execute("SELECT * FROM delivery").fetchall() == [("SM1", "delivered")]


def test_a_refused_reminder_marks_the_customer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(code: int) -> None:
        def create(**fields: str) -> None:
            raise TwilioRestException(400, "/Messages.json", code=code)

        monkeypatch.setattr(shop.app.client.api.account.messages, "create", create)

    refuse(20429)
    assert isinstance(shop.commands.invoke(args=["remind"]).exception, TwilioRestException)
    assert len(shop.app.book.not_reminded()) == 1
    refuse(21610)
    assert "customer OPTED OUT" in shop.commands.invoke(args=["remind"]).output
    assert shop.app.book.not_reminded() == []


def test_the_api_is_at_twilio_unless_the_environment_says_otherwise(shop: Shop) -> None:
    assert shop.app.client.api.base_url == "https://api.twilio.com"


def spoken(shop: Shop, path: str = "/call", **form: str) -> str:
    response = shop.post(path, {"CallSid": "CA1", "To": PHONE, **form})
    assert (response.status_code, response.mimetype) == (200, "text/xml")
    return str(response.text)


def test_the_reminder_is_spoken_twice_and_waits_for_a_key(shop: Shop) -> None:
    document = spoken(shop)
    assert document.count('<Gather action="/call/key" numDigits="1" timeout="5">') == 2
    assert "You have a haircut with Sam on Tuesday at 15:00. Press 1 to confirm, or 2 to cancel." in document


@pytest.mark.parametrize(
    ("key", "words", "state", "outcome"),
    [
        ("1", "Confirmed. See you then.", "CONFIRMED", "appointment CONFIRMED"),
        ("9", "<Redirect>/call</Redirect>", "BOOKED", "not understood"),
    ],
)
def test_a_key_does_what_it_says(
    shop: Shop, key: str, words: str, state: str, outcome: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in spoken(shop, "/call/key", Digits=key)
    assert shop.state == state
    assert f"(signature ok) · {outcome}" in capsys.readouterr().out


def test_who_cancels_by_key_has_no_appointment(shop: Shop) -> None:
    assert "is canceled" in spoken(shop, "/call/key", Digits="2")
    assert "no appointment" in spoken(shop)
    assert "no appointment" in spoken(shop, "/call/key", Digits="1")


def test_calls_of_strangers_are_refused(shop: Shop) -> None:
    for path in ("/call", "/call/key", "/call/status"):
        assert shop.http.post(path, data={"To": PHONE, "Digits": "1", "CallStatus": "completed"}).status_code == 403
    assert shop.state == "BOOKED"


def test_who_has_not_confirmed_is_called(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    class Made:
        sid, status = "CA1", "queued"

    def create(**values: Any) -> Made:
        asked.append(values)
        return Made()

    monkeypatch.setattr(shop.app.client.calls, "create", create)
    assert shop.commands.invoke(args=["call"]).exit_code == 0
    (values,) = asked
    assert (values["to"], values["url"]) == (PHONE, f"{PUBLIC_URL}/call")
    spoken(shop, "/call/key", Digits="1")
    assert shop.commands.invoke(args=["call"]).exit_code == 0
    assert len(asked) == 1
