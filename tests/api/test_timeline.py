"""The timeline of a text: all that happened to it, for its tenant alone, and webhooks told again."""

from typing import Any

import pytest
import requests

from ringfence.domain.attempt import Attempt, Exchange, Finding
from ringfence.domain.carrier_trail import CarrierStep, Kind, encode_step
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.attempt import seal_attempt
from ringfence.domain.sealing.content import seal_content_with
from ringfence.domain.sid import new_sid
from ringfence.kms.ledger.reading import read_ledger
from ringfence.ports.store import MessageRow, NewEvent, Outcome, Settlement

CUSTOMER = "+12025550177"
CALLBACK = "https://shop.example/status?shop=1"
FORM = b"MessageStatus=sent&Body=%C3%A9+x&AccountSid=AC1"
BROKEN = b"<Response>\n  <Mesage>hi</Mesage>\n</Response>"


def ask(tenant: Any, sid: str, below: str = "", method: str = "GET", **options: Any) -> requests.Response:
    options.setdefault("auth", (tenant.sid, tenant.token))
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Messages/{sid}/Timeline{below}"
    return requests.request(method, url, timeout=10, **options)


def timeline(tenant: Any, sid: str) -> dict[str, Any]:
    answer = ask(tenant, sid)
    assert answer.status_code == 200, answer.text
    return answer.json()


def step(kind: Kind, status: Status, **more: Any) -> str:
    return encode_step(CarrierStep(kind=kind, status=status, **({"at_ms": 0, "heard_ms": 0} | more)))


def move(tenant: Any, sid: str, *outcomes: tuple[Status, str], **more: Any) -> None:
    parts = tenant.installation
    said = [
        Outcome(account=tenant.sid, sid=sid, status=status, at_ms=parts.clock.now_ms(), trail=trail, **more)
        for status, trail in outcomes
    ]
    parts.run(parts.store.acknowledge(None, said))


def settle(tenant: Any, sid: str, attempt: Attempt | None, place: int = 0, state: str = "done", **more: Any) -> int:
    """End the event at `place` with this attempt, as the dispatcher does."""
    parts = tenant.installation

    async def work() -> int:
        row = await parts.store.message(tenant.sid, sid)
        event = (await parts.store.events(tenant.sid, sid))[place]
        detail = b""
        if attempt is not None:
            (key,) = await parts.keys.open_records(tenant.sid, [(row.epoch, sid)])
            detail = seal_attempt(key, tenant.sid, sid, event.id, attempt)
        fields = {"duration_ms": 7, "at_ms": parts.clock.now_ms()} | more
        settlement = Settlement(event_id=event.id, account=tenant.sid, state=state, detail=detail, **fields)
        await parts.store.settle_events([settlement])
        return event.id

    return parts.run(work())


def sent(tenant: Any, **fields: Any) -> str:
    sid = tenant.text(status_callback=CALLBACK, **fields).sid
    now_ms = tenant.installation.clock.now_ms()
    move(tenant, sid, (Status.SENT, step(Kind.SUBMIT, Status.SENT, at_ms=now_ms, heard_ms=now_ms + 3, raw="stat:OK")))
    return sid


def said(**more: Any) -> Attempt:
    fields: dict[str, Any] = {
        "at_ms": 1_700_000_000_000,
        "method": "POST",
        "url": CALLBACK,
        "body": FORM,
        "signature": "c2lnbmVk",
        "status": 200,
        "headers": (("content-type", "text/xml"),),
        "answer": b"ok",
        "answer_bytes": 2,
        "dns_ms": 0.12345,
        "tcp_ms": 1.0,
        "first_byte_ms": 2.0,
        "total_ms": 4.0,
    }
    return Attempt(exchanges=(Exchange(**(fields | more)),))


