"""What happened to a call, and its webhooks told again. Ours: Twilio has no such resource.

Reference: docs/reference/timeline.md.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1 import call_timeline_answer as shape
from ringfence.api.ringfence_v1.call_timeline_shown import shown_call
from ringfence.api.ringfence_v1.timeline import event_number

call_timeline = Resource("Accounts/{AccountSid}/Calls", item="Timeline", listed="", product=OURS, version="v1")


@call_timeline.at("GET", "{CallSid}/Timeline")
async def read(request: ApiRequest[msgspec.Struct]) -> shape.CallTimeline | None:
    reader = request.deps.messaging.call_timeline
    view = await reader.read(request.caller, request.account.sid, request.path["CallSid"])
    return None if view is None else shown_call(view)


@call_timeline.at("POST", "{CallSid}/Timeline/{EventId}/Replay", status=202)
async def replay(request: ApiRequest[msgspec.Struct]) -> shape.CallReplay | None:
    """Tell one event again, done or dead; 409 while it is pending."""
    sid, event_id = request.path["CallSid"], event_number(request.path["EventId"])
    if not sid.startswith("CA"):
        return None
    if not await request.deps.messaging.teller.tell_again(request.caller, request.account.sid, sid, event_id):
        return None
    return shape.CallReplay(event_id=event_id, call_sid=sid, state="pending")
