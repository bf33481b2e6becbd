"""Which channel a start takes: the one asked for, or the strongest that the service's policy has for somebody.

Who it is, the program says in the tag `identity`, by which an entity of the service is found; why a weaker channel is
taken, in the tag `step_down_reason`, which is kept sealed with the others. Ours; docs/why/verify.md.
"""

import json
from collections.abc import Collection

import structlog

from ringfence.domain.channel_policy import FACTOR_TYPES, Step, step_to, strongest
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.factor import FACTORS_MAX, FactorStatus
from ringfence.domain.mail_address import MailAddress
from ringfence.domain.recipient import Recipient
from ringfence.domain.verify_service import VerifyService
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verify_config import VerifyRow

AUTO = "auto"
IDENTITY_TAG = "identity"
REASON_TAG = "step_down_reason"
ENTITY_TABLE = "verify_entity"
STRONGER = 20510
DISABLED = 60223
FOR_NUMBERS = ("sms", "call", "whatsapp")

_log = structlog.get_logger(__name__)


async def choose_channel(
    store: Store,
    keys: TenantKeys,
    service: VerifyRow,
    settings: VerifyService,
    to: Recipient,
    *,
    asked: str,
    tags: str,
    there: Collection[str],
) -> Step:
    """The channel, of those that are `there`. Without a policy `auto` is a text, or for a mailbox a mail.

    ApiError 20510 where somebody has something stronger, which is not stepped down from without a reason; 60223 for a
    channel that the policy does not name.
    """
    policy = settings.channel_policy
    reachable = {"email"} if isinstance(to, MailAddress) else set(FOR_NUMBERS)
    if not policy:
        return Step(channel=asked if asked != AUTO else "email" if isinstance(to, MailAddress) else "sms")
    said = json.loads(tags) if tags else {}
    has = await _factors_of(store, keys, service, said.get(IDENTITY_TAG, ""))
    if asked == AUTO:
        # A factor is asked by a challenge and not by a code: of codes the strongest, if any may be sent.
        code = strongest(policy, reachable & set(there))
        if code is None:
            raise _refused(strongest(policy, has), "the service's policy has nothing for this recipient.")
        asked = code
    step = step_to(policy, has, asked)
    if step is None:
        raise _refused(None, "the service's policy does not name it.")
    if not step.stepped_from:
        return step
    if not said.get(REASON_TAG, "").strip():
        raise _refused(step.stepped_from, "")
    _log.info(
        "verify.stepped_down",
        account=service.account,
        service=service.sid,
        stepped_from=step.stepped_from,
        channel=step.channel,
    )
    return step


def _refused(stronger: str | None, why: str) -> ApiError:
    if stronger is None:
        return ApiError(DISABLED, f"{describe(DISABLED)}: {why}")
    return ApiError(
        STRONGER, f"{describe(STRONGER)}, {stronger}: challenge that, or say why not in the tag {REASON_TAG}."
    )


async def _factors_of(store: Store, keys: TenantKeys, service: VerifyRow, identity: str) -> set[str]:
    """The types of factors that somebody has proven to have; none of whom nobody knows."""
    if not identity:
        return set()
    (index,) = await keys.blind(service.account, ENTITY_TABLE, [f"{service.sid}|{identity}"])
    entity = await store.entity(service.account, service.sid, index)
    if entity is None:
        return set()
    rows = await store.factors(service.account, entity.sid, limit=FACTORS_MAX)
    return {
        row.factor_type.value
        for row in rows
        if row.status is FactorStatus.VERIFIED and row.factor_type.value in FACTOR_TYPES
    }