def test_a_text_that_was_just_sent(tenant: Any) -> None:
    text = tenant.text(body="hello")
    seen = timeline(tenant, text.sid)
    assert (seen["account_sid"], seen["message_sid"], seen["status"]) == (tenant.sid, text.sid, "queued")
    assert (seen["from"], seen["to"], seen["body"]) == (text.from_, CUSTOMER, "hello")
    assert (seen["final"], seen["opened"], seen["redacted"], seen["problem"]) == (False, True, False, None)
    assert [(step["type"], step["due_at"]) for step in seen["steps"]] == [("accepted", None)]
    assert seen["url"] == f"/ringfence/v1/Accounts/{tenant.sid}/Messages/{text.sid}/Timeline"


def test_what_the_carrier_said_and_what_came_of_it(tenant: Any) -> None:
    sid = sent(tenant)
    now_ms = tenant.installation.clock.now_ms() + 1_000
    lost = step(Kind.RECEIPT, Status.UNDELIVERED, at_ms=now_ms, heard_ms=now_ms + 1, error_code=30005, carrier_ref="r")
    again = step(Kind.RECEIPT, Status.UNDELIVERED, at_ms=now_ms + 2)
    late = step(Kind.RECEIPT, Status.DELIVERED, at_ms=now_ms + 3)
    move(
        tenant, sid, (Status.UNDELIVERED, lost), (Status.UNDELIVERED, again), (Status.DELIVERED, late), error_code=30005
    )
    seen = timeline(tenant, sid)
    steps = [step for step in seen["steps"] if step["type"] != "webhook"]
    assert [(step["type"], step.get("effect")) for step in steps] == [
        ("accepted", None),
        ("submit", "applied"),
        ("receipt", "applied"),
        ("receipt", "duplicate"),
        ("receipt", "late"),
    ]
    assert steps[1]["raw"] == "stat:OK"
    assert steps[1]["carrier"] == "simulator"
    assert steps[2]["problem"]["code"] == seen["problem"]["code"] == 30005
    assert steps[2]["problem"]["message"] == "Unknown destination handset"
    assert "no longer in service" in steps[2]["problem"]["cause"]
    assert steps[2]["problem"]["fix"]


def test_an_end_of_our_own_is_shown_too(tenant: Any) -> None:
    sid = tenant.text().sid
    move(tenant, sid, (Status.FAILED, ""), error_code=30036)
    steps = timeline(tenant, sid)["steps"]
    assert [step["type"] for step in steps] == ["accepted", "ended"]
    assert (steps[1]["status"], steps[1]["problem"]["code"]) == ("failed", 30036)


def test_a_webhook_shows_what_was_signed_asked_and_answered(tenant: Any) -> None:
    sid = sent(tenant)
    settle(tenant, sid, said(), http_status=200)
    seen = timeline(tenant, sid)
    webhook = next(step for step in seen["steps"] if step["type"] == "webhook")
    assert (webhook["event"], webhook["state"], webhook["next_attempt_at"]) == ("message.sent", "done", None)
    (attempt,) = webhook["attempts"]
    assert (attempt["state"], attempt["http_status"], attempt["problem"]) == ("done", 200, None)
    assert (attempt["duration_ms"], attempt["exchanges_left_out"]) == (7, 0)
    (exchange,) = attempt["exchanges"]
    assert exchange["at"] == "2023-11-14T22:13:20.000Z"
    assert exchange["connection"] == "new"
    assert exchange["timing"] == {"dns_ms": 0.123, "tcp_ms": 1.0, "tls_ms": None, "first_byte_ms": 2.0, "total_ms": 4.0}
    assert exchange["request"] == {
        "method": "POST",
        "url": CALLBACK,
        "parameters": [["MessageStatus", "sent"], ["Body", "é x"], ["AccountSid", "AC1"]],
        "signature": "c2lnbmVk",
        "signature_base": f"{CALLBACK}AccountSidAC1Bodyé xMessageStatussent",
    }
    assert exchange["response"] == {
        "status": 200,
        "headers": [["content-type", "text/xml"]],
        "body": "ok",
        "body_bytes": 2,
        "truncated": False,
    }
    assert tenant.token not in ask(tenant, sid).text


