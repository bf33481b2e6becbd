"""A resource in ten lines, and what becomes of everything that can go wrong behind one."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import structlog
from prometheus_client import CollectorRegistry

from ringfence.api.admission import AdmissionLimits
from ringfence.api.dependencies import ApiDependencies, Limits
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.wire import Wire
from ringfence.domain.clock import ManualClock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.store import AccountRow, CredentialRow, QueueFullError, StoreFailedError
from ringfence.store.memory import MemoryStore

AC = new_sid("AC", 1_700_000_000_000)
TOKEN = "0123456789abcdef0123456789abcdef"
SECRET_NUMBER = "+12025550177"
LEFT = b"the client left"


class Note(msgspec.Struct):
    sid: str
    text: str | None


class NoteForm(msgspec.Struct, frozen=True, rename="pascal"):
    text: str | None = None


notes = Resource("Accounts/{AccountSid}/Notes", item="Note", listed="notes")
failures: list[Exception] = []


@notes.create(NoteForm)
async def create(request: ApiRequest[NoteForm]) -> Note:
    if failures:
        raise failures[0]
    return Note(sid="NO1", text=request.form.text)


@notes.list()
async def list_notes(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Note]:
    return [Note(sid="NO1", text=None)][: cursor.limit]


@notes.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Note | None:
    return Note(sid=request.sid, text="x") if request.sid == "NO1" else None


@notes.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return request.sid == "NO1"


Ask = Callable[..., tuple[int, dict[str, str], Any]]


class NothingWaits:
    """A key service whose members changed nothing of late."""

    async def take_access(self) -> list[Any]:
        return []


@pytest.fixture
def ask(run: Any, clock: ManualClock) -> Any:
    failures.clear()
    store = MemoryStore()
    row = AccountRow(sid=AC, tenant=AC, friendly_name="x", created_ms=0, updated_ms=0)
    verifier = hashlib.sha256(TOKEN.encode()).digest()
    credential = CredentialRow(
        account=AC, sid=AC, kind="auth_token", verifier=verifier, hmac_states=b"", created_ms=0, updated_ms=0
    )
    run(store.create_account(row, credential))
    # The operations here ask for no messages, and for keys only what waits for who signs in.
    unused: Any = None
    keys: Any = NothingWaits()
    deps = ApiDependencies(
        store=store,
        keys=keys,
        clock=clock,
        messaging=unused,
        registry=CollectorRegistry(),
        limits=Limits(body_bytes=100, admission=AdmissionLimits(tenant_present=1)),
    )
    wire = Wire(deps, notes.operations)

    def asked(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], Any]:
        sent: list[dict[str, Any]] = []
        basic = base64.b64encode(f"{AC}:{TOKEN}".encode()).decode()
        head = {
            "authorization": f"Basic {basic}",
            "content-type": "application/x-www-form-urlencoded",
            "host": "localhost",
        } | headers

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"} if body is LEFT else {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": f"/2010-04-01/Accounts/{AC}{path}",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in head.items()],
        }
        run(wire(scope, receive, send))
        shown = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        text = sent[1]["body"]
        return sent[0]["status"], shown, json.loads(text) if text[:1] == b"{" else text

    return asked


def test_the_statuses_of_a_resource(ask: Ask) -> None:
    assert ask("POST", "/Notes.json", b"Text=hi")[::2] == (201, {"sid": "NO1", "text": "hi"})
    assert ask("GET", "/Notes.json")[2]["notes"] == [{"sid": "NO1", "text": None}]
    assert ask("GET", "/Notes/NO1.json")[0] == 200
    assert ask("GET", "/Notes/NO2.json")[0] == 404
    assert ask("DELETE", "/Notes/NO1.json")[::2] == (204, b"")
    assert ask("DELETE", "/Notes/NO2.json")[0] == 404
    assert ask("PUT", "/Notes/NO1.json")[0] == 405


def test_xml_is_named_after_the_resource(ask: Ask) -> None:
    assert (
        b"<TwilioResponse><Note><Sid>NO1</Sid><Text>hi</Text></Note></TwilioResponse>"
        in (ask("POST", "/Notes", b"Text=hi")[2])
    )
    assert b"<Note><Sid>NO1</Sid><Text/></Note></Notes></TwilioResponse>" in ask("GET", "/Notes")[2]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (ApiError(21610), 400, 21610),
        (KeyRefusedError(SECRET_NUMBER), 401, 20003),
        (QueueFullError(SECRET_NUMBER), 429, 20429),
        (StoreFailedError(SECRET_NUMBER), 503, 20503),
        (ConnectionRefusedError(SECRET_NUMBER), 503, 20503),
        (KeyError(SECRET_NUMBER), 500, 20500),
        (UnicodeEncodeError("ascii", SECRET_NUMBER, 0, 1, "x"), 500, 20500),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("suffix", [".json", ""])
def test_a_failure_is_told_in_twilios_form_and_holds_no_content(
    ask: Ask, failure: Exception, status: int, code: int, suffix: str
) -> None:
    failures.append(failure)
    with structlog.testing.capture_logs() as logged:
        answered, headers, body = ask("POST", f"/Notes{suffix}", b"Text=hi")
    assert answered == status
    if suffix:
        assert (body["code"], body["status"]) == (code, status)
    else:
        assert f"<Code>{code}</Code>".encode() in body
    assert ("retry-after" in headers) is (status in (429, 503))
    assert SECRET_NUMBER not in str(body)
    assert SECRET_NUMBER not in str(logged)
    assert bool(logged) is (status in (500, 503))


def test_the_log_of_a_failure_names_its_place_and_the_request(ask: Ask) -> None:
    failures.append(KeyError(SECRET_NUMBER))
    with structlog.testing.capture_logs() as logged:
        _, headers, _ = ask("POST", "/Notes.json", b"Text=hi")
    (entry,) = logged
    assert entry["request_id"] == headers["twilio-request-id"]
    assert entry["route"] == "api POST /2010-04-01/Accounts/{AccountSid}/Notes"
    assert entry["error"] == "KeyError"
    assert any("test_wire.py" in place for place in entry["frames"])


def test_the_largest_body_is_taken_and_one_byte_more_is_not(ask: Ask) -> None:
    assert ask("POST", "/Notes.json", b"Text=" + b"x" * 95)[0] == 201
    assert ask("POST", "/Notes.json", b"Text=" + b"x" * 96)[0] == 413
    assert ask("POST", "/Notes.json", b"", **{"content-length": "101"})[0] == 413
    assert ask("POST", "/Notes.json", b"", **{"content-length": "1" * 5000})[0] == 413


def test_a_client_that_left_before_its_body_has_asked_for_nothing(ask: Ask) -> None:
    assert ask("POST", "/Notes.json", LEFT)[0] == 408
