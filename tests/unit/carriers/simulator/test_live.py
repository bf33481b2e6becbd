"""The live feed: a snapshot, then changes, and after a break what was missed."""

import http.client
import json
from typing import Any

import pytest

from ringfence.carriers.simulator import live

PHONE, SHOP = "+12025550177", "+12025550123"


class Reader:
    """Reads a feed event by event."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response
        self.retry_ms = 0

    def next(self) -> dict[str, Any]:
        event: dict[str, Any] = {}
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if not line and "data" in event:
                return event
            name, _, value = line.partition(": ")
            if name == "retry":
                self.retry_ms = int(value)
            elif name == "data":
                event["data"] = json.loads(value)
            elif name:
                event[name] = value

    def until(self, wanted: Any) -> dict[str, Any]:
        while not wanted(event := self.next()):
            pass
        return event


def delivered(event: dict[str, Any]) -> bool:
    return any(text["status"] == "delivered" for text in event["data"]["messages"])


def test_it_begins_with_a_snapshot_and_goes_on_with_changes(wire) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE, "name": "Ada"})
    wire.call("POST", "/simulator/faults", {"kind": "fail", "number": SHOP})
    reader = Reader(wire.open("GET", "/simulator/events"))
    assert reader.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    first = reader.next()
    assert reader.retry_ms == 1_000
    assert first["event"] == "snapshot"
    assert [one["name"] for one in first["data"]["handsets"]] == ["Ada"]
    assert (first["data"]["messages"], first["data"]["removed"]) == ([], [])
    assert [one["kind"] for one in first["data"]["faults"]] == ["fail"]
    assert first["data"]["now"].endswith("Z")
    wire.submit(PHONE, "Hello")
    event = reader.until(delivered)
    assert event["event"] == "changes"
    assert [text["body"] for text in event["data"]["messages"]] == ["Hello"]
    wire.call("DELETE", f"/simulator/handsets/{PHONE}")
    assert reader.next()["data"]["removed"] == [PHONE]


def test_a_reader_that_comes_back_is_told_only_what_it_missed(wire) -> None:
    wire.submit(PHONE, "one")
    reader = Reader(wire.open("GET", "/simulator/events"))
    stood_at = reader.until(delivered)["id"]
    reader.response.close()
    wire.submit(PHONE, "two")
    for headers, path in (({"Last-Event-ID": stood_at}, ""), ({}, f"?after={stood_at}")):
        again = Reader(wire.open("GET", f"/simulator/events{path}", headers))
        event = again.next()
        assert event["event"] == "changes"
        assert [text["body"] for text in event["data"]["messages"]] == ["two"]


@pytest.mark.parametrize(
    "event_id", ["ffffffff-3", "nonsense", "-", "00000000-", "{run}-x", "{run}-99", "{run}-" + "9" * 40]
)
def test_a_place_in_another_networks_feed_gets_a_snapshot(wire, event_id: str) -> None:
    place = event_id.format(run=wire.network.run_id)
    assert Reader(wire.open("GET", "/simulator/events", {"Last-Event-ID": place})).next()["event"] == "snapshot"


def test_clearing_texts_gives_every_reader_a_new_snapshot(wire) -> None:
    wire.submit(PHONE, "one")
    reader = Reader(wire.open("GET", "/simulator/events"))
    reader.until(delivered)
    wire.call("DELETE", f"/simulator/handsets/{PHONE}/messages")
    event = reader.until(lambda event: event["event"] == "snapshot")
    assert event["data"]["messages"] == []


def test_a_snapshot_holds_the_latest_texts_of_each_handset(wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SNAPSHOT_TEXTS", 2)
    for body in ("one", "two", "three"):
        wire.submit(PHONE, body)
    event = Reader(wire.open("GET", "/simulator/events")).next()
    assert [text["body"] for text in event["data"]["messages"]] == ["two", "three"]


def test_a_quiet_feed_says_that_it_is_there(wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE_S", 0.05)
    response = wire.open("GET", "/simulator/events")
    Reader(response).next()
    assert response.readline() == b": still here\n"


def test_readers_are_bounded_and_one_that_left_makes_room(wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_READERS", 1)
    first = wire.open("GET", "/simulator/events")
    Reader(first).next()
    assert wire.open("GET", "/simulator/events").status == 503
    first.close()
    for _ in range(200):
        response = wire.open("GET", "/simulator/events")
        if response.status == 200:
            break
    assert response.status == 200
    assert len(wire.network.changes._listeners) <= 2


def test_calls_are_told_as_they_are_noted_and_to_whoever_comes_later(wire) -> None:
    wire.call("POST", "/simulator/handsets", {"number": PHONE})
    reader = Reader(wire.open("GET", "/simulator/events"))
    assert reader.next()["data"]["calls"] == []
    call = {"id": "0f8fad5b", "peer": SHOP, "direction": "incoming", "outcome": "missed", "began_ms_ago": 9}
    noted = wire.call("POST", f"/simulator/handsets/{PHONE}/calls", call).json
    assert reader.until(lambda event: event["data"]["calls"])["data"]["calls"] == [noted]
    later = Reader(wire.open("GET", "/simulator/events")).next()
    assert (later["event"], later["data"]["calls"]) == ("snapshot", [noted])
    wire.call("DELETE", f"/simulator/handsets/{PHONE}/messages")
    assert reader.until(lambda event: event["event"] == "snapshot")["data"]["calls"] == []