def test_a_failure_says_cause_and_fix(tenant: Any) -> None:
    sid = sent(tenant)
    exchange = said(status=None, answer=b"", error_code=11205, cause="the host does not accept the connection")
    due_ms = tenant.installation.clock.now_ms() + 10_000
    settle(tenant, sid, exchange, state="pending", error_code=11205, due_ms=due_ms)
    seen = timeline(tenant, sid)
    webhook = next(step for step in seen["steps"] if step["type"] == "webhook")
    assert webhook["state"] == "pending"
    assert webhook["next_attempt_at"] is not None
    (attempt,) = webhook["attempts"]
    (exchange,) = attempt["exchanges"]
    assert exchange["response"] is None
    problem = exchange["problem"]
    assert problem["code"] == 11205
    assert problem["message"] == "HTTP connection failure: the host does not accept the connection"
    assert problem["cause"] == "Nothing accepts connections there."
    assert problem["more_info"].endswith("/11205")


def test_a_fault_in_the_twiml_is_quoted_with_its_place(tenant: Any) -> None:
    sid = sent(tenant)
    finding = Finding(exchange=0, code=12200, message="unknown element", line=2, column=3)
    attempt = Attempt(exchanges=said(answer=BROKEN, answer_bytes=900).exchanges, findings=(finding,), replies=("SM1",))
    settle(tenant, sid, attempt, http_status=200, error_code=12200)
    (shown,) = next(step for step in timeline(tenant, sid)["steps"] if step["type"] == "webhook")["attempts"]
    (exchange,) = shown["exchanges"]
    (found,) = exchange["findings"]
    assert (found["line"], found["column"]) == (2, 3)
    assert found["quote"] == {"text": "  <Mesage>hi</Mesage>", "column": 3}
    assert found["problem"]["message"] == "Schema validation warning: unknown element"
    assert exchange["response"]["truncated"]
    assert shown["replies"] == ["SM1"]


def test_what_was_not_kept_is_not_there(tenant: Any) -> None:
    sid = sent(tenant)
    settle(tenant, sid, None, http_status=204)
    (attempt,) = next(step for step in timeline(tenant, sid)["steps"] if step["type"] == "webhook")["attempts"]
    assert (attempt["http_status"], attempt["exchanges"]) == (204, None)


def test_a_redacted_text_keeps_times_and_statuses_only(tenant: Any) -> None:
    sid = sent(tenant)
    settle(tenant, sid, said(), http_status=200)
    move(tenant, sid, (Status.DELIVERED, ""))
    tenant.client().messages(sid).update(body="")
    answer = ask(tenant, sid)
    seen = answer.json()
    assert (seen["redacted"], seen["body"]) == (True, "")
    first = next(step for step in seen["steps"] if step["type"] == "webhook")["attempts"][0]
    assert (first["http_status"], first["exchanges"]) == (200, None)
    assert "MessageStatus" not in answer.text


def test_a_deleted_text_has_no_timeline(tenant: Any) -> None:
    sid = sent(tenant)
    move(tenant, sid, (Status.DELIVERED, ""))
    assert tenant.client().messages(sid).delete()
    assert ask(tenant, sid).status_code == 404


def test_a_text_from_a_handset(tenant: Any) -> None:
    parts, number = tenant.installation, tenant.number()

    async def receive() -> str:
        sid = new_sid("SM")
        key = await parts.keys.seal_record(tenant.sid, sid, CUSTOMER)
        row = MessageRow(
            account=tenant.sid,
            sid=sid,
            direction=Direction.INBOUND,
            status=Status.RECEIVED,
            local=number,
            remote_index=key.index,
            remote_region="US",
            epoch=key.epoch,
            content=seal_content_with(key.key, tenant.sid, sid, Content(remote=CUSTOMER, body="C")),
            num_segments=1,
            created_ms=parts.clock.now_ms(),
            updated_ms=parts.clock.now_ms(),
            carrier="simulator",
            carrier_ref="r1",
        )
        await parts.store.accept(row, [NewEvent(kind="message.received", sequence=0, at_ms=row.created_ms)])
        return sid

    seen = timeline(tenant, parts.run(receive()))
    assert (seen["from"], seen["to"], seen["body"], seen["final"]) == (CUSTOMER, number, "C", False)
    assert [step["type"] for step in seen["steps"]] == ["arrived", "webhook"]
    assert (seen["steps"][0]["carrier"], seen["steps"][0]["carrier_ref"]) == ("simulator", "r1")


