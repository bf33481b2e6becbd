"""A world at a port, for programs in other languages."""

import base64
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest

from .conftest import CUSTOMER, SHOP, Barber


class Caller:
    """Somebody's HTTP client."""

    def __init__(self, ringfence: Any) -> None:
        self.base_url = ringfence.serve()
        signed_in = f"{ringfence.account_sid}:{ringfence.auth_token}".encode()
        self._authorization = "Basic " + base64.b64encode(signed_in).decode()

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(self.base_url + path, body, method=method)
        request.add_header("Authorization", self._authorization)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")


@pytest.fixture
def call(ringfence: Any) -> Caller:
    return Caller(ringfence)


def test_a_text_goes_out_and_its_answer_in(ringfence: Any, call: Caller, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)
    assert ringfence.serve() == call.base_url
    form = urlencode({"From": SHOP, "To": CUSTOMER, "Body": "Reply C"}).encode()
    path = f"/2010-04-01/Accounts/{ringfence.account_sid}/Messages.json"
    assert call("POST", path, form)[0] == 201
    status, _ = call(
        "POST",
        f"/simulator/handsets/{CUSTOMER}/messages",
        json.dumps({"to": SHOP, "body": "C"}).encode(),
        Content_Type="application/json",
    )
    assert status == 201
    texts = call("GET", f"/simulator/handsets/{CUSTOMER}/messages")[1]["messages"]
    assert [text["body"] for text in texts] == ["Reply C", "C", "See you Tuesday!"]
    assert [text.body for text in ringfence.phone(CUSTOMER).inbox] == ["Reply C", "See you Tuesday!"]


def test_the_clock_is_moved_from_there(ringfence: Any, call: Caller) -> None:
    before = ringfence.clock.now
    status, told = call("POST", "/testing/clock", b'{"advance_s": 3600}')
    assert status == 200
    assert told == call("GET", "/testing/clock")[1]
    assert (ringfence.clock.now - before).total_seconds() == 3600


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"advance_s": -1}', b'{"advance_s": 1, "x": 1}', b'{"advance_s": 1e99}']
)
def test_a_move_that_makes_no_sense_is_refused(call: Caller, body: bytes) -> None:
    status, told = call("POST", "/testing/clock", body)
    assert status == 400
    assert "advance_s" in told["error"]["message"]


def test_what_cannot_be_answered_is_refused(call: Caller) -> None:
    assert call("PUT", "/testing/clock", b"")[0] == 405
    assert call("GET", "/simulator/events")[0] == 404
    assert call("POST", "/healthz", b"x", Content_Length="2000000")[0] == 413
    assert call("GET", "/healthz", Host="no host")[0] == 400
    assert call("GET", "/healthz") == (200, {"status": "ok"})
