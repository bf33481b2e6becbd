"""The way of `requests` here, for programs that fetch media by their URLs.

Imports requests, so it is imported only when a program uses it.
"""

import io
from typing import Any

from urllib3 import HTTPResponse

from ringfence.domain.web_url import parse_url
from ringfence.testing.api_requests import Asks
from ringfence.testing.programs import Asked

MAX_URL_CHARACTERS = 64 << 10


def response_to(api: Asks, adapter: Any, prepared: Any) -> Any:
    """The answer to a prepared request, as its HTTPAdapter would build it."""
    body = prepared.body or b""
    asked = Asked(
        method=prepared.method,
        url=parse_url(prepared.url, max_characters=MAX_URL_CHARACTERS),
        headers=[
            (str(name), str(value)) for name, value in prepared.headers.items() if name.lower() != "content-length"
        ],
        body=body.encode() if isinstance(body, str) else bytes(body),
    )
    answered = api.ask(asked)
    raw = HTTPResponse(
        body=io.BytesIO(answered.body), headers=dict(answered.headers), status=answered.status, preload_content=False
    )
    return adapter.build_response(prepared, raw)
