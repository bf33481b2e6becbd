"""A program asked during a call: signed, with cookies for its own host alone, and everything that was said kept."""

import asyncio
import base64
import hashlib
import hmac
import re
from typing import Any

import pytest
from tests.unit.usecases.webhooks.conftest import ACCOUNT, AUTH_TOKEN, LocalKeys
from twilio.request_validator import RequestValidator

from ringfence.domain.clock import SystemClock
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.standing import hmac_states_record
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.ports.program import ProgramAnswer, ProgramFailedError, Question
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.webhooks.ask_program import ProgramCaller
from ringfence.usecases.webhooks.standing_cache import StandingCache

URL = "http://shop.example/voice"


class Web:
    """Answers by URL, and keeps what it was asked."""

    def __init__(self, answers: dict[str, HttpResponse | HttpFailedError]) -> None:
        self.answers = answers
        self.asked: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        answer = self.answers[request.url.partition("?")[0]]
        if isinstance(answer, HttpFailedError):
            raise answer
        return answer


def answer(body: bytes = b"<Response/>", status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(status=status, headers=(("content-type", "text/xml"), *headers), body=body, phases=Phases())


def asked(web: Web, *, known: bool = True, **question: Any) -> ProgramAnswer:
    async def ask() -> ProgramAnswer:
        store, keys = MemoryStore(), LocalKeys()
        if known:
            row = AccountRow(sid=ACCOUNT, tenant=ACCOUNT, friendly_name="x", created_ms=0, updated_ms=0)
            states = keys.seal_standing(ACCOUNT, hmac_states_record(ACCOUNT), states_of(AUTH_TOKEN.encode()))
            credential = CredentialRow(
                account=ACCOUNT,
                sid=ACCOUNT,
                kind="auth_token",
                verifier=b"",
                hmac_states=states,
                created_ms=0,
                updated_ms=0,
            )
            await store.create_account(row, credential)
        caller = ProgramCaller(store, StandingCache(keys, SystemClock()), web, SystemClock())
        return await caller.ask(
            Question(**{"account": ACCOUNT, "url": URL, "token": "t"} | question), max_body_bytes=1_000
        )

    return asyncio.run(ask())


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_second_signature_covers_method_url_body_token_and_time(method: str) -> None:
    called = URL if method == "POST" else f"{URL}?Digits=42"
    web = Web({URL: answer()})
    asked(web, method=method, form=(("Digits", "42"),))
    (request,) = web.asked
    headers = dict(request.headers)
    parameters = headers["Signature-Input"].removeprefix("ringfence=")
    digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
    body = f'"content-digest": sha-256=:{digest}:\n' if method == "POST" else ""
    base = f'"@method": {method}\n"@target-uri": {called}\n{body}"i-twilio-idempotency-token": t\n'
    base += f'"@signature-params": {parameters}'
    mac = hmac.digest(AUTH_TOKEN.encode(), base.encode(), "sha256")
    assert headers["Signature"] == f"ringfence=:{base64.b64encode(mac).decode()}:"
    assert re.search(rf';created=[0-9]{{10}};keyid="{ACCOUNT}";alg="hmac-sha256"$', parameters)


def test_the_request_is_signed_and_its_answer_kept() -> None:
    web = Web({URL: answer()})
    given = asked(web, form=(("CallSid", "CA1"), ("Digits", "42")))
    (request,) = web.asked
    signature = dict(request.headers)["X-Twilio-Signature"]
    assert RequestValidator(AUTH_TOKEN).validate(URL, {"CallSid": "CA1", "Digits": "42"}, signature)
    assert (given.status, given.content_type, given.body, given.url.text) == (200, "text/xml", b"<Response/>", URL)
    (exchange,) = given.attempt.exchanges
    assert (exchange.url, exchange.status) == (URL, 200)


def test_cookies_are_given_back_to_their_own_host_alone() -> None:
    other = "http://other.example/x"
    web = Web({URL: answer(b"", 302, ("location", other)), other: answer(b"", 200, ("set-cookie", "b=2; Path=/"))})
    given = asked(web, cookies=("a=1",))
    assert dict(web.asked[0].headers)["Cookie"] == "a=1"
    assert "Cookie" not in dict(web.asked[1].headers)
    assert given.cookies == ()
    own = Web({URL: answer(b"<Response/>", 200, ("set-cookie", "b=2; Path=/"), ("set-cookie", "c=3"))})
    assert asked(own).cookies == ("b=2", "c=3")


def test_a_failure_says_why_and_what_was_said() -> None:
    with pytest.raises(ProgramFailedError) as refused:
        asked(Web({URL: answer(b"oops", 404)}))
    assert (refused.value.code, refused.value.http_status) == (11200, 404)
    assert refused.value.attempt.exchanges[0].answer == b"oops"
    with pytest.raises(ProgramFailedError) as silent:
        asked(Web({URL: HttpFailedError(11205, "connection refused")}))
    assert silent.value.code == 11205
    with pytest.raises(ProgramFailedError) as nonsense:
        asked(Web({}), url="nowhere", cookies=("a=1",))
    assert nonsense.value.code == 11100


def test_an_account_without_an_auth_token_asks_nobody() -> None:
    web = Web({URL: answer()})
    with pytest.raises(ProgramFailedError):
        asked(web, known=False)
    assert web.asked == []
