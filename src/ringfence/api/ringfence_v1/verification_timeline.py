"""How a verification went: why its code did not arrive, without the code. Ours: Twilio has no such resource.

Reference: docs/reference/timeline.md. Times are ISO 8601 in UTC, milliseconds.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.timeline_answer import Problem
from ringfence.api.ringfence_v1.webhook_shown import iso, shown_problem
from ringfence.domain.verification import Status
from ringfence.usecases.timeline.read_verification import SendingView, VerificationTimelineView

verification_timeline = Resource(
    "Accounts/{AccountSid}/Verifications", item="Timeline", listed="", product=OURS, version="v1"
)


class Sending(msgspec.Struct, kw_only=True):
    """A sending of the code. `sid` is that of its text or call; its `status` is null where that is not there."""

    sid: str
    channel: str
    at: str
    status: str | None
    problem: Problem | None
    url: str


class VerificationTimeline(msgspec.Struct, kw_only=True):
    """A verification's life. `steps` is empty: what happened is in the timelines of its sendings."""

    account_sid: str
    verification_sid: str
    service_sid: str
    status: str
    final: bool
    to: str | None
    opened: bool
    began_at: str
    updated_at: str
    expires_at: str
    sendings: list[Sending]
    steps: list[None]
    url: str


def _sending(account: str, view: SendingView) -> Sending:
    sid = view.attempt.sid if view.row is None else view.row.sid
    kind = "Calls" if sid.startswith("CA") else "Messages"
    return Sending(
        sid=sid,
        channel=view.attempt.channel,
        at=iso(view.attempt.at_ms),
        status=None if view.row is None else view.row.status.value,
        problem=None if view.row is None else shown_problem(view.row.error_code),
        url=f"/{OURS}/v1/Accounts/{account}/{kind}/{sid}/Timeline",
    )


def _shown(view: VerificationTimelineView) -> VerificationTimeline:
    row = view.row
    return VerificationTimeline(
        account_sid=row.account,
        verification_sid=row.sid,
        service_sid=row.service,
        status=view.status.value,
        final=view.status is not Status.PENDING,
        to=None if view.secret is None else view.secret.to,
        opened=view.secret is not None,
        began_at=iso(row.created_ms),
        updated_at=iso(row.updated_ms),
        expires_at=iso(row.expires_ms),
        sendings=[_sending(row.account, sending) for sending in view.sendings],
        steps=[],
        url=f"/{OURS}/v1/Accounts/{row.account}/Verifications/{row.sid}/Timeline",
    )


@verification_timeline.at("GET", "{VerificationSid}/Timeline")
async def read(request: ApiRequest[msgspec.Struct]) -> VerificationTimeline | None:
    if request.deps.verifying is None:
        return None
    reader = request.deps.verifying.timeline
    view = await reader.read(request.caller, request.account.sid, request.path["VerificationSid"])
    return None if view is None else _shown(view)
