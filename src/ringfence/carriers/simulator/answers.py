"""JSON answers of the simulator's HTTP interface: what a handset, a text, a fault and a refusal look like there."""

import datetime
from typing import Any

import msgspec
from starlette.responses import Response

from ringfence.carriers.simulator.faults import FAILURE_CODES, Fault
from ringfence.carriers.simulator.handset import Handset, LoggedCall, Text
from ringfence.domain.message import Status
from ringfence.domain.replies import suggest_replies
from ringfence.domain.segments import segment

PRIVATE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}

_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """JSON, UTF-8."""
    return _encoder.encode(value)


def answer(value: object, status: int = 200) -> Response:
    """A JSON answer that nobody keeps."""
    return Response(encode(value), status, PRIVATE_HEADERS, "application/json")


def empty() -> Response:
    """204: done, nothing to say."""
    return Response(status_code=204, headers=PRIVATE_HEADERS)


def refusal(status: int, message: str, field: str | None = None) -> Response:
    """A refusal in words; `field` names what was wrong with a body."""
    return answer({"error": {"status": status, "message": message, "field": field}}, status)


def handset_json(handset: Handset) -> dict[str, Any]:
    """A handset without its texts."""
    return {
        "number": handset.number,
        "kind": "mailbox" if handset.is_mailbox else "handset",
        "name": handset.name,
        "automatic": handset.automatic,
        "created_at": timestamp(handset.made_ms),
        "silent": [{"path": path, "until": timestamp(until_ms)} for path, until_ms in handset.silent],
        "unread": sum(not text.read and text.status is Status.DELIVERED for text in handset.texts),
    }


def text_json(text: Text) -> dict[str, Any]:
    """A text as its handset shows it. `direction` is the platform's: inbound was written on the handset."""
    cut = segment(text.body)
    received = not text.inbound and text.status is Status.DELIVERED
    return {
        "id": text.id,
        "sid": text.sid,
        "handset": text.handset,
        "from": text.sender,
        "to": text.to,
        "subject": text.subject,
        "body": text.body,
        "media_urls": text.media_urls,
        "direction": "inbound" if text.inbound else "outbound",
        "status": text.status,
        "error_code": text.error_code,
        "error_message": FAILURE_CODES.get(text.error_code) if text.error_code else None,
        "at": timestamp(text.at_ms),
        "read": text.read,
        "encoding": cut.encoding,
        "segments": cut.count,
        "units": cut.units,
        "parts": cut.parts,
        "suggestions": [{"send": reply.send, "label": reply.label} for reply in suggest_replies(text.body)]
        if received
        else [],
    }


def call_json(call: LoggedCall) -> dict[str, Any]:
    """A call as its handset had it."""
    return {
        "id": call.id,
        "sid": call.sid,
        "handset": call.handset,
        "peer": call.peer,
        "direction": call.direction,
        "outcome": call.outcome,
        "at": timestamp(call.at_ms),
        "length_ms": call.length_ms,
    }


def fault_json(fault: Fault) -> dict[str, Any]:
    """A fault in force."""
    return msgspec.structs.asdict(fault)


def timestamp(at_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds."""
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
