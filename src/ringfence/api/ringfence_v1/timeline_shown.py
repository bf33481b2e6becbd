"""From what the use case read to what the resource answers."""

from datetime import UTC, datetime

from ringfence.api.resource import OURS
from ringfence.api.ringfence_v1 import timeline_answer as shape
from ringfence.domain import attempt as said
from ringfence.domain.attempt_reading import form_of, quoted_line, signed_text, text_of
from ringfence.domain.carrier_trail import CarrierStep, Effect, Kind
from ringfence.domain.error_advice import advise
from ringfence.domain.errors import describe, more_info
from ringfence.domain.message import FINAL, Direction
from ringfence.ports.store import MessageRow
from ringfence.usecases.timeline.read import AttemptView, TimelineView, WebhookView

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
    steps += [_webhook(webhook, url) for webhook in view.webhooks]
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
        problem=_problem(row.error_code),
        steps=steps,
        url=url,
    )


def _beginning(row: MessageRow) -> _Step:
    if row.direction is Direction.INBOUND:
        return shape.Arrived(at=_iso(row.created_ms), carrier=row.carrier, carrier_ref=row.carrier_ref)
    return shape.Accepted(at=_iso(row.created_ms), due_at=_iso(row.due_ms) if row.due_ms > row.created_ms else None)


def _step(row: MessageRow, step: CarrierStep, effect: Effect) -> _Step:
    if step.kind is Kind.SUBMIT:
        return shape.Submitted(
            at=_iso(step.at_ms),
            answered_at=_iso(step.heard_ms),
            carrier=row.carrier,
            carrier_ref=step.carrier_ref,
            status=step.status.value,
            raw=step.raw,
            effect=effect.value,
            problem=_problem(step.error_code),
        )
    return shape.Receipt(
        at=_iso(step.at_ms),
        received_at=_iso(step.heard_ms),
        carrier_ref=step.carrier_ref,
        status=step.status.value,
        raw=step.raw,
        effect=effect.value,
        problem=_problem(step.error_code),
    )


def _end(view: TimelineView) -> list[_Step]:
    """The end of a text that the carrier said nothing of."""
    row = view.row
    said_so = any(step.status is row.status for step, effect in view.steps if effect is Effect.APPLIED)
    if row.status not in FINAL or row.direction is Direction.INBOUND or said_so:
        return []
    return [shape.Ended(at=_iso(row.updated_ms), status=row.status.value, problem=_problem(row.error_code))]


def _webhook(webhook: WebhookView, url: str) -> shape.Webhook:
    event = webhook.event
    return shape.Webhook(
        at=_iso(event.at_ms),
        event_id=event.id,
        event=event.kind,
        sequence=event.sequence,
        state=event.state,  # type: ignore[arg-type]
        next_attempt_at=_iso(event.due_ms) if event.state == "pending" else None,
        replay_url=f"{url}/{event.id}/Replay",
        attempts=[_attempt(attempt) for attempt in webhook.attempts],
    )


def _attempt(view: AttemptView) -> shape.Attempt:
    settlement, attempt = view.settlement, view.attempt
    return shape.Attempt(
        at=_iso(settlement.at_ms - settlement.duration_ms),
        state=settlement.state,  # type: ignore[arg-type]
        duration_ms=settlement.duration_ms,
        http_status=settlement.http_status,
        problem=_problem(settlement.error_code, "" if attempt is None else attempt.cause),
        exchanges=None if attempt is None else [_exchange(attempt, place) for place in range(len(attempt.exchanges))],
        exchanges_left_out=0 if attempt is None else attempt.left_out,
        replies=[] if attempt is None else list(attempt.replies),
    )


def _exchange(attempt: said.Attempt, place: int) -> shape.Exchange:
    exchange = attempt.exchanges[place]
    return shape.Exchange(
        at=_iso(exchange.at_ms),
        connection="reused" if exchange.reused else "new",
        timing=shape.Timing(
            dns_ms=_rounded(exchange.dns_ms),
            tcp_ms=_rounded(exchange.tcp_ms),
            tls_ms=_rounded(exchange.tls_ms),
            first_byte_ms=_rounded(exchange.first_byte_ms),
            total_ms=_rounded(exchange.total_ms),
        ),
        request=shape.Request(
            method=exchange.method,
            url=exchange.url,
            parameters=form_of(exchange),
            signature=exchange.signature,
            signature_base=signed_text(exchange),
        ),
        response=_response(exchange),
        problem=_problem(exchange.error_code, exchange.cause),
        findings=[_finding(finding, exchange) for finding in attempt.findings if finding.exchange == place],
    )


def _response(exchange: said.Exchange) -> shape.Response | None:
    if exchange.status is None:
        return None
    return shape.Response(
        status=exchange.status,
        headers=list(exchange.headers),
        body=text_of(exchange.answer),
        body_bytes=exchange.answer_bytes,
        truncated=len(exchange.answer) < exchange.answer_bytes,
    )


def _finding(finding: said.Finding, exchange: said.Exchange) -> shape.Finding:
    quote = quoted_line(exchange.answer, finding.line, finding.column)
    return shape.Finding(
        problem=_problem(finding.code, finding.message) or shape.Problem(code=None, message=finding.message),
        line=finding.line or None,
        column=finding.column or None,
        quote=None if quote is None else shape.Quote(text=quote[0], column=quote[1]),
    )


def _problem(code: int | None, words: str = "") -> shape.Problem | None:
    """`words` say what it was this time; the catalogue says what the code means."""
    if code is None:
        return shape.Problem(code=None, message=words) if words else None
    advice = advise(code)
    return shape.Problem(
        code=code,
        message=f"{describe(code)}: {words}" if words else describe(code),
        cause=None if advice is None else advice.cause,
        fix=None if advice is None else advice.fix,
        more_info=more_info(code),
    )


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 3)


def _iso(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
