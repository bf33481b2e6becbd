"""The timeline of a call: all that happened to it, for its tenant alone, and callbacks told again."""

from typing import Any

import pytest
import requests

from ringfence.domain.attempt import Attempt, Exchange
from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.attempt import seal_attempt
from ringfence.domain.sealing.call import seal_call_with, seal_step_with
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallChange, CallRow, RecordingRow, StepRow
from ringfence.ports.outbox import NewEvent, Settlement

CUSTOMER, SHOP = "+12025550177", "+12025550123"
DOCUMENT = "<Response>\n  <Say>Hello</Say>\n  <Sing/>\n</Response>\n"


def ask(tenant: Any, sid: str, below: str = "", method: str = "GET", kind: str = "Calls", **more: Any) -> Any:
    more.setdefault("auth", (tenant.sid, tenant.token))
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/{kind}/{sid}/Timeline{below}"
    return requests.request(method, url, timeout=10, **more)


def timeline(tenant: Any, sid: str) -> dict[str, Any]:
    answer = ask(tenant, sid)
    assert answer.status_code == 200, answer.text
    return answer.json()


class Call:
    """A call in the store, as the voice process leaves it."""

    def __init__(self, tenant: Any, **fields: Any) -> None:
        self.tenant = tenant
        self.parts = tenant.installation
        self.now_ms = self.parts.clock.now_ms()
        self.sid = new_sid("CA", self.now_ms)
        self.key = self.parts.run(self.parts.keys.seal_record(tenant.sid, self.sid, CUSTOMER))
        content = Content(to=CUSTOMER, sender=SHOP, url="https://shop.example/voice")
        row: dict[str, Any] = {
            "account": tenant.sid,
            "sid": self.sid,
            "direction": Direction.OUTBOUND_API,
            "status": Status.QUEUED,
            "local": SHOP,
            "remote_index": self.key.index,
            "remote_region": "US",
            "epoch": self.key.epoch,
            "content": seal_call_with(self.key.key, tenant.sid, self.sid, content),
            "created_ms": self.now_ms,
            "updated_ms": self.now_ms,
        }
        self.parts.run(self.parts.store.create_call(CallRow(**(row | fields))))

    def move(self, status: Status, after_ms: int, *events: str, **more: Any) -> None:
        at_ms = self.now_ms + after_ms
        told = [NewEvent(kind=kind, sequence=0, at_ms=at_ms) for kind in events]
        change = CallChange(status=status, at_ms=at_ms, **more)
        assert self.parts.run(self.parts.store.move_call(self.tenant.sid, self.sid, change, told)) is not None

    def step(self, kind: str, detail: StepDetail, after_ms: int = 0, code: int | None = None) -> None:
        sealed = seal_step_with(self.key.key, self.tenant.sid, self.sid, detail)
        at_ms = self.now_ms + after_ms
        row = StepRow(account=self.tenant.sid, call_sid=self.sid, at_ms=at_ms, kind=kind, code=code, detail=sealed)
        self.parts.run(self.parts.store.add_steps([row]))

    def settle(self, state: str = "done") -> int:
        store = self.parts.store
        (event, *_) = self.parts.run(store.events(self.tenant.sid, self.sid))
        detail = seal_attempt(self.key.key, self.tenant.sid, self.sid, event.id, said())
        settlement = Settlement(
            event_id=event.id, account=self.tenant.sid, state=state, http_status=200, at_ms=self.now_ms, detail=detail
        )
        self.parts.run(store.settle_events([settlement]))
        return int(event.id)


def said() -> Attempt:
    exchange = Exchange(
        at_ms=1_700_000_000_000,
        method="POST",
        url="https://shop.example/voice",
        body=b"CallStatus=ringing&CallSid=CA1",
        signature="c2lnbmVk",
        status=200,
        headers=(("content-type", "text/xml"),),
        answer=DOCUMENT.encode(),
        answer_bytes=len(DOCUMENT),
        first_byte_ms=2.0,
        total_ms=4.0,
    )
    return Attempt(exchanges=(exchange,))


def test_a_call_that_was_just_asked_for(tenant: Any) -> None:
    call = Call(tenant)
    seen = timeline(tenant, call.sid)
    assert (seen["account_sid"], seen["call_sid"], seen["parent_call_sid"]) == (tenant.sid, call.sid, None)
    assert (seen["from"], seen["to"], seen["direction"], seen["status"]) == (SHOP, CUSTOMER, "outbound-api", "queued")
    assert (seen["final"], seen["opened"], seen["problem"], seen["answered_at"]) == (False, True, None, None)
    assert [step["type"] for step in seen["steps"]] == ["began"]
    assert seen["url"] == f"/ringfence/v1/Accounts/{tenant.sid}/Calls/{call.sid}/Timeline"


