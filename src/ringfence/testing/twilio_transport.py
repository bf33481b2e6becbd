"""The official SDK's way here: HTTP clients for it that call the platform in this process.

Imports twilio, so it is imported only when a test uses it.
"""

import base64
import json
import logging
from typing import Any
from urllib.parse import urlencode

from twilio.http import AsyncHttpClient, HttpClient
from twilio.http.response import Response

from ringfence.domain.web_url import parse_url
from ringfence.testing.api_requests import Asks
from ringfence.testing.programs import Asked

_logger = logging.getLogger("twilio.http_client")


class InProcessClient(HttpClient):  # type: ignore[misc]
    """For `twilio.rest.Client(…, http_client=…)`."""

    def __init__(self, api: Asks) -> None:
        super().__init__(_logger, False)
        self._api = api

    def request(self, method: str, uri: str, *args: Any, **more: Any) -> Response:
        return answer_of(self._api, method, uri, *args, **more)


class InProcessAsyncClient(AsyncHttpClient):  # type: ignore[misc]
    """The same for the SDK's methods that are awaited."""

    def __init__(self, api: Asks) -> None:
        super().__init__(_logger, True)
        self._api = api

    async def request(self, method: str, uri: str, *args: Any, **more: Any) -> Response:
        return answer_of(self._api, method, uri, *args, **more)


def answer_of(
    api: Asks,
    method: str,
    url: str,
    params: dict[str, object] | None = None,
    data: dict[str, object] | None = None,
    headers: dict[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    timeout: float | None = None,
    allow_redirects: bool = False,
) -> Response:
    """One request of the SDK, as its HttpClient.request takes it."""
    sent = dict(headers or {})
    body = b""
    if data and sent.get("Content-Type", "").endswith("json"):
        body = json.dumps(data).encode()
    elif data:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
        body = _form(data).encode()
    if auth is not None:
        sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    target = parse_url(url)
    if params:
        target = parse_url(target.with_query(_form(params)), max_characters=64 << 10)
    answered = api.ask(Asked(method=method.upper(), url=target, headers=list(sent.items()), body=body))
    return Response(answered.status, answered.body.decode(), dict(answered.headers))


def _form(values: dict[str, object]) -> str:
    return urlencode({name: value for name, value in values.items() if value is not None}, doseq=True)
