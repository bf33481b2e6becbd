"""Other web sites are kept out, whatever name they point at this machine."""

import pytest

FORM = {"number": "+12025550177"}


@pytest.mark.parametrize("host", ["localhost", "localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:1"])
def test_this_machines_own_names_are_served(wire, host: str) -> None:
    assert wire.call("GET", "/simulator/handsets", headers={"Host": host.format(port=wire.port)}).status == 200


def test_a_configured_name_is_served(wire) -> None:
    assert wire.call("GET", "/phones", headers={"Host": "phones.example"}).status == 200
    assert wire.call("GET", "/phones", headers={"Host": "evil.phones.example"}).status == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8420", "localhost.evil.example", "127.0.0.1.evil.example", "localhost:", "a b"],
)
@pytest.mark.parametrize("path", ["/simulator/handsets", "/simulator/events", "/phones", "/phones/app.js"])
def test_a_name_that_was_pointed_here_is_not(wire, host: str, path: str) -> None:
    refused = wire.call("GET", path, headers={"Host": host})
    assert refused.status == 403
    assert "Host" in refused.json["error"]["message"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "http://127.0.0.1:{port}"])
def test_a_page_elsewhere_changes_nothing(wire, origin: str) -> None:
    headers = {"Origin": origin.format(port=wire.port)}
    assert wire.call("POST", "/simulator/handsets", FORM, headers).status == 403
    assert wire.call("DELETE", "/simulator/faults", headers=headers).status == 403
    assert wire.call("GET", "/simulator/handsets").json == {"handsets": []}


def test_our_own_page_and_programs_without_a_page_do(wire) -> None:
    own = {"Origin": f"http://localhost:{wire.port}", "Sec-Fetch-Site": "same-origin"}
    assert wire.call("POST", "/simulator/handsets", FORM, own).status == 201
    assert wire.call("POST", "/simulator/handsets", FORM).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_it_comes_from_elsewhere_is_believed(wire, site: str) -> None:
    assert wire.call("POST", "/simulator/handsets", FORM, {"Sec-Fetch-Site": site}).status == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_must_be_json(wire, kind: str) -> None:
    assert wire.call("POST", "/simulator/handsets", FORM, {"Content-Type": kind}).status == 415


def test_json_may_name_its_charset(wire) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert wire.call("POST", "/simulator/handsets", FORM, headers).status == 201


def test_a_body_is_bounded_and_says_its_length(wire) -> None:
    assert wire.call("POST", "/simulator/handsets", b" " * 65_537).status == 413
    chunked = {"Content-Length": "", "Transfer-Encoding": "chunked"}
    assert wire.call("POST", "/simulator/handsets", b"2\r\n{}\r\n0\r\n\r\n", chunked).status == 411
