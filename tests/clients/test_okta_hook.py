"""The example that carries an identity provider's codes, against what Okta documents of its hooks.

Sources: Okta, "Telephony inline hook reference" (request, commands, statuses) and "Event hooks" (delivery, challenge).
"""

import importlib
import logging
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from requests import ConnectionError as NoConnectionError
from werkzeug.test import Client, TestResponse

from ringfence.testing import Ringfence

EXAMPLE = Path(__file__).parents[2] / "examples" / "okta-hook"
SECRET = "a-secret-that-only-okta-and-the-hook-know"
NUMBER, CODE, USER, LOGIN = "+12025550177", "739104", "00uyxxSknGtK8022w0g3", "sam.rivera@shop.example"


@pytest.fixture
def program(ringfence: Ringfence, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The example's module, as a process that has just started."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.delenv("TWILIO_API_URL", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("app")
    for name in ("app", "hook"):
        del sys.modules[name]


@pytest.fixture
def okta(program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Okta":
    monkeypatch.setattr(sys, "argv", ["app.py", "service"])
    program.main()
    return Okta(Client(program.OktaHook(SECRET, capsys.readouterr().out.strip())))


def request(**message: str) -> dict[str, Any]:
    """The telephony inline hook's whole request, as documented, with what a test changes of its messageProfile."""
    return {
        "eventId": "uS5871kJThSsU8qlA1LTcg",
        "eventTime": "2022-01-28T21:43:40.000Z",
        "eventType": "com.okta.telephony.provider",
        "eventTypeVersion": "1.0",
        "contentType": "application/json",
        "cloudEventVersion": "0.1",
        "source": "https://shop.okta.example/api/v1/inlineHooks/calz6lVQA77AwFeEe0g3",
        "requestType": "com.okta.user.telephony.mfa-verification",
        "data": {
            "context": {
                "request": {
                    "id": "reqRgSk8IBBRhuo0YdlEDTmUw",
                    "method": "POST",
                    "url": {"value": "/api/internal/v1/inlineHooks/com.okta.telephony.provider/generatePreview"},
                    "ipAddress": "127.0.0.1",
                }
            },
            "userProfile": {"firstName": "Sam", "lastName": "Rivera", "login": LOGIN, "userId": USER},
            "messageProfile": {
                "msgTemplate": f"Your code is {CODE}",
                "phoneNumber": NUMBER,
                "otpExpires": "2022-01-28T21:48:34.321Z",
                "deliveryChannel": "SMS",
                "otpCode": CODE,
                "locale": "EN-US",
                **message,
            },
        },
    }


class Okta:
    """Sends what Okta sends."""

    def __init__(self, http: Client) -> None:
        self._http = http

    def telephony(self, **message: str) -> TestResponse:
        """The inline hook."""
        return self.post("/telephony", request(**message))

    def event(self, kind: str = "user.authentication.auth_via_mfa", result: str = "SUCCESS") -> TestResponse:
        """The event hook: what a user has done."""
        event = {
            "uuid": "f790999f-fe87-467a-9880-6982a583986c",
            "published": "2022-01-28T21:44:07.777Z",
            "eventType": kind,
            "version": "0",
            "severity": "INFO",
            "actor": {"id": USER, "type": "User", "alternateId": LOGIN, "displayName": "Sam Rivera"},
            "outcome": {"result": result},
            "transaction": {"type": "WEB", "id": "V04Oy4ubUOc5UuG6s9DyNQAABtc"},
        }
        return self.post("/events", {"eventType": "com.okta.event_hook", "data": {"events": [event]}})

    def post(self, path: str, value: object, secret: str = SECRET) -> TestResponse:
        return self._http.post(path, json=value, headers={"Authorization": secret})

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._http.get(path, headers={"Authorization": SECRET, **headers})


def action(response: TestResponse) -> dict[str, Any]:
    """The value of the one command in an answer that Okta can read."""
    assert response.status_code == 200
    assert response.content_type == "application/json"
    (command,) = response.json["commands"]
    assert command["type"] == "com.okta.telephony.action"
    (value,) = command["value"]
    assert set(value) == {"status", "provider", "transactionId", "transactionMetadata"}
    assert all(isinstance(each, str) for each in value.values())
    return dict(value)


def status_of(ringfence: Ringfence, sid: str) -> str:
    verify = ringfence.client().verify.v2
    (service,) = verify.services.list()
    return str(verify.services(service.sid).verifications(sid).fetch().status)


def test_oktas_own_code_comes_by_text_and_is_pending(ringfence: Ringfence, okta: Okta) -> None:
    phone = ringfence.phone(NUMBER)
    value = action(okta.telephony())
    assert (value["status"], value["provider"]) == ("PENDING", "TWILIO")
    assert value["transactionId"].startswith("VE")
    assert phone.last_text().body == f"Your Single sign-on verification code is: {CODE}"


def test_oktas_own_code_comes_by_call_digit_by_digit(ringfence: Ringfence, okta: Okta) -> None:
    phone = ringfence.phone(NUMBER)
    assert action(okta.telephony(deliveryChannel="CALL"))["status"] == "PENDING"
    call = phone.await_call()
    call.press("1")
    ringfence.clock.advance(seconds=30)
    assert call.last_code() == CODE
    assert phone.inbox == []


@pytest.mark.parametrize(
    ("okta_says", "words"),
    [("de-DE", "Ihr Single sign-on"), ("PT-br", "Seu código"), ("xx-YY", "Your Single sign-on"), ("", "Your Single")],
)
def test_the_words_are_in_the_users_language(ringfence: Ringfence, okta: Okta, okta_says: str, words: str) -> None:
    phone = ringfence.phone(NUMBER)
    okta.telephony(locale=okta_says)
    assert words in phone.last_text().body


def test_a_new_code_takes_the_place_of_the_one_before(ringfence: Ringfence, okta: Okta) -> None:
    phone = ringfence.phone(NUMBER)
    first = action(okta.telephony())["transactionId"]
    second = action(okta.telephony(otpCode="118822"))["transactionId"]
    assert phone.last_code() == "118822"
    assert (status_of(ringfence, first), status_of(ringfence, second)) == ("canceled", "pending")


def test_a_code_that_the_user_showed_is_approved(ringfence: Ringfence, okta: Okta) -> None:
    sid = action(okta.telephony())["transactionId"]
    assert okta.event(result="FAILURE").status_code == 200
    assert okta.event(kind="user.session.start").status_code == 200
    assert status_of(ringfence, sid) == "pending"
    answered = okta.event()
    assert (answered.status_code, answered.data) == (200, b"")
    assert status_of(ringfence, sid) == "approved"
    # Okta delivers at least once.
    assert okta.event().status_code == 200


def test_one_delivery_tells_of_many_users_and_of_some_who_got_their_code_elsewhere(
    ringfence: Ringfence, okta: Okta
) -> None:
    sids = []
    for number, user in ((NUMBER, "00u1"), ("+12025550188", "00u2")):
        asked = request(phoneNumber=number)
        asked["data"]["userProfile"]["userId"] = user
        sids.append(action(okta.post("/telephony", asked))["transactionId"])
    right = {"eventType": "user.mfa.factor.activate", "outcome": {"result": "SUCCESS"}}
    events = [{**right, "actor": {"id": user}} for user in ("00u1", "00u-elsewhere", "00u2")]
    told = {"eventType": "com.okta.event_hook", "data": {"events": [*events, None, {"eventType": []}]}}
    assert okta.post("/events", told).status_code == 200
    assert [status_of(ringfence, sid) for sid in sids] == ["approved", "approved"]


def test_of_a_users_two_codes_the_last_is_approved(ringfence: Ringfence, okta: Okta) -> None:
    first = action(okta.telephony(phoneNumber="+12025550188"))["transactionId"]
    second = action(okta.telephony())["transactionId"]
    okta.event()
    okta.event()
    assert (status_of(ringfence, first), status_of(ringfence, second)) == ("pending", "approved")


def test_who_waits_too_long_or_behind_too_many_is_forgotten(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = program.Waiting()
    for n in range(program.MAX_WAITING + 1):
        waiting.add(f"user-{n}", f"VE{n}")
    assert waiting.take("user-0") is None
    assert waiting.take("user-1") == "VE1"
    assert waiting.take("user-1") is None
    now_s = program.time.monotonic()
    monkeypatch.setattr(program.time, "monotonic", lambda: now_s + program.WAITING_S + 60)
    assert waiting.take("user-2") is None


def test_an_approval_that_does_not_reach_us_is_no_error_of_oktas(
    ringfence: Ringfence, okta: Okta, program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = action(okta.telephony())["transactionId"]

    def broken(*_: object, **__: object) -> None:
        raise NoConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(program.client.http_client, "request", broken)
        assert okta.event().status_code == 200
    assert status_of(ringfence, sid) == "pending"


def test_voice_is_a_call_too(ringfence: Ringfence, okta: Okta) -> None:
    phone = ringfence.phone(NUMBER)
    assert action(okta.telephony(deliveryChannel="Voice"))["status"] == "PENDING"
    assert phone.await_call() is not None


def test_the_event_hook_is_verified_once_by_its_challenge(okta: Okta) -> None:
    answered = okta.get("/events", **{"X-Okta-Verification-Challenge": "xvhF7o8b"})
    assert (answered.status_code, answered.json) == (200, {"verification": "xvhF7o8b"})


def test_what_verify_refuses_has_failed_and_goes_by_no_other_way(okta: Okta) -> None:
    # The documented example's number has no country.
    value = action(okta.telephony(phoneNumber="9876543210"))
    assert (value["status"], value["transactionId"], value["transactionMetadata"]) == ("FAILED", "", "error=60200")


def test_where_the_platform_is_out_of_order_okta_may_use_another_way(
    okta: Okta, program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise NoConnectionError

    monkeypatch.setattr(program.client.http_client, "request", broken)
    assert okta.telephony().status_code == 503


def test_wrong_credentials_of_ours_are_no_verdict_on_the_code(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program.client, "auth", (program.client.username, "another-token"))
    assert Okta(Client(program.OktaHook(SECRET, "VA" + "0" * 32))).telephony().status_code == 503


@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET + "x", "é" * 40, f"Bearer {SECRET}"])
def test_nobody_without_the_secret_sends_anything(ringfence: Ringfence, okta: Okta, secret: str) -> None:
    for path in ("/telephony", "/events", "/elsewhere"):
        assert okta.post(path, {}, secret.encode().decode("latin-1")).status_code == 401
    assert "Verifications" not in ringfence.conversation()


def test_a_short_secret_is_refused_at_the_start(program: ModuleType) -> None:
    with pytest.raises(ValueError, match="OKTA_HOOK_SECRET"):
        program.OktaHook("x" * 31, "VA" + "0" * 32)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value.update(eventType="com.okta.user.pre-registration"),
        lambda value: value.pop("data"),
        lambda value: value["data"].update(messageProfile=[]),
        lambda value: value["data"]["messageProfile"].pop("otpCode"),
        lambda value: value["data"]["messageProfile"].update(otpCode=739104),
        lambda value: value["data"]["messageProfile"].update(deliveryChannel="FAX"),
        lambda value: value["data"]["userProfile"].update(userId=""),
    ],
)
def test_what_okta_would_not_send_is_refused(ringfence: Ringfence, okta: Okta, spoil: Callable[[Any], object]) -> None:
    value = request()
    spoil(value)
    assert okta.post("/telephony", value).status_code == 400
    assert "Verifications" not in ringfence.conversation()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 50_000, b" " * 70_000, b'{"data": {"events": {}}}'])
