"""Webhooks and errors as every timeline answers them: attempts, exchanges, findings, advice."""

from datetime import UTC, datetime

from ringfence.api.ringfence_v1 import timeline_answer as shape
from ringfence.domain import attempt as said
from ringfence.domain.attempt_reading import form_of, quoted_line, signed_text, text_of
from ringfence.domain.error_advice import advise
from ringfence.domain.errors import describe, more_info
from ringfence.usecases.timeline.webhooks import AttemptView, WebhookView


def shown_webhook(webhook: WebhookView, url: str) -> shape.Webhook:
    """An event with its attempts; `url` is the timeline's own."""
    event = webhook.event
    return shape.Webhook(
        at=iso(event.at_ms),
        event_id=event.id,
        event=event.kind,
        sequence=event.sequence,
        state=event.state,  # type: ignore[arg-type]
        next_attempt_at=iso(event.due_ms) if event.state == "pending" else None,
        replay_url=f"{url}/{event.id}/Replay",
        attempts=[_attempt(attempt) for attempt in webhook.attempts],
    )


def _attempt(view: AttemptView) -> shape.Attempt:
    settlement, attempt = view.settlement, view.attempt
    return shape.Attempt(
        at=iso(settlement.at_ms - settlement.duration_ms),
        state=settlement.state,  # type: ignore[arg-type]
        duration_ms=settlement.duration_ms,
        http_status=settlement.http_status,
        problem=shown_problem(settlement.error_code, "" if attempt is None else attempt.cause),
        exchanges=None if attempt is None else shown_exchanges(attempt),
        exchanges_left_out=0 if attempt is None else attempt.left_out,
        replies=[] if attempt is None else list(attempt.replies),
    )


def shown_exchanges(attempt: said.Attempt) -> list[shape.Exchange]:
    """The requests of an attempt, in order."""
    return [_exchange(attempt, place) for place in range(len(attempt.exchanges))]


def _exchange(attempt: said.Attempt, place: int) -> shape.Exchange:
    exchange = attempt.exchanges[place]
    return shape.Exchange(
        at=iso(exchange.at_ms),
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
        problem=shown_problem(exchange.error_code, exchange.cause),
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
        problem=shown_problem(finding.code, finding.message) or shape.Problem(code=None, message=finding.message),
        line=finding.line or None,
        column=finding.column or None,
        quote=None if quote is None else shape.Quote(text=quote[0], column=quote[1]),
    )


def shown_problem(code: int | None, words: str = "") -> shape.Problem | None:
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


def iso(at_ms: int) -> str:
    """ISO 8601 in UTC, with milliseconds."""
    at = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
