"""What is told of a factor or a challenge: to which webhooks of its service, and the row of each telling."""

import json
from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.challenge import ChallengeSecret, ChallengeStatus
from ringfence.domain.factor import FactorSecret
from ringfence.domain.verify_event import EventKind, VerifyEvent, decode_verify_webhook
from ringfence.ports.factors import Answer, ChallengeRow, FactorRow
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow
from ringfence.usecases.verify.configuration import WEBHOOK

_ENDS: dict[ChallengeStatus, EventKind] = {
    ChallengeStatus.APPROVED: "challenge.approved",
    ChallengeStatus.DENIED: "challenge.denied",
}


class Teller(Protocol):
    """Whoever changes a factor or a challenge writes these rows with the change, and says `told` once it is made."""

    async def of_factor(
        self, kind: EventKind, row: FactorRow, secret: FactorSecret | None, at_ms: int
    ) -> Sequence[TellingRow]:
        """What is to be told of it; `row` as it will be."""

    async def of_answer(
        self, row: ChallengeRow, answer: Answer, secret: ChallengeSecret | None, metadata: str = "{}"
    ) -> Sequence[TellingRow]:
        """What is to be told of a challenge that ends so: nothing where that is neither approved nor denied."""

    def told(self, rows: Sequence[TellingRow]) -> None:
        """They were written."""


class _Nobody:
    async def of_factor(
        self, kind: EventKind, row: FactorRow, secret: FactorSecret | None, at_ms: int
    ) -> Sequence[TellingRow]:
        return []

    async def of_answer(
        self, row: ChallengeRow, answer: Answer, secret: ChallengeSecret | None, metadata: str = "{}"
    ) -> Sequence[TellingRow]:
        return []

    def told(self, rows: Sequence[TellingRow]) -> None:
        return None


NOBODY: Teller = _Nobody()
"""Where nobody is to be told."""


def factor_event(
    kind: EventKind, identity: str, row: FactorRow, secret: FactorSecret | None, at_ms: int
) -> VerifyEvent:
    """Something that happened to a factor; `secret` None where whoever did it does not read it."""
    return VerifyEvent(
        account=row.account,
        service=row.service,
        kind=kind,
        at_ms=at_ms,
        identity=identity,
        factor=row.sid,
        factor_type=row.factor_type.value,
        factor_friendly_name="" if secret is None else secret.friendly_name,
    )


def answer_event(
    identity: str,
    row: ChallengeRow,
    answer: Answer,
    secret: ChallengeSecret | None,
    metadata: str,
    factor: FactorSecret | None,
) -> VerifyEvent | None:
    """How a challenge ended; None where it was neither approved nor denied."""
    kind, shown = _ENDS.get(answer.status), secret or ChallengeSecret()
    if kind is None:
        return None
    return VerifyEvent(
        account=row.account,
        service=row.service,
        kind=kind,
        at_ms=answer.at_ms,
        identity=identity,
        factor=answer.factor,
        factor_type=row.factor_type.value,
        factor_friendly_name="" if factor is None else factor.friendly_name,
        challenge=row.sid,
        details=_said(shown.details),
        hidden_details=_said(shown.hidden_details),
        metadata=_said(metadata),
    )


async def webhooks_wanting(store: Store, account: str, service: str, kind: EventKind) -> list[str]:
    """The webhooks that are to be told of this, the oldest first."""
    hooks = await store.verify_rows(account, "webhook", parent=service, limit=WEBHOOK.limit)
    return [row.sid for row in reversed(hooks) if decode_verify_webhook(row.settings).wants(kind)]


def telling_of(event: VerifyEvent, *, sid: str, webhook: str, epoch: int, content: bytes) -> TellingRow:
    """`event` as one webhook is to be told it; `content` is that event, sealed in `epoch` under the telling's `sid`."""
    return TellingRow(
        account=event.account,
        sid=sid,
        service=event.service,
        webhook=webhook,
        subject=event.subject,
        kind=event.kind,
        epoch=epoch,
        content=content,
        at_ms=event.at_ms,
    )


def _said(text: str) -> str:
    return text if json.loads(text) else ""
