"""A call's timeline, from what the use case read to what the resource answers."""

from ringfence.api.resource import API_VERSION, OURS
from ringfence.api.ringfence_v1 import call_timeline_answer as shape
from ringfence.api.ringfence_v1.timeline_answer import Webhook
from ringfence.api.ringfence_v1.webhook_shown import iso, shown_exchanges, shown_problem, shown_webhook
from ringfence.domain.call import FINAL
from ringfence.domain.call_step import StepDetail
from ringfence.ports.calls import RecordingRow
from ringfence.usecases.timeline.read_call import CallTimelineView, StepView


def shown_call(view: CallTimelineView) -> shape.CallTimeline:
    """A call's timeline as it is answered."""
    row, content = view.row, view.content
    url = timeline_url(row.account, row.sid)
    steps: list[shape.Began | shape.Happened | Webhook] = [
        shape.Began(at=iso(row.created_ms), direction=row.direction.value)
    ]
    steps += [_happened(step) for step in view.steps]
    steps += [shown_webhook(webhook, url) for webhook in view.webhooks]
    steps.sort(key=lambda step: step.at)
    told = all(webhook.event.state != "pending" for webhook in view.webhooks)
    return shape.CallTimeline(
        account_sid=row.account,
        call_sid=row.sid,
        parent_call_sid=row.parent_sid,
        direction=row.direction.value,
        status=row.status.value,
        final=row.status in FINAL and told,
        from_=None if content is None else content.sender,
        to=None if content is None else content.to,
        began_at=iso(row.created_ms),
        answered_at=None if row.answered_ms is None else iso(row.answered_ms),
        ended_at=None if row.ended_ms is None else iso(row.ended_ms),
        route=row.route,
        sip_status=row.sip_status,
        opened=content is not None,
        problem=shown_problem(row.error_code),
        recordings=[_recording(recording) for recording in view.recordings],
        children=[
            shape.Child(sid=child.sid, status=child.status.value, url=timeline_url(child.account, child.sid))
            for child in view.children
        ],
        steps=steps,
        url=url,
    )


def timeline_url(account: str, sid: str) -> str:
    """Where a call's timeline is."""
    return f"/{OURS}/v1/Accounts/{account}/Calls/{sid}/Timeline"


def _happened(step: StepView) -> shape.Happened:
    row, detail = step.row, step.detail or StepDetail()
    attempt = detail.attempt
    failed = row.kind in {"warning", "error"} or row.code is not None
    return shape.Happened(
        at=iso(row.at_ms),
        kind=row.kind,
        opened=step.detail is not None,
        text=detail.text,
        line=detail.line or None,
        column=detail.column or None,
        document_url=detail.url,
        fields=list(detail.fields),
        exchanges=None if attempt is None else shown_exchanges(attempt),
        exchanges_left_out=0 if attempt is None else attempt.left_out,
        problem=shown_problem(row.code, detail.text if row.kind in {"warning", "error"} else "") if failed else None,
    )


def _recording(row: RecordingRow) -> shape.Recording:
    return shape.Recording(
        sid=row.sid,
        status=row.status,
        channels=row.channels,
        source=row.source,
        started_at=iso(row.started_ms),
        duration_ms=row.duration_ms,
        uri=f"/{API_VERSION}/Accounts/{row.account}/Recordings/{row.sid}.json",
    )
