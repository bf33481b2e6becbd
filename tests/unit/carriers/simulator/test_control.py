"""The HTTP interface of docs/reference/simulator.md."""

import time
from typing import Any

import pytest

from ringfence.ports.silent_network import Finding

PHONE, SHOP = "+12025550177", "+12025550123"
HANDSET = f"/simulator/handsets/{PHONE}"


def until(answer: Any, wanted: Any) -> Any:
    deadline = time.monotonic() + 5
    while not wanted(value := answer()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return value


def test_a_handset_is_made_named_shown_and_removed(wire) -> None:
    made = wire.call("POST", "/simulator/handsets", {"number": PHONE, "name": "Ada"})
    assert made.status == 201
    shown = made.json
    assert shown.pop("created_at").endswith("Z")
    assert shown == {"number": PHONE, "kind": "handset", "name": "Ada", "automatic": False, "unread": 0, "silent": []}
    assert wire.call("POST", "/simulator/handsets", {"number": PHONE}).status == 200
    assert wire.call("PATCH", HANDSET, {"name": "Bo"}).json["name"] == "Bo"
    assert wire.call("PATCH", HANDSET, {"name": ""}).json["name"] == ""
    assert [one["number"] for one in wire.call("GET", "/simulator/handsets").json["handsets"]] == [PHONE]
    assert wire.call("GET", HANDSET).json["number"] == PHONE
    gone = wire.call("DELETE", HANDSET)
    assert (gone.status, gone.body) == (204, b"")
    assert wire.call("GET", HANDSET).status == 404


def test_a_number_in_a_path_may_be_percent_encoded(wire) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    assert wire.call("GET", "/simulator/handsets/%2B12025550177").json["number"] == PHONE


def test_a_text_to_a_handset_is_listed_with_all_that_is_known_of_it(wire) -> None:
    wire.submit(PHONE, "Haircut Tue 15:00. Reply C to confirm, X to cancel.")
    (text,) = until(
        lambda: wire.call("GET", f"{HANDSET}/messages").json["messages"],
        lambda found: found[0]["status"] == "delivered",
    )
    assert text.pop("id")
    assert text.pop("at").endswith("Z")
    assert text == {
        "sid": "SM00000000000000000000000000000001",
        "handset": PHONE,
        "from": SHOP,
        "to": PHONE,
        "subject": "",
        "body": "Haircut Tue 15:00. Reply C to confirm, X to cancel.",
        "media_urls": [],
        "direction": "outbound",
        "status": "delivered",
        "error_code": None,
        "error_message": None,
        "read": False,
        "encoding": "GSM-7",
        "segments": 1,
        "units": 51,
        "parts": ["Haircut Tue 15:00. Reply C to confirm, X to cancel."],
        "suggestions": [{"send": "C", "label": "Confirm"}, {"send": "X", "label": "Cancel"}],
    }
    assert wire.call("GET", HANDSET).json["unread"] == 1
    assert wire.call("POST", f"{HANDSET}/read", {"peer": "+12025550199"}).json == {"marked": 0}
    assert wire.call("POST", f"{HANDSET}/read").json == {"marked": 1}
    assert wire.call("GET", HANDSET).json["unread"] == 0


def test_a_handset_texts_the_platform(wire) -> None:
    sent = wire.call(
        "POST", f"{HANDSET}/messages", {"to": SHOP, "body": "C", "media_urls": ["https://a.example/1.png"]}
    )
    assert sent.status == 201
    text = sent.json
    assert (text["from"], text["to"], text["body"], text["direction"]) == (PHONE, SHOP, "C", "inbound")
    assert (text["sid"], text["status"], text["suggestions"]) == (None, "sending", [])
    assert text["media_urls"] == ["https://a.example/1.png"]
    assert wire.call("GET", HANDSET).json["automatic"] is False
    assert wire.call("GET", f"{HANDSET}/messages").json["messages"] == [text]
    assert wire.call("POST", f"{HANDSET}/messages", {"to": "12345", "body": "to a short code"}).status == 201
    assert wire.call("DELETE", f"{HANDSET}/messages").status == 204
    assert wire.call("GET", f"{HANDSET}/messages").json == {"messages": []}


def test_a_fault_is_made_listed_and_lifted(wire) -> None:
    made = wire.call("POST", "/simulator/faults", {"kind": "fail", "number": PHONE, "code": 30005})
    assert made.status == 201
    fault = made.json
    assert fault == {
        "kind": "fail",
        "number": PHONE,
        "code": 30005,
        "delay_ms": 2000,
        "probability": 1.0,
        "remaining": None,
        "id": fault["id"],
    }
    wire.submit(PHONE, "never arrives")
    (text,) = until(
        lambda: wire.call("GET", f"{HANDSET}/messages").json["messages"], lambda found: found[0]["status"] != "sending"
    )
    assert (text["status"], text["error_code"]) == ("undelivered", 30005)
    assert text["error_message"] == "Unknown destination handset"
    assert text["suggestions"] == []
    assert wire.call("GET", "/simulator/faults").json == {"faults": [fault]}
    assert wire.call("DELETE", f"/simulator/faults/{fault['id']}").status == 204
    assert wire.call("DELETE", f"/simulator/faults/{fault['id']}").status == 404
    wire.call("POST", "/simulator/faults", {"kind": "delay", "delay_ms": 1, "probability": 0.5, "remaining": 3})
    assert wire.call("DELETE", "/simulator/faults").status == 204
    assert wire.call("GET", "/simulator/faults").json == {"faults": []}


def test_reset_empties_the_network(wire) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    wire.call("POST", "/simulator/faults", {"kind": "refuse", "code": 21610})
    assert wire.call("POST", "/simulator/reset").status == 204
    assert wire.call("GET", "/simulator/handsets").json == {"handsets": []}
    assert wire.call("GET", "/simulator/faults").json == {"faults": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/simulator/handsets", {"number": "555"}, "number"),
        ("POST", "/simulator/handsets", {"number": "+1202555017x"}, "number"),
        ("POST", "/simulator/handsets", {"number": "+120255501770000000"}, "number"),
        ("POST", "/simulator/handsets", {"number": 12025550177}, "number"),
        ("POST", "/simulator/handsets", {"number": PHONE, "name": "x" * 41}, "name"),
        ("POST", "/simulator/handsets", {"number": PHONE, "colour": "red"}, None),
        ("POST", "/simulator/handsets", {}, None),
        ("POST", "/simulator/handsets", [], None),
        ("POST", "/simulator/handsets", b"{not json", None),
        ("POST", "/simulator/handsets", b"\xff\xfe", None),
        ("POST", f"{HANDSET}/messages", {"to": "Fade & Co", "body": "C"}, "to"),
        ("POST", f"{HANDSET}/messages", {"to": SHOP}, "body"),
        ("POST", f"{HANDSET}/messages", {"to": SHOP, "body": "x" * 1601}, "body"),
        ("POST", f"{HANDSET}/messages", {"to": SHOP, "media_urls": ["file:///etc/passwd"]}, "media_urls[0]"),
        ("POST", f"{HANDSET}/messages", {"to": SHOP, "media_urls": ["https://a.example"] * 11}, "media_urls"),
        ("POST", "/simulator/faults", {"kind": "explode"}, "kind"),
        ("POST", "/simulator/faults", {"kind": "fail", "code": 12345}, "code"),
        ("POST", "/simulator/faults", {"kind": "delay", "code": 30003}, "code"),
        ("POST", "/simulator/faults", {"kind": "refuse", "code": 99}, "code"),
        ("POST", "/simulator/faults", {"kind": "delay", "delay_ms": 3_600_001}, "delay_ms"),
        ("POST", "/simulator/faults", {"kind": "delay", "delay_ms": -1}, "delay_ms"),
        ("POST", "/simulator/faults", {"kind": "fail", "probability": 1.1}, "probability"),
        ("POST", "/simulator/faults", {"kind": "fail", "remaining": 0}, "remaining"),
        ("POST", "/simulator/faults", {"kind": "fail", "number": "555"}, "number"),
        ("POST", "/simulator/reset", {"everything": True}, None),
    ],
)
def test_what_does_not_fit_is_refused_in_words(wire, method: str, path: str, body: Any, field: str | None) -> None:
    refused = wire.call(method, path, body)
    assert refused.status == 400
    error = refused.json["error"]
    assert (error["status"], error["field"]) == (400, field)
    assert error["message"].endswith(".")
    assert wire.call("GET", "/simulator/handsets").json == {"handsets": []}


