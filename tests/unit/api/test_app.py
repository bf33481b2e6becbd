"""What stands beside the API on the public port."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ringfence.api.app import create_app
from ringfence.api.dependencies import ApiDependencies
from ringfence.domain.clock import ManualClock
from ringfence.store.memory import MemoryStore


def get(run: Any, path: str, host: str = "localhost", **more: Any) -> tuple[int, str]:
    """Status and Location of a GET."""
    # What is asked here needs neither keys nor messages.
    unused: Any = None
    deps = ApiDependencies(
        store=MemoryStore(), keys=unused, clock=ManualClock(), messaging=unused, registry=CollectorRegistry(), **more
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", host.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers, "root_path": ""}
    run(create_app(deps)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]).get(b"location", b"").decode()


def test_the_bare_address_leads_a_person_to_the_front_page(run: Any) -> None:
    assert get(run, "/", front_page="/phones") == (307, "/phones")


@pytest.mark.parametrize("path", ["//", "/x"])
def test_other_addresses_do_not(run: Any, path: str) -> None:
    assert get(run, path, front_page="/phones") == (404, "")


def test_without_a_front_page_the_bare_address_is_not_found(run: Any) -> None:
    assert get(run, "/") == (404, "")


@pytest.mark.parametrize("path", ["/metrics", "/timeline", "/timeline/SM1", "/timeline/assets/timeline.js"])
def test_pages_without_a_sign_in_are_not_served_under_a_name_of_somebody_elses(run: Any, path: str) -> None:
    assert get(run, path, host="rebound.example:8420")[0] == 403
    assert get(run, path, host="localhost:8420")[0] in (200, 404)
    assert get(run, path, host="texts.example.com", base_url="https://texts.example.com/x")[0] in (200, 404)


def test_whoever_checks_that_it_lives_may_call_it_what_he_likes(run: Any) -> None:
    assert get(run, "/healthz", host="10-1-2-3.pods.cluster.local")[0] == 200
