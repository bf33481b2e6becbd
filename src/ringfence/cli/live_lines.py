"""A request or webhook that just happened, as the fields of a log line."""

import datetime
from typing import Any

from ringfence.ports.onlookers import ApiCall, Happening

REQUEST = "request answered"
WEBHOOK = "webhook attempted"
FAILED = 400
BROKEN = 500


def as_fields(role: str, happening: Happening) -> dict[str, Any]:
    """Fields as in docs/reference/logs.md; what failed is a warning, what we broke an error."""
    status = happening.http_status
    fields: dict[str, Any] = {"at": _iso(happening.at_ms)}
    if isinstance(happening, ApiCall):
        level = "info" if status is None or status < FAILED else "warning" if status < BROKEN else "error"
        fields |= {"level": level, "role": role, "event": REQUEST, "route": happening.route, "http_status": status}
        fields |= {"duration_ms": happening.duration_ms, "code": happening.code, "request_id": happening.request_id}
    else:
        level = "info" if happening.state == "done" and happening.code is None else "warning"
        fields |= {"level": level, "role": role, "event": WEBHOOK, "kind": happening.kind, "http_status": status}
        fields |= {"duration_ms": happening.duration_ms, "code": happening.code, "status": happening.state}
        fields |= {"attempts": happening.attempt, "event_id": happening.event_id or None}
        fields |= {"message_sid": happening.message_sid, "account": happening.account}
    return {name: value for name, value in fields.items() if value is not None}


def _iso(at_ms: int) -> str:
    at = datetime.datetime.fromtimestamp(at_ms / 1_000, datetime.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