def test_it_is_final_when_all_is_told(tenant: Any) -> None:
    sid = sent(tenant)
    move(tenant, sid, (Status.DELIVERED, ""))
    assert not timeline(tenant, sid)["final"]
    settle(tenant, sid, None, 0)
    settle(tenant, sid, None, 1, state="dead")
    assert timeline(tenant, sid)["final"]


def test_an_event_is_told_again(tenant: Any) -> None:
    sid = sent(tenant)
    event_id = settle(tenant, sid, said(), state="dead", http_status=500, error_code=11200)
    webhook = next(step for step in timeline(tenant, sid)["steps"] if step["type"] == "webhook")
    rings = tenant.installation.bell.rings
    url = f"{tenant.installation.url}{webhook['replay_url']}"
    answer = requests.post(url, auth=(tenant.sid, tenant.token), timeout=10)
    assert (answer.status_code, answer.json()) == (202, {"event_id": event_id, "message_sid": sid, "state": "pending"})
    assert tenant.installation.bell.rings == rings + 1
    entries = read_ledger(tenant.installation.key_folder)
    assert any(entry.verb == "lend_record" and sid in entry.scope for entry in entries)
    again = requests.post(url, auth=(tenant.sid, tenant.token), timeout=10)
    assert (again.status_code, again.json()["code"]) == (409, 20409)
    webhook = next(step for step in timeline(tenant, sid)["steps"] if step["type"] == "webhook")
    assert (webhook["state"], len(webhook["attempts"])) == ("pending", 1)


@pytest.mark.parametrize("event_id", ["0", "999999999", "-1", "x", "9" * 40, "%D9%A1"])
def test_what_is_no_event_of_the_text_cannot_be_told_again(tenant: Any, event_id: str) -> None:
    assert ask(tenant, sent(tenant), f"/{event_id}/Replay", "POST").status_code == 404


def test_another_texts_event_cannot_be_told_again_by_this_one(tenant: Any) -> None:
    one, other = sent(tenant), sent(tenant)
    event_id = settle(tenant, other, None)
    assert ask(tenant, one, f"/{event_id}/Replay", "POST").status_code == 404


def test_there_is_none_of_a_text_that_is_not_there(tenant: Any, unknown_sid: str) -> None:
    assert ask(tenant, unknown_sid).status_code == 404
    assert ask(tenant, sent(tenant), "/1/Replay").status_code == 405


def test_an_api_key_reads_it_as_it_reads_the_text(tenant: Any) -> None:
    key = tenant.client().new_keys.create()
    sid = sent(tenant)
    assert ask(tenant, sid, auth=(key.sid, key.secret)).json()["to"] == CUSTOMER


def test_the_opening_is_in_the_ledger(tenant: Any) -> None:
    sid = sent(tenant)
    before = len(read_ledger(tenant.installation.key_folder))
    timeline(tenant, sid)
    (entry,) = read_ledger(tenant.installation.key_folder)[before:]
    assert (entry.verb, entry.account, entry.actor) == ("open_epochs", tenant.sid, tenant.sid)


@pytest.mark.parametrize("version", ["v1", "2010-04-01"])
def test_it_stands_outside_twilios_paths(tenant: Any, version: str) -> None:
    url = f"{tenant.installation.url}/{version}/Accounts/{tenant.sid}/Messages/{sent(tenant)}/Timeline"
    assert requests.get(url, auth=(tenant.sid, tenant.token), timeout=10).status_code == 404


def test_a_host_called_ringfence_serves_every_product(tenant: Any) -> None:
    url = f"{tenant.installation.url}/2010-04-01/Accounts/{tenant.sid}.json"
    answer = requests.get(url, auth=(tenant.sid, tenant.token), headers={"Host": "ringfence.example.com"}, timeout=10)
    assert answer.status_code == 200
