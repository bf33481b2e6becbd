"""How a challenge went: asked, answered or never, and told. Ours: Twilio has no such resource.

Reference: docs/reference/timeline.md. Times are ISO 8601 in UTC, milliseconds.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.webhook_shown import iso
from ringfence.domain.challenge import ChallengeStatus
from ringfence.usecases.timeline.read_challenge import ChallengeTimelineView

challenge_timeline = Resource(
    "Accounts/{AccountSid}/Services/{VerifyServiceSid}/Challenges",
    item="Timeline",
    listed="",
    product=OURS,
    version="v1",
)

ASKED = "asked"
OVER = "over"
"""Ended by a number that did not match: neither approved nor denied, and before its time was up."""


class ChallengeStep(msgspec.Struct, kw_only=True):
    """What happened: asked, approved, denied, over or expired."""

    at: str
    kind: str


class Telling(msgspec.Struct, kw_only=True):
    """An event that a webhook is to be told."""

    sid: str
    webhook_sid: str
    kind: str
    at: str


class ChallengeTimeline(msgspec.Struct, kw_only=True):
    """A challenge's life, without a word of it."""

    account_sid: str
    service_sid: str
    challenge_sid: str
    entity_sid: str
    factor_sid: str
    factor_type: str
    status: str
    final: bool
    expires_at: str
    steps: list[ChallengeStep]
    tellings: list[Telling]
    url: str


def _steps(view: ChallengeTimelineView) -> list[ChallengeStep]:
    row, steps = view.row, [ChallengeStep(at=iso(view.row.created_ms), kind=ASKED)]
    if row.responded_ms is not None:
        kind = OVER if row.status is ChallengeStatus.EXPIRED else row.status.value
        steps.append(ChallengeStep(at=iso(row.responded_ms), kind=kind))
    elif view.status is ChallengeStatus.EXPIRED:
        steps.append(ChallengeStep(at=iso(row.expires_ms), kind=view.status.value))
    return steps


@challenge_timeline.at("GET", "{ChallengeSid}/Timeline")
async def read(request: ApiRequest[msgspec.Struct]) -> ChallengeTimeline | None:
    service, sid = request.path["VerifyServiceSid"], request.path["ChallengeSid"]
    if request.deps.factoring is None:
        return None
    view = await request.deps.factoring.timeline.read(request.account.sid, service, sid)
    if view is None:
        return None
    row = view.row
    return ChallengeTimeline(
        account_sid=row.account,
        service_sid=row.service,
        challenge_sid=row.sid,
        entity_sid=row.entity,
        factor_sid=row.factor,
        factor_type=row.factor_type.value,
        status=view.status.value,
        final=view.status is not ChallengeStatus.PENDING,
        expires_at=iso(row.expires_ms),
        steps=_steps(view),
        tellings=[
            Telling(sid=one.sid, webhook_sid=one.webhook, kind=one.kind, at=iso(one.at_ms)) for one in view.tellings
        ],
        url=f"/{OURS}/v1/Accounts/{row.account}/Services/{row.service}/Challenges/{row.sid}/Timeline",
    )
