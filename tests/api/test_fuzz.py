"""Any request at all gets an answer of Twilio's form, and none of them a 500."""

import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.api.app import operations
from ringfence.api.operations import LISTED
from ringfence.api.resource import Operation

CONTENT_TYPES = ["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "", "/;="]
PLAUSIBLE = [
    "",
    "+12025550177",
    "+12025550123",
    "+15005550006",
    "12025550177",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1001",
    "999999999999999999999",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59",
    "https://shop.example/sms",
    "http://[::1",
    "GET",
    "active",
    "canceled",
    "fixed",
    "*",
    "PASM" + "0" * 32,
    "SM" + "0" * 32,
    "\x00",
    "%",
    "'; DROP TABLE message; --",
    "x" * 2000,
    "\U0001f600",
    "٣",
]
values = st.one_of(st.sampled_from(PLAUSIBLE), st.text(max_size=20))
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def fixed(installation: Any) -> Any:
    """One tenant that owns something of each kind, so that paths lead somewhere."""
    tenant = installation.new_tenant()
    sender = tenant.number(sms_url="https://shop.example/sms")
    tenant.known = [
        tenant.sid,
        tenant.text(sender=sender).sid,
        tenant.client().new_keys.create().sid,
        tenant.client().incoming_phone_numbers.list()[0].sid,
        tenant.client().messaging.v1.services.create(friendly_name="Reminders").sid,
        tenant.client().verify.v2.services.create(friendly_name="Reminders").sid,
        "US",
        "nonsense",
        "%00",
        "..",
        "AC" + "0" * 32,
    ]
    return tenant


def path_of(template: str, known: list[str], draw: Any, account: str) -> str:
    """A path with its variables filled: the account mostly with the right one."""
    parts = []
    for part in template.split("/"):
        if part == "{AccountSid}":
            parts.append(account if draw(st.integers(0, 9)) else draw(st.sampled_from(known)))
        elif part.startswith("{"):
            parts.append(draw(st.one_of(st.sampled_from(known), st.text(min_size=1, max_size=8).map(quote))))
        else:
            parts.append(part)
    return "/".join(parts) + draw(st.sampled_from([".json", "", ".xml", "/", ".json.json"]))


def check(answer: requests.Response, path: str) -> None:
    assert answer.status_code < 500 or answer.status_code == 501, (answer.status_code, answer.text)
    if answer.status_code < 400 or answer.request.method == "HEAD":
        return
    if answer.headers["content-type"] == "application/xml":
        refused = {child.tag: child.text for child in ET.fromstring(answer.content)[0]}
        assert set(refused) == {"Code", "Message", "MoreInfo", "Status"}
        assert refused["Status"] == str(answer.status_code)
    else:
        refused = answer.json()
        assert set(refused) == {"code", "message", "more_info", "status"}
        assert refused["status"] == answer.status_code
        assert isinstance(refused["code"], int)


@quick
@given(st.data())
def test_finished_operations(fixed: Any, data: st.DataObject) -> None:
    draw = data.draw
    operation: Operation = draw(st.sampled_from(operations()))
    path = path_of(operation.path, fixed.known, draw, fixed.sid)
    names = st.sampled_from([*sorted(operation.form.names), "PageSize", "Page", "PageToken", "Nonsense"])
    pairs = draw(st.lists(st.tuples(names, values), max_size=6))
    encoded = urlencode([(name, text.encode("utf-8", "replace")) for name, text in pairs])
    options: dict[str, Any] = {"data": encoded}
    if operation.method != "POST":
        path, options = f"{path}?{encoded}", {}
    options["headers"] = {"Content-Type": CONTENT_TYPES[0]}
    url = fixed.installation.url + path
    # What would leave nothing to read for the examples after this one is not deleted.
    method = operation.method if operation.method != "DELETE" or "Media" in path else "HEAD"
    check(requests.request(method, url, auth=(fixed.sid, fixed.token), timeout=10, **options), path)


@quick
@given(st.data())
def test_anything_at_any_path(fixed: Any, data: st.DataObject) -> None:
    draw = data.draw
    template = draw(st.sampled_from([listed.path for listed in LISTED]))
    path = path_of(template, fixed.known, draw, fixed.sid)
    method = draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS"]))
    headers = {
        "Content-Type": draw(st.sampled_from(CONTENT_TYPES)),
        "Host": draw(st.sampled_from(["localhost", "api.example.org", "verify.twilio.com", "", "a" * 300, "[::1]:80"])),
    }
    url = f"{fixed.installation.url}{draw(st.sampled_from(['', '/api', '/verify', '/x', '//']))}{path}"
    body = draw(st.one_of(st.binary(max_size=60), st.just(b'{"To": 1}'), st.just(b"To=%&To=1&To=2")))
    auth = (fixed.sid, fixed.token) if draw(st.integers(0, 4)) else None
    check(requests.request(method, url, data=body, headers=headers, auth=auth, timeout=10), path)
