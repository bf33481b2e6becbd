"""A text's timeline, from what the use case read to what the resource answers."""

from ringfence.api.resource import OURS
from ringfence.api.ringfence_v1 import timeline_answer as shape
from ringfence.api.ringfence_v1.webhook_shown import iso, shown_problem, shown_webhook
from ringfence.domain.carrier_trail import CarrierStep, Effect, Kind
from ringfence.domain.message import FINAL, Direction
from ringfence.ports.store import MessageRow
from ringfence.usecases.timeline.read import TimelineView

_Step = shape.Accepted | shape.Arrived | shape.Submitted | shape.Receipt | shape.Ended | shape.Webhook


def shown(view: TimelineView) -> shape.Timeline:
    """A timeline as it is answered."""
    row, content = view.row, view.content
    remote = None if content is None else content.remote
    inbound = row.direction is Direction.INBOUND
    url = f"/{OURS}/v1/Accounts/{row.account}/Messages/{row.sid}/Timeline"
    steps = [_beginning(row), *(_step(row, *step) for step in view.steps)]
    # What the carrier said comes in the order it was heard, and an end of our own after all of that.
    steps += _end(view)
    steps += [shown_webhook(webhook, url) for webhook in view.webhooks]
    steps.sort(key=lambda step: step.at)
    return shape.Timeline(
        account_sid=row.account,
        message_sid=row.sid,
        direction=row.direction.value,
        status=row.status.value,
        final=row.status in FINAL and all(webhook.event.state != "pending" for webhook in view.webhooks),
        from_=remote if inbound else row.local,
        to=row.local if inbound else remote,
        body=None if content is None else content.body,
        redacted=row.body_redacted,
        opened=content is not None,
        problem=shown_problem(row.error_code),
        steps=steps,
        url=url,
    )


def _beginning(row: MessageRow) -> _Step:
    if row.direction is Direction.INBOUND:
        return shape.Arrived(at=iso(row.created_ms), carrier=row.carrier, carrier_ref=row.carrier_ref)
    return shape.Accepted(at=iso(row.created_ms), due_at=iso(row.due_ms) if row.due_ms > row.created_ms else None)


def _step(row: MessageRow, step: CarrierStep, effect: Effect) -> _Step:
    if step.kind is Kind.SUBMIT:
        return shape.Submitted(
            at=iso(step.at_ms),
            answered_at=iso(step.heard_ms),
            carrier=row.carrier,
            carrier_ref=step.carrier_ref,
            status=step.status.value,
            raw=step.raw,
            effect=effect.value,
            problem=shown_problem(step.error_code),
        )
    return shape.Receipt(
        at=iso(step.at_ms),
        received_at=iso(step.heard_ms),
        carrier_ref=step.carrier_ref,
        status=step.status.value,
        raw=step.raw,
        effect=effect.value,
        problem=shown_problem(step.error_code),
    )


def _end(view: TimelineView) -> list[_Step]:
    """The end of a text that the carrier said nothing of."""
    row = view.row
    said_so = any(step.status is row.status for step, effect in view.steps if effect is Effect.APPLIED)
    if row.status not in FINAL or row.direction is Direction.INBOUND or said_so:
        return []
    return [shape.Ended(at=iso(row.updated_ms), status=row.status.value, problem=shown_problem(row.error_code))]
