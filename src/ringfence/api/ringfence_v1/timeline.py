"""What happened to a text, and its webhooks told again. Ours: Twilio has no such resource.

Reference: docs/reference/timeline.md.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1 import timeline_answer as shape
from ringfence.api.ringfence_v1.timeline_shown import shown

timeline = Resource("Accounts/{AccountSid}/Messages", item="Timeline", listed="", product=OURS, version="v1")


@timeline.at("GET", "{MessageSid}/Timeline")
async def read(request: ApiRequest[msgspec.Struct]) -> shape.Timeline | None:
    view = await request.deps.messaging.timeline.read(request.caller, request.account.sid, request.path["MessageSid"])
    return None if view is None else shown(view)


@timeline.at("POST", "{MessageSid}/Timeline/{EventId}/Replay", status=202)
async def replay(request: ApiRequest[msgspec.Struct]) -> shape.Replay | None:
    """Tell one event again, done or dead; 409 while it is pending."""
    sid, event_id = request.path["MessageSid"], event_number(request.path["EventId"])
    if sid.startswith("CA"):
        return None
    if not await request.deps.messaging.teller.tell_again(request.caller, request.account.sid, sid, event_id):
        return None
    return shape.Replay(event_id=event_id, message_sid=sid, state="pending")


def event_number(text: str) -> int:
    """An event's id; 0, which none has, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
