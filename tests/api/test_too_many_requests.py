"""What a client is told when there is more to do than can be done, and who is told so."""

import asyncio
import base64
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioRestException

CUSTOMER = "+12025550177"


class SlowStore:
    """Holds back every text that is accepted until it is let go."""

    def __init__(self, installation: Any) -> None:
        self._installation = installation
        self._accept = installation.store.accept
        self._go = asyncio.Event()
        self.asked = 0
        installation.store.accept = self._held

    async def _held(self, *arguments: Any, **named: Any) -> bool:
        self.asked += 1
        await self._go.wait()
        return bool(await self._accept(*arguments, **named))

    def let_go(self) -> None:
        self._installation.loop.call_soon_threadsafe(self._go.set)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


@pytest.fixture
def slow(narrow: Any, pool: ThreadPoolExecutor) -> Iterator[SlowStore]:
    store = SlowStore(narrow)
    yield store
    store.let_go()


def form(number: str) -> dict[str, str]:
    return {"To": CUSTOMER, "From": number, "Body": "Your table is ready."}


def until(true: Any) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def crowd(pool: ThreadPoolExecutor, tenant: Any, slow: SlowStore, number: str) -> list["Future[requests.Response]"]:
    """Four texts of one tenant: two are worked on, two wait."""
    texts = [pool.submit(tenant.ask, "POST", "/Messages.json", data=form(number)) for _ in range(4)]
    until(lambda: slow.asked == 2)
    time.sleep(0.1)
    return texts


def test_the_one_who_asks_for_most_is_refused_and_a_quiet_one_is_not(
    narrow: Any, slow: SlowStore, pool: ThreadPoolExecutor
) -> None:
    busy, quiet = narrow.new_tenant(), narrow.new_tenant()
    number = busy.number()
    texts = crowd(pool, busy, slow, number)
    refused = busy.ask("POST", "/Messages.json", data=form(number))
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.json() == {
        "code": 20429,
        "message": "Too Many Requests",
        "more_info": "https://www.twilio.com/docs/errors/20429",
        "status": 429,
    }
    asked = pool.submit(quiet.ask, "GET", ".json")
    until(lambda: any(text.done() for text in texts))
    slow.let_go()
    assert asked.result().status_code == 200
    assert sorted(text.result().status_code for text in texts) == [201, 201, 201, 429]


def test_a_refusal_comes_before_the_body_is_read(narrow: Any, slow: SlowStore, pool: ThreadPoolExecutor) -> None:
    tenant = narrow.new_tenant()
    crowd(pool, tenant, slow, tenant.number())
    credentials = base64.b64encode(f"{tenant.sid}:{tenant.token}".encode()).decode()
    head = f"POST {tenant.base}/Messages.json HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n"
    with socket.create_connection(("127.0.0.1", narrow.port), timeout=5) as connection:
        # A body that is promised and never sent.
        connection.sendall(f"{head}Content-Length: 50\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 429 ")


def test_the_python_sdk_raises_twilios_error(narrow: Any, slow: SlowStore, pool: ThreadPoolExecutor) -> None:
    tenant = narrow.new_tenant()
    number = tenant.number()
    crowd(pool, tenant, slow, number)
    with pytest.raises(TwilioRestException) as refused:
        tenant.client().messages.create(to=CUSTOMER, from_=number, body="x")
    assert (refused.value.status, refused.value.code) == (429, 20429)
    assert "Too Many Requests" in refused.value.msg


def test_the_python_sdks_retries_come_back_after_a_second(
    narrow: Any, slow: SlowStore, pool: ThreadPoolExecutor
) -> None:
    tenant = narrow.new_tenant()
    number = tenant.number()
    texts = crowd(pool, tenant, slow, number)
    client = tenant.client()
    # As `TwilioHttpClient(max_retries=3)` does, for https alone.
    client.http_client.session.mount("http://", HTTPAdapter(max_retries=3))
    threading.Timer(0.3, slow.let_go).start()
    began_s = time.monotonic()
    assert client.messages.list(limit=1) != []
    assert time.monotonic() - began_s > 1.0
    assert [text.result().status_code for text in texts] == [201] * 4


def test_failures_to_sign_in_are_counted_by_address_and_the_right_secret_gets_in(narrow: Any) -> None:
    tenant = narrow.new_tenant()
    strangers = [base64.b64encode(f"AC{n:032x}:secret".encode()).decode() for n in range(26)]
    answers = [
        requests.get(narrow.url + tenant.base + ".json", headers={"Authorization": f"Basic {name}"}, timeout=10)
        for name in strangers
    ]
    assert [answer.status_code for answer in answers] == [401] * 25 + [429]
    assert answers[-1].json()["message"] == "Too many failed logins. Try again later."
    assert requests.get(narrow.url + tenant.base + ".json", timeout=10).status_code == 429
    assert tenant.ask("GET", ".json").status_code == 200


def test_a_crowd_is_refused_without_asking_the_store_who_it_is(
    narrow: Any, slow: SlowStore, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = narrow.new_tenant()
    number = tenant.number()
    asked: list[str] = []
    credential = narrow.store.credential

    async def counted(sid: str) -> Any:
        asked.append(sid)
        return await credential(sid)

    monkeypatch.setattr(narrow.store, "credential", counted)
    crowd(pool, tenant, slow, number)
    # All of the crowd are at the door, the two who wait too.
    until(lambda: len(asked) >= 4)
    # The first who is refused may still be looked up: it is recognized from then on.
    until(lambda: tenant.ask("POST", "/Messages.json", data=form(number)).status_code == 429)
    asked.clear()
    assert [tenant.ask("POST", "/Messages.json", data=form(number)).status_code for _ in range(3)] == [429] * 3
    assert asked == []
    # Who cannot be recognized is looked up as ever, as the holder of a second token too.
    wrong = tenant.ask("GET", ".json", auth=(tenant.sid, "0" * 32))
    assert (wrong.status_code, asked) == (401, [tenant.sid, f"{tenant.sid}.secondary"])
