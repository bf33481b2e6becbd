"""What every request meets: errors, formats, bounds, products, and the watchers' pages."""

import base64
import re
import socket
import time
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import requests


def test_every_answer_has_a_request_id(tenant: Any) -> None:
    ids = {tenant.ask("GET", path).headers["twilio-request-id"] for path in ("/Messages.json", "/nonsense", "/Keys")}
    assert len(ids) == 3
    assert all(re.fullmatch("RQ[0-9a-f]{32}", request_id) for request_id in ids)


@pytest.mark.parametrize("path", ["/Messages.json", "/Messages", "/Nothing.json", "/Messages/SM404.json"])
def test_no_answer_is_kept_by_who_passes_it_on_or_taken_for_something_else(tenant: Any, path: str) -> None:
    for auth in ((tenant.sid, tenant.token), None):
        headers = tenant.ask("GET", path, auth=auth).headers
        assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_an_unknown_path_is_not_found(tenant: Any) -> None:
    answer = tenant.ask("GET", "/Nonsense.json")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 20404,
        "message": f"The requested resource {tenant.base}/Nonsense.json was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_is_not_there(tenant: Any, method: str) -> None:
    answer = tenant.ask(method, "/Messages.json")
    assert (answer.status_code, answer.json()["code"]) == (405, 20004)