def test_unknown_things_and_methods_are_refused_as_json(wire) -> None:
    for method, path, status in [
        ("GET", "/simulator/nothing", 404),
        ("GET", "/simulator/handsets/555/messages", 404),
        ("POST", "/simulator/handsets/555/messages", 404),
        ("PATCH", HANDSET, 404),
        ("DELETE", HANDSET, 404),
        ("DELETE", f"{HANDSET}/messages", 404),
        ("POST", f"{HANDSET}/read", 404),
        ("PUT", "/simulator/handsets", 405),
    ]:
        refused = wire.call(method, path)
        assert (refused.status, refused.json["error"]["status"]) == (status, status), path


def test_a_full_network_refuses_another_handset(wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.simulator.network.MAX_HANDSETS", 0)
    assert wire.call("POST", "/simulator/handsets", {"number": PHONE}).status == 409
    assert wire.call("POST", f"{HANDSET}/messages", {"to": SHOP, "body": "C"}).status == 409


def test_too_many_faults_are_refused(wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.simulator.faults.MAX_FAULTS", 0)
    assert wire.call("POST", "/simulator/faults", {"kind": "fail"}).status == 409


def test_a_platform_that_collects_nothing_makes_handsets_wait(wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.simulator.mailbox.CAPACITY", 1)
    assert wire.call("POST", f"{HANDSET}/messages", {"to": SHOP, "body": "1"}).status == 201
    assert wire.call("POST", f"{HANDSET}/messages", {"to": SHOP, "body": "2"}).status == 503


def test_answers_are_private(wire) -> None:
    headers = wire.call("GET", "/simulator/handsets").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == "application/json"
    assert "access-control-allow-origin" not in headers


CALL = {
    "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "peer": SHOP,
    "direction": "incoming",
    "outcome": "answered",
    "began_ms_ago": 65_000,
    "length_ms": 60_000,
    "sid": "CA" + "0" * 32,
}


def test_a_call_that_is_over_is_noted_once_and_listed(wire) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    made = wire.call("POST", f"{HANDSET}/calls", CALL)
    assert made.status == 201
    noted = wire.call("GET", f"{HANDSET}/calls").json["calls"]
    assert noted == [made.json]
    shown = dict(noted[0])
    assert shown.pop("at").endswith("Z")
    assert shown == {
        "id": CALL["id"],
        "sid": CALL["sid"],
        "handset": PHONE,
        "peer": SHOP,
        "direction": "incoming",
        "outcome": "answered",
        "length_ms": 60_000,
    }
    wire.call("POST", f"{HANDSET}/calls", CALL)
    assert len(wire.call("GET", f"{HANDSET}/calls").json["calls"]) == 1
    missed = {"id": "11111111", "peer": "client:amy", "direction": "outgoing", "outcome": "busy", "began_ms_ago": 0}
    assert wire.call("POST", f"{HANDSET}/calls", missed).json["sid"] is None
    assert wire.call("DELETE", f"{HANDSET}/messages").status == 204
    assert wire.call("GET", f"{HANDSET}/calls").json["calls"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "<b>"},
        {"id": ""},
        {"peer": ""},
        {"peer": "x" * 257},
        {"direction": "inbound"},
        {"outcome": ""},
        {"outcome": "x" * 61},
        {"began_ms_ago": -1},
        {"length_ms": -1},
        {"sid": "CA1"},
        {"sid": "SM" + "0" * 32},
        {"more": 1},
    ],
)
def test_a_call_that_cannot_be_is_not_noted(wire, wrong: dict[str, Any]) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    assert wire.call("POST", f"{HANDSET}/calls", CALL | wrong).status == 400
    assert wire.call("GET", f"{HANDSET}/calls").json["calls"] == []


def test_only_a_handset_has_calls(wire) -> None:
    assert wire.call("POST", f"{HANDSET}/calls", CALL).status == 404
    assert wire.call("GET", f"{HANDSET}/calls").status == 404


def test_a_mailbox_is_made_like_a_handset_and_nothing_is_written_on_it(wire) -> None:
    made = wire.call("POST", "/simulator/handsets", {"number": "Sam@Example.com", "name": "Sam"})
    assert (made.status, made.json["kind"], made.json["number"]) == (201, "mailbox", "sam@example.com")
    mailbox = "/simulator/handsets/sam@example.com"
    assert wire.call("POST", "/simulator/handsets", {"number": "sam@example.com"}).status == 200
    assert wire.call("GET", mailbox).json["name"] == "Sam"
    assert wire.call("POST", f"{mailbox}/messages", {"to": SHOP, "body": "Hi"}).status == 404
    assert wire.call("POST", "/simulator/handsets", {"number": "sam@"}).status == 400
    failing = {"kind": "fail", "number": "sam@example.com", "code": 30005}
    assert wire.call("POST", "/simulator/faults", failing).status == 201
    assert wire.call("POST", "/simulator/faults", failing | {"number": "sam@"}).status == 400


def offered(wire: Any, ref: str) -> str:
    return str(wire.network.silent.offer(ref, PHONE, wire.network.clock.now_ms() + 600_000))


def test_a_handset_opens_an_address_over_its_mobile_network(wire) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    url = f"http://localhost:8420{offered(wire, 'VL1')}"
    answer = wire.call("POST", f"{HANDSET}/opened", {"url": url})
    assert (answer.status, answer.body) == (200, b"ErrorCode=0&ErrorDescription=Success&Carrier=Simulator")
    assert wire.network.silent.finding("VL1") is Finding.PROVEN
    assert wire.call("POST", f"{HANDSET}/opened", {"url": url}).body == b"ErrorCode=-10&ErrorDescription=Failure"


def test_a_handset_shows_what_it_may_open_until_that_was_opened(wire) -> None:
    path = wire.network.offer("VL1", PHONE, wire.network.clock.now_ms() + 600_000)
    (shown,) = wire.call("GET", HANDSET).json["silent"]
    assert (shown["path"], wire.call("GET", HANDSET).json["automatic"]) == (path, True)
    version = wire.network.changes.version
    wire.call("POST", f"{HANDSET}/opened", {"url": f"http://localhost:8420{path}"})
    assert wire.call("GET", HANDSET).json["silent"] == []
    assert wire.network.changes.since(version).handsets[0].number == PHONE


def test_where_a_client_token_is_wanted_the_opening_tells_it(wire) -> None:
    path = wire.network.offer("VL1", PHONE, wire.network.clock.now_ms() + 600_000, with_token=True)
    said = wire.call("POST", f"{HANDSET}/opened", {"url": f"http://localhost:8420{path}"}).body
    said, _, token = said.decode().partition("&ClientToken=")
    assert said == "ErrorCode=0&ErrorDescription=Success&Carrier=Simulator"
    assert wire.network.silent.finding("VL1", token) is Finding.PROVEN


def test_what_wakes_a_device_is_shown_on_the_handset_of_its_number(wire) -> None:
    assert wire.network.notify(f"a-token-of-sixteen-letters-and-{PHONE}", "Push", "Open the app.")
    (text,) = wire.call("GET", f"{HANDSET}/messages").json["messages"]
    assert (text["from"], text["body"], text["status"], text["read"]) == ("Push", "Open the app.", "delivered", False)
    assert not wire.network.notify("a-token-of-no-number", "Push", "Open the app.")


def test_another_handset_is_told_no_more_and_proves_nothing(wire) -> None:
    wire.call("POST", "/simulator/handsets", {"number": SHOP})
    url = f"http://localhost:8420{offered(wire, 'VL1')}"
    assert wire.call("POST", f"/simulator/handsets/{SHOP}/opened", {"url": url}).body.startswith(b"ErrorCode=0&")
    assert wire.network.silent.finding("VL1") is Finding.MISMATCH


def test_an_address_opened_from_no_mobile_network_proves_nothing(wire) -> None:
    path = offered(wire, "VL1")
    answer = wire.call("GET", path)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.body == b"ErrorCode=-10&ErrorDescription=Failure"
    assert wire.network.silent.finding("VL1") is Finding.NO_NUMBER


def test_who_is_no_handset_opens_nothing(wire) -> None:
    url = f"http://localhost:8420{offered(wire, 'VL1')}"
    assert wire.call("POST", f"{HANDSET}/opened", {"url": url}).status == 404
    assert wire.network.silent.finding("VL1") is Finding.PENDING
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    assert wire.call("POST", f"{HANDSET}/opened", {"url": "no address"}).status == 400