@pytest.mark.parametrize("path", ["/telephony", "/events"])
def test_what_is_no_request_is_refused(program: ModuleType, path: str, body: bytes) -> None:
    http = Client(program.OktaHook(SECRET, "VA" + "0" * 32))
    assert http.post(path, data=body, headers={"Authorization": SECRET}).status_code == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "/telephony"), ("POST", "/"), ("PUT", "/events")])
def test_there_is_nothing_else(program: ModuleType, method: str, path: str) -> None:
    http = Client(program.OktaHook(SECRET, "VA" + "0" * 32))
    assert http.open(path, method=method, headers={"Authorization": SECRET}).status_code == 404


def test_a_code_is_not_shown_where_its_request_is(program: ModuleType) -> None:
    sending = program.hook.Sending(user=USER, number=NUMBER, code=CODE, channel="sms", locale="en")
    assert repr(sending) == "Sending(sms)"


def test_no_code_number_or_user_reaches_a_log(
    ringfence: Ringfence,
    okta: Okta,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    ringfence.phone(NUMBER)
    sid = action(okta.telephony())["transactionId"]
    okta.event()
    okta.telephony(deliveryChannel="FAX")
    okta.telephony(phoneNumber="9876543210")
    okta.post("/telephony", {"eventType": CODE, "data": LOGIN})
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.partition(" · ")[2] for line in lines] == [
        f"sms · on its way · {sid}",
        "1 approved",
        "not Okta's: deliveryChannel is neither SMS nor CALL",
        "sms · refused (60200)",
        "not Okta's: eventType is not com.okta.telephony.provider",
    ]
    everything = out + err
    assert [word for word in (CODE, NUMBER.lstrip("+"), "9876543210", USER, LOGIN, SECRET) if word in everything] == []
    assert [record for record in caplog.records if CODE in record.getMessage()] == []