def test_head_is_get_without_its_body(tenant: Any) -> None:
    answer = tenant.ask("HEAD", "/Messages.json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_an_unfinished_operation_says_so(tenant: Any) -> None:
    answer = tenant.ask("POST", "/Queues.json", data={"FriendlyName": "waiting"})
    assert (answer.status_code, answer.json()["code"]) == (501, 20501)
    assert "POST /2010-04-01/Accounts/{AccountSid}/Queues" in answer.json()["message"]
    elsewhere = requests.get(f"{tenant.installation.url}/v1/Workspaces", auth=(tenant.sid, tenant.token), timeout=10)
    assert (elsewhere.status_code, elsewhere.headers["content-type"]) == (501, "application/json")
    assert tenant.ask("POST", "/Queues.json", auth=("x", "y")).status_code == 401


def test_without_json_it_is_xml_errors_too(tenant: Any) -> None:
    sid = tenant.text("<&> \x07 Grüße").sid
    one = tenant.ask("GET", f"/Messages/{sid}")
    assert one.headers["content-type"] == "application/xml"
    root = ET.fromstring(one.content)
    assert (root.tag, root[0].tag) == ("TwilioResponse", "Message")
    assert root.findtext("Message/Body") == "<&> \ufffd Grüße"
    assert {child.tag for child in root[0]} >= {"Sid", "DateCreated", "NumMedia", "SubresourceUris"}
    listed = ET.fromstring(tenant.ask("GET", "/Messages?PageSize=1").content)
    assert listed[0].tag == "Messages"
    assert listed[0].get("pagesize") == "1"
    assert listed.findtext("Messages/Message/Sid") == sid
    refused = tenant.ask("POST", "/Messages", data={"To": "+12025550177"})
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/xml")
    assert ET.fromstring(refused.content).findtext("RestException/Status") == "400"


def test_a_deletion_answers_nothing(tenant: Any) -> None:
    made = tenant.client().new_keys.create()
    answer = tenant.ask("DELETE", f"/Keys/{made.sid}.json")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_a_body_that_is_no_form_is_refused(tenant: Any, content_type: str) -> None:
    answer = tenant.ask(
        "POST", "/Messages.json", data=b'{"To": "+12025550177"}', headers={"Content-Type": content_type}
    )
    assert (answer.status_code, answer.json()["code"]) == (415, 20415)


def test_a_form_may_name_its_charset(tenant: Any) -> None:
    number = tenant.number()
    form = f"To=%2B12025550177&From={number.replace('+', '%2B')}&Body=hello"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert tenant.ask("POST", "/Messages.json", data=form, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (b"To=%zz", 20001),
        (b"Body=%ff", 20001),
        (b"To=1&To=2", 20001),
        (b"&".join(b"a=1" for _ in range(600)), 20001),
        (b"", 21604),
        (b"&&&=&", 21604),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(tenant: Any, form: bytes, code: int) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = tenant.ask("POST", "/Messages.json", data=form, headers=headers)
    assert answer.status_code == 400
    assert code in (answer.json()["code"], 21604, 21602)


def test_a_body_too_large_is_refused_whole_or_in_pieces(tenant: Any) -> None:
    large = b"Body=" + b"x" * (300 * 1024)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    whole = tenant.ask("POST", "/Messages.json", data=large, headers=headers)
    assert (whole.status_code, whole.json()["code"]) == (413, 20413)
    pieces = (large[at : at + 4096] for at in range(0, len(large), 4096))
    chunked = tenant.ask("POST", "/Messages.json", data=pieces, headers=headers)
    assert (chunked.status_code, chunked.json()["code"]) == (413, 20413)


def test_a_query_or_head_too_large_is_refused(tenant: Any) -> None:
    assert tenant.ask("GET", "/Messages.json?To=" + "1" * 17_000).status_code == 414
    assert tenant.ask("GET", "/Messages.json", headers={"X-Large": "x" * 40_000}).status_code == 431


def test_a_body_that_does_not_arrive_is_not_waited_for(tenant: Any) -> None:
    credentials = base64.b64encode(f"{tenant.sid}:{tenant.token}".encode()).decode()
    head = (
        f"POST {tenant.base}/Messages.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nTo="
    )
    with socket.create_connection(("127.0.0.1", tenant.installation.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_requests_that_wait_take_room_from_their_own_tenant_alone(installation: Any, tenant: Any) -> None:
    child = tenant.client().api.accounts.create()
    credentials = base64.b64encode(f"{tenant.sid}:{tenant.token}".encode()).decode()
    head = (
        f"POST {tenant.base}/Messages.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
    )

    def answers_within(status: int, **who: Any) -> bool:
        deadline = time.monotonic() + 5
        while (answered := tenant.ask("GET", ".json", **who).status_code) != status and time.monotonic() < deadline:
            time.sleep(0.02)
        return bool(answered == status)

    waiting = [socket.create_connection(("127.0.0.1", installation.port), timeout=10) for _ in range(16)]
    try:
        for connection in waiting:
            connection.sendall(head.encode())
        assert answers_within(429)
        as_child = requests.get(
            f"{installation.url}/2010-04-01/Accounts/{child.sid}.json", auth=(child.sid, child.auth_token), timeout=10
        )
        assert as_child.status_code == 429
        assert installation.new_tenant().ask("GET", ".json").status_code == 200
    finally:
        for connection in waiting:
            connection.close()
    assert answers_within(200)


def test_products_by_prefix_and_by_host(tenant: Any) -> None:
    auth = (tenant.sid, tenant.token)
    url = tenant.installation.url
    prefixed = requests.get(f"{url}/api{tenant.base}/Messages.json?PageSize=1", auth=auth, timeout=10)
    assert prefixed.status_code == 200
    assert prefixed.json()["first_page_uri"] == f"{tenant.base}/Messages.json?PageSize=1&Page=0"
    by_host = requests.get(f"{url}{tenant.base}/Keys.json", auth=auth, headers={"Host": "api.example.org"}, timeout=10)
    assert by_host.status_code == 200
    wrong = requests.get(f"{url}{tenant.base}/Keys.json", auth=auth, headers={"Host": "verify.example.org"}, timeout=10)
    assert wrong.status_code == 404


def test_what_watches(installation: Any) -> None:
    assert requests.get(f"{installation.url}/healthz", timeout=10).json() == {"status": "ok"}
    assert requests.get(f"{installation.url}/readyz", timeout=10).json() == {"status": "ready"}
    assert "ringfence_api_requests_total" in requests.get(f"{installation.url}/metrics", timeout=10).text
    assert requests.post(f"{installation.url}/healthz", timeout=10).status_code == 405


def test_a_tenant_whose_key_opens_nothing_is_told_401(installation: Any, tenant: Any) -> None:
    number = tenant.number()
    made = tenant.client().new_keys.create()
    installation.run(installation.keys.revoke_slot(tenant.sid, made.sid))
    form = {"To": "+12025550177", "From": number, "Body": "x"}
    answer = tenant.ask("POST", "/Messages.json", data=form, auth=(made.sid, made.secret))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
