"""A thousand calls created at once against each brake, and the api killed among them: just as many go out as may.

Source: Twilio, "Anti-fraud developer's guide"; errors 10004 (calls at once) and 21216 (not allowed).
"""

import base64
import contextlib
import http.client
import json
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from tests.clients.phones import Carrier, wait_for
from tests.clients.test_calls import SHOP, Installation

from ringfence.domain.dialing.destination import destination_of
from ringfence.domain.rating import MICROS

pytestmark = pytest.mark.slow

CALLS = 1_000
CONNECTIONS = 50
LIMIT_S = 60
BOUND = 20
SPEND = 0.5
NEW_COUNTRIES = 3
HOME = "+1212555"
COUNTRIES = {"US": "+1212555", "GB": "+4420794", "DE": "+4930123", "FR": "+3314000", "ES": "+3491000", "IT": "+3906123"}
TOO_MANY, NOT_ALLOWED = 10004, 21216


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    made = Carrier().open()
    yield made
    made.close()


@pytest.fixture
def calling(request: pytest.FixtureRequest, tmp_path: Path, carrier: Carrier) -> Iterator[Installation]:
    far = {"call_rate_cps": f"{CALLS}.0", "calls_at_once": "100_000", "call_spend": "100_000.0"}
    lines = [
        'sip_listen = ["udp:127.0.0.1:0"]',
        *(f"{name} = {value}" for name, value in (far | request.param).items()),
    ]
    trunk = f'[[trunk]]\nname = "loopback"\nhost = "127.0.0.1"\nport = {carrier.port}\n'
    made = Installation(tmp_path, carrier, "\n".join([*lines, trunk]))
    yield made
    carrier.clear()
    made.stop()


def against(**settings: object) -> pytest.MarkDecorator:
    """An installation with these bounds, as TOML has them; all others are far away."""
    return pytest.mark.parametrize("calling", [settings], ids=list(settings)[:1], indirect=True)


def numbers(prefix: str, count: int) -> list[str]:
    """Different ones."""
    return [f"{prefix}{n:04}" for n in range(count)]


def answers(calling: Installation) -> bool:
    """Whether the API is there."""
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{calling.client.api.base_url}/2010-04-01/", timeout=20).status_code < 500
    return False


class Crowd:
    """Asks for calls over many connections at once: what was accepted, by number, and what was refused, by code."""

    def __init__(self, calling: Installation) -> None:
        self.accepted: dict[str, str] = {}
        self.refused: Counter[int] = Counter()
        self.unanswered: list[str] = []
        self._calling = calling

    def create(self, to: list[str]) -> None:
        """Return once each was answered, or its connection broke."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self._one, to))

    def _one(self, to: str) -> None:
        where = urlsplit(self._calling.client.api.base_url)
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=20)
        login = base64.b64encode(f"{self._calling.account_sid}:{self._calling.auth_token}".encode()).decode()
        form = {"To": to, "From": SHOP, "Twiml": "<Response><Pause length='600'/></Response>"}
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
        try:
            path = f"/2010-04-01/Accounts/{self._calling.account_sid}/Calls.json"
            connection.request("POST", path, urlencode(form), headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self.unanswered.append(to)
            return
        finally:
            connection.close()
        if answer.status == 201:
            self.accepted[to] = told["sid"]
        else:
            self.refused[told["code"]] += 1


def rows(calling: Installation) -> list[tuple[str, str, int | None]]:
    """SID, status and error code of each call that was written; what the carrier said where it failed without one."""
    path = next(calling.data.rglob("*.db"))
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        return store.execute(
            "SELECT sid, status, iif(status = 'failed', coalesce(error_code, sip_status), NULL) FROM call"
        ).fetchall()


def outcomes(calling: Installation) -> Counter[tuple[str, int | None]]:
    """How many calls have which status and error code, once none waits."""
    wait_for(lambda: "queued" not in {status for _, status, _ in rows(calling)}, LIMIT_S)
    return Counter((status, code) for _, status, code in rows(calling))


@against(calls_at_once=BOUND)
def test_no_more_ring_at_once_than_may_and_the_count_outlives_the_api(calling: Installation, carrier: Carrier) -> None:
    crowd = Crowd(calling)
    asking = threading.Thread(target=crowd.create, args=(numbers(HOME, CALLS),))
    asking.start()
    wait_for(lambda: len(crowd.accepted) > BOUND)
    os.kill(calling.pid("api"), signal.SIGKILL)
    asking.join()
    assert crowd.unanswered, "it was killed among them"
    again, crowd.unanswered = crowd.unanswered, []
    wait_for(lambda: answers(calling))
    crowd.create(again)

    assert crowd.unanswered == []
    found = outcomes(calling)
    rang = len(carrier.calls)
    assert rang == BOUND
    assert found.pop(("ringing", None)) == rang
    assert set(found) == {("failed", TOO_MANY)}
    assert set(crowd.accepted.values()) <= {sid for sid, _, _ in rows(calling)}, "what was acknowledged is there"
    assert set(crowd.refused) <= {TOO_MANY}

    # All hang up. Then as many as may go out, one after the other, and one more is refused: no place was lost or won.
    carrier.clear()
    wait_for(lambda: "ringing" not in {status for _, status, _ in rows(calling)})
    later = Crowd(calling)
    for number in numbers("+1212666", BOUND):
        later.create([number])
        carrier.rung(number)
    later.create(["+12126669999"])
    assert (len(later.accepted), later.refused) == (BOUND, {TOO_MANY: 1})
    assert len(carrier.calls) == BOUND


@against(call_spend=SPEND)
def test_what_rings_at_once_costs_no_more_than_calls_may(calling: Installation, carrier: Carrier) -> None:
    crowd = Crowd(calling)
    crowd.create(numbers(HOME, CALLS))
    found = outcomes(calling)
    rang = len(carrier.calls)
    minute = destination_of(f"{HOME}0000")
    assert minute is not None
    assert rang == SPEND * MICROS // minute.rate_micros
    assert found.pop(("ringing", None)) == rang
    assert set(found) == {("failed", NOT_ALLOWED)}
    assert (crowd.unanswered, set(crowd.refused)) == ([], {NOT_ALLOWED})

    # Nobody answered, so nothing was spent: once they hang up, the next one goes out.
    carrier.clear()
    wait_for(lambda: "ringing" not in {status for _, status, _ in rows(calling)})
    crowd.create(["+12126669999"])
    carrier.rung("+12126669999")


@against(call_new_countries=NEW_COUNTRIES, call_countries=json.dumps(list(COUNTRIES)))
def test_no_more_countries_are_new_than_may_be(calling: Installation, carrier: Carrier) -> None:
    carrier.on_call = lambda call: call.refuse(486)
    crowd = Crowd(calling)
    each = [numbers(prefix, CALLS // len(COUNTRIES)) for prefix in COUNTRIES.values()]
    crowd.create([number for of_all in zip(*each, strict=True) for number in of_all])
    found = outcomes(calling)
    reached = Counter(destination.region for call in carrier.calls if (destination := destination_of(call.number)))
    assert 0 < len(reached) <= NEW_COUNTRIES
    assert found["failed", NOT_ALLOWED] > 0
    # Where the machine is too slow for all these carriers' threads, an INVITE goes unanswered for long: 503 or 408.
    assert set(found) <= {("busy", None), ("failed", NOT_ALLOWED), ("failed", 503), ("no-answer", None)}
    assert 0 < found["busy", None] <= sum(reached.values())
    assert (crowd.unanswered, set(crowd.refused)) == ([], {NOT_ALLOWED})
