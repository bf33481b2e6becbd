"""How a verification went: why its code did not arrive, without the code. Ours: Twilio has no such resource.

Reference: docs/reference/timeline.md. Times are ISO 8601 in UTC, milliseconds.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.timeline_answer import Problem
from ringfence.api.ringfence_v1.webhook_shown import iso, shown_problem
from ringfence.domain.code_outcome import advise_code
from ringfence.domain.verification import Status
from ringfence.usecases.timeline.read_verification import SendingView, VerificationTimelineView

verification_timeline = Resource(
    "Accounts/{AccountSid}/Verifications", item="Timeline", listed="", product=OURS, version="v1"
)


class Sending(msgspec.Struct, kw_only=True):
    """A sending of the code. `sid` is that of its text or call; its `status` is null where that is not there.

    `url` leads to its own timeline, null where nothing was sent.
    `stepped_from` is the stronger way to sign in that its user had.
    """

    sid: str
    channel: str
    at: str
    status: str | None
    stepped_from: str | None
    problem: Problem | None
    url: str | None


class Outcome(msgspec.Struct, kw_only=True):
    """Why the code did not arrive, or that it did: `fix` is null where there is nothing to do."""

    message: str
    cause: str
    fix: str | None


class VerificationTimeline(msgspec.Struct, kw_only=True):
    """A verification's life. `steps` is empty: what happened is in the timelines of its sendings.

    `outcome` needs no key of the tenant's.
    """

    account_sid: str
    verification_sid: str
    service_sid: str
    status: str
    final: bool
    outcome: Outcome
    to: str | None
    opened: bool
    began_at: str
    updated_at: str
    expires_at: str
    sendings: list[Sending]
    steps: list[None]
    url: str


def _sending(account: str, view: SendingView, stepped_from: str) -> Sending:
    sid = view.attempt.sid if view.row is None else view.row.sid
    kind = "Calls" if sid.startswith("CA") else "Messages"
    return Sending(
        sid=sid,
        channel=view.attempt.channel,
        at=iso(view.attempt.at_ms),
        status=None if view.row is None else view.row.status.value,
        problem=_problem(view),
        url=None if view.row is None else f"/{OURS}/v1/Accounts/{account}/{kind}/{sid}/Timeline",
        stepped_from=stepped_from or None,
    )


def _problem(view: SendingView) -> Problem | None:
    if view.code is None:
        return None
    problem = shown_problem(view.code, view.attempt.why)
    advice = advise_code(view.code, view.attempt.channel)
    if problem is None or advice is None:
        return problem
    return msgspec.structs.replace(problem, cause=advice.cause, fix=advice.fix)


def _shown(view: VerificationTimelineView) -> VerificationTimeline:
    row, told = view.row, view.outcome
    stepped = {attempt.sid: attempt.stepped_from for attempt in row.attempts}
    return VerificationTimeline(
        account_sid=row.account,
        verification_sid=row.sid,
        service_sid=row.service,
        status=view.status.value,
        final=view.status is not Status.PENDING,
        outcome=Outcome(message=told.message, cause=told.cause, fix=told.fix or None),
        to=None if view.secret is None else view.secret.to,
        opened=view.secret is not None,
        began_at=iso(row.created_ms),
        updated_at=iso(row.updated_ms),
        expires_at=iso(row.expires_ms),
        sendings=[_sending(row.account, one, stepped.get(one.attempt.sid, "")) for one in view.sendings],
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
