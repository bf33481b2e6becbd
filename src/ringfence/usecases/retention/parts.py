"""The parts that a standing duty wants of a text or call: one when it is accepted, and of a call one when it ends."""

from ringfence.domain import call, message
from ringfence.domain.call_duration import talked_seconds
from ringfence.domain.retention.facts import Facts, Kind
from ringfence.domain.sealing.retained import RecordRetention
from ringfence.ports.calls import CallRow
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import MessageRow
from ringfence.usecases.retention.retain import retained_row


def retained_text(
    retention: RecordRetention | None, row: MessageRow, remote: str, kind: Kind = "text"
) -> RetainedRow | None:
    """Of a text that is accepted, or a mail, from or to `remote`. None without a duty."""
    inbound = row.direction is message.Direction.INBOUND
    return retained_row(retention, row.account, row.sid, _facts(kind, inbound, row.local, remote, row.created_ms))


def retained_call(retention: RecordRetention | None, row: CallRow, remote: str) -> RetainedRow | None:
    """Of a call that is accepted, from or to `remote`: a number, a SIP address or a client. None without a duty."""
    inbound = row.direction is call.Direction.INBOUND
    return retained_row(retention, row.account, row.sid, _facts("call", inbound, row.local, remote, row.created_ms))


def retained_end(retention: RecordRetention | None, row: CallRow, ended_ms: int) -> RetainedRow | None:
    """Of a call that ends then, as its Duration tells; 0 seconds where nobody answered. None without a duty."""
    facts = Facts(duration_s=talked_seconds(row.answered_ms, ended_ms))
    return retained_row(retention, row.account, row.sid, facts)


def _facts(kind: Kind, inbound: bool, local: str, remote: str, created_ms: int) -> Facts:
    return Facts(
        kind=kind,
        direction="inbound" if inbound else "outbound",
        local=local,
        remote=remote,
        accepted_at=created_ms // 1_000,
    )
