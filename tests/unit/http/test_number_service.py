"""Who knows of numbers, at an HTTP service."""

import asyncio
import json
from typing import Any

import pytest

from ringfence.domain.lookups.identity import Identity
from ringfence.domain.lookups.packages import CallerName, LineStatus, Packages
from ringfence.http.number_service import NumberService
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.ports.lookups import Question

URL = "https://numbers.example/know"
NUMBER = "+12025550177"


class Service:
    """An HTTP client that answers with one answer."""

    def __init__(self, status: int = 200, body: bytes = b"{}", failure: HttpFailedError | None = None) -> None:
        self.status, self.body, self.failure = status, body, failure
        self.asked: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        if self.failure is not None:
            raise self.failure
        return HttpResponse(status=self.status, headers=(), body=self.body, phases=Phases())


def know(service: Service, *fields: str, token: str = "", **more: Any) -> Packages:
    question = Question(number=NUMBER, country="US", fields=fields, **more)
    return asyncio.run(NumberService(service, URL, token=token).know(question))


def test_what_it_tells_is_known() -> None:
    answer = {"caller_name": {"caller_name": "Owl", "caller_type": "BUSINESS"}, "line_status": {"status": "active"}}
    assert know(Service(body=json.dumps(answer).encode()), "caller_name", "line_status") == Packages(
        caller_name=CallerName(caller_name="Owl", caller_type="BUSINESS"), line_status=LineStatus(status="active")
    )


def test_it_is_told_only_what_its_fields_need() -> None:
    service = Service()
    claimed = Identity(first_name="Sam", city="Austin")
    more = {"claimed": claimed, "last_verified_date": "20260131", "partner_sub_id": "x"}
    know(service, "caller_name", **more)
    know(service, "identity_match", "reassigned_number", "sms_pumping_risk", token="secret", **more)
    plain, whole = service.asked
    assert (plain.method, plain.url) == ("POST", URL)
    assert json.loads(plain.body) == {"number": NUMBER, "country": "US", "fields": ["caller_name"]}
    assert "authorization" not in dict(plain.headers)
    assert ("authorization", "Bearer secret") in whole.headers
    assert json.loads(whole.body) == {
        "number": NUMBER,
        "country": "US",
        "fields": ["identity_match", "reassigned_number", "sms_pumping_risk"],
        "identity": {"first_name": "Sam", "city": "Austin"},
        "last_verified_date": "20260131",
        "partner_sub_id": "x",
    }


@pytest.mark.parametrize(
    "service",
    [
        Service(500),
        Service(302),
        Service(204, b""),
        Service(body=b"no JSON"),
        Service(body=b"[]"),
        Service(body=b"\xff"),
        Service(body=b'{"line_status": {"status": 5}}'),
        Service(body=b'{"line_type_intelligence": {"type": "shoe"}}'),
        Service(failure=HttpFailedError(11200, "no answer in time")),
    ],
)
def test_whatever_else_it_answers_is_no_answer(service: Service) -> None:
    with pytest.raises(ConnectionError) as failed:
        know(service, "line_status")
    assert "5550177" not in str(failed.value)