def test_its_steps_are_told_in_order_with_their_place_in_the_document(tenant: Any) -> None:
    call = Call(tenant)
    url = "https://shop.example/voice"
    call.step("webhook", StepDetail(attempt=said()), 10)
    call.step("document", StepDetail(text=DOCUMENT, url=url), 20)
    call.step("warning", StepDetail(text="Sing is unknown", line=3, column=3, url=url), 21, code=12200)
    call.step("verb", StepDetail(text="Say", line=2, column=3, url=url, fields=(("voice", "alice"),)), 22)
    call.step("key", StepDetail(text="1"), 23)
    asked, document, warning, verb, key = timeline(tenant, call.sid)["steps"][1:]
    assert [step["kind"] for step in (asked, document, warning, verb, key)] == [
        "webhook",
        "document",
        "warning",
        "verb",
        "key",
    ]
    (exchange,) = asked["exchanges"]
    assert exchange["request"]["parameters"] == [["CallStatus", "ringing"], ["CallSid", "CA1"]]
    assert exchange["response"]["body"] == DOCUMENT
    assert (document["text"], document["document_url"], document["problem"]) == (DOCUMENT, url, None)
    assert (warning["line"], warning["column"], warning["problem"]["code"]) == (3, 3, 12200)
    assert warning["problem"]["message"].endswith(": Sing is unknown")
    assert (verb["text"], verb["fields"], verb["exchanges"], verb["problem"]) == (
        "Say",
        [["voice", "alice"]],
        None,
        None,
    )
    assert (key["text"], key["line"], key["opened"]) == ("1", None, True)


def test_a_call_that_is_over_and_told_is_final(tenant: Any) -> None:
    call = Call(tenant)
    call.move(Status.RINGING, 100)
    call.move(Status.IN_PROGRESS, 2_000)
    call.move(Status.COMPLETED, 9_000, "call.completed", sip_status=200, route="trunk:east")
    seen = timeline(tenant, call.sid)
    assert (seen["status"], seen["sip_status"], seen["route"], seen["final"]) == ("completed", 200, "trunk:east", False)
    call.settle()
    seen = timeline(tenant, call.sid)
    assert seen["final"] is True
    (webhook,) = [step for step in seen["steps"] if step["type"] == "webhook"]
    assert (webhook["event"], webhook["state"]) == ("call.completed", "done")
    assert webhook["attempts"][0]["exchanges"][0]["response"]["status"] == 200


def test_a_call_that_failed_says_why(tenant: Any) -> None:
    call = Call(tenant)
    call.move(Status.FAILED, 50, error_code=13224)
    problem = timeline(tenant, call.sid)["problem"]
    assert problem["code"] == 13224
    assert problem["message"]


def test_recordings_and_dialed_calls_are_named(tenant: Any) -> None:
    call = Call(tenant)
    child = Call(tenant, parent_sid=call.sid, direction=Direction.OUTBOUND_DIAL)
    recording = RecordingRow(
        account=tenant.sid,
        sid="RE" + "1" * 32,
        call_sid=call.sid,
        status="completed",
        channels=2,
        source="DialVerb",
        epoch=call.key.epoch,
        started_ms=call.now_ms,
        duration_ms=4_200,
        created_ms=call.now_ms,
        updated_ms=call.now_ms,
    )
    call.parts.run(call.parts.store.add_recording(recording))
    seen = timeline(tenant, call.sid)
    (found,) = seen["recordings"]
    assert (found["sid"], found["status"], found["channels"], found["duration_ms"]) == (
        recording.sid,
        "completed",
        2,
        4_200,
    )
    assert found["uri"] == f"/2010-04-01/Accounts/{tenant.sid}/Recordings/{recording.sid}.json"
    (dialed,) = seen["children"]
    assert (dialed["sid"], dialed["status"]) == (child.sid, "queued")
    assert timeline(tenant, child.sid)["parent_call_sid"] == call.sid


def test_a_callback_is_told_again(tenant: Any) -> None:
    call = Call(tenant)
    call.move(Status.RINGING, 100, "call.ringing")
    event_id = call.settle("dead")
    answer = ask(tenant, call.sid, f"/{event_id}/Replay", "POST")
    assert (answer.status_code, answer.json()) == (
        202,
        {"event_id": event_id, "call_sid": call.sid, "state": "pending"},
    )
    again = ask(tenant, call.sid, f"/{event_id}/Replay", "POST")
    assert (again.status_code, again.json()["code"]) == (409, 20409)


@pytest.mark.parametrize("kind", ["Calls", "Messages"])
def test_what_is_not_there_is_404(tenant: Any, kind: str) -> None:
    call = Call(tenant)
    call.move(Status.RINGING, 100, "call.ringing")
    event_id = call.settle("dead")
    missing = "CA" + "0" * 32 if kind == "Calls" else call.sid
    assert ask(tenant, missing, kind=kind).status_code == 404
    assert ask(tenant, missing, f"/{event_id}/Replay", "POST", kind=kind).status_code == 404
    assert ask(tenant, call.sid, "/999999/Replay", "POST").status_code == 404
    assert ask(tenant, call.sid, "/x/Replay", "POST").status_code == 404


def test_another_tenant_sees_nothing(tenant: Any) -> None:
    call = Call(tenant)
    stranger = tenant.installation.new_tenant()
    assert ask(tenant, call.sid, auth=(tenant.sid, "0" * 32)).status_code == 401
    assert ask(stranger, call.sid).status_code == 404
    assert ask(tenant, call.sid, auth=(stranger.sid, stranger.token)).status_code in {401, 403, 404}
