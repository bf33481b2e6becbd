"""Wake the device that a challenge asks. Source: Twilio, "Notification resource" of Verify v2."""

from typing import Annotated

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.entities import PATH, entity_of, factoring_of
from ringfence.api.verify_v2.read import between
from ringfence.api.verify_v2.services import PRODUCT, VERSION
from ringfence.usecases.verify.notify_challenge import TTL_MAX_S

notifications = Resource(
    f"{PATH}/{{Identity}}/Challenges/{{ChallengeSid}}/Notifications",
    item="Notification",
    listed="",
    product=PRODUCT,
    version=VERSION,
)


class NotificationForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How long it is worth something, in seconds."""

    ttl: Annotated[int, Rule(between(0, TTL_MAX_S), VERIFY_PARAMETER)] = TTL_MAX_S


class Notification(msgspec.Struct, kw_only=True):
    """A notification as it was handed over."""

    sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    challenge_sid: str
    priority: str
    ttl: int
    date_created: str

    def __repr__(self) -> str:
        return f"Notification({self.sid})"


@notifications.create(NotificationForm)
async def create(request: ApiRequest[NotificationForm]) -> Notification | None:
    driven, entity = factoring_of(request), await entity_of(request)
    challenge = await driven.challenges.find(entity, request.path["ChallengeSid"])
    factor = None if challenge is None else await driven.factors.fetch(request.caller, entity, challenge.factor)
    if challenge is None or factor is None:
        return None
    made = await driven.notifier.notify(request.caller, factor, challenge, request.form.ttl)
    return Notification(
        sid=made.sid,
        account_sid=challenge.account,
        service_sid=challenge.service,
        entity_sid=challenge.entity,
        identity=request.path["Identity"],
        challenge_sid=challenge.sid,
        priority="high",
        ttl=made.ttl_s,
        date_created=iso8601(made.created_ms),
    )