def test_the_readmes_commands_carry_a_code(installation: Any, handset: Any, start_program: Any) -> None:
    phone = handset(NUMBER)
    shown = [
        shlex.split(line)[3:]
        for line in re.findall(r"^ringfence run -- python .*$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    ]
    assert shown == [["python", "app.py", "service"], ["python", "app.py"]]
    place = ["--data", str(installation.data), "--port", str(installation.port)]
    led = [sys.executable, "-m", "ringfence", "run", *place, "--", sys.executable, *shown[0][1:]]
    environment = installation.environment | {"PYTHONDONTWRITEBYTECODE": "1"}
    made = subprocess.run(led, cwd=EXAMPLE, env=environment, capture_output=True, text=True, timeout=60, check=True)
    environment |= {"OKTA_HOOK_SECRET": SECRET, "VERIFY_SERVICE_SID": made.stdout.strip(), "PORT": "0"}
    program = start_program(led[:-1], EXAMPLE, environment)
    url = re.findall(r"http://\S+", program.await_line("Okta's hooks:"))[0]
    answered = requests.post(url, json=request(), headers={"Authorization": SECRET}, timeout=20)
    assert answered.json()["commands"][0]["value"][0]["status"] == "PENDING"
    phone.await_text(CODE)
    assert CODE not in program.await_line("hook 200")
