"""A tenant's program as developers write them, and a world for it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import pytest

SHOP = "+12025550123"
CUSTOMER = "+12025550177"


class Barber:
    """A WSGI app: answers C, counts statuses, and does what a test puts into `acts`."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        self.acts: list[Any] = []
        self.status = "200 OK"

    @property
    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for form in self.seen if "MessageStatus" in form]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        size = int(environ["CONTENT_LENGTH"])
        form = {name: values[0] for name, values in parse_qs(environ["wsgi.input"].read(size).decode()).items()}
        self.seen.append(form | {"path": environ["PATH_INFO"]})
        if self.acts:
            self.acts.pop(0)()
        start_response(self.status, [("Content-Type", "text/xml")])
        if form.get("Body") == "C":
            return [b"<Response><Message>See you", b" Tuesday!</Message></Response>"]
        return [b"<Response/>"]


@pytest.fixture
def barber() -> Barber:
    return Barber()
