"""What a verification's `lookup` tells of its number.

Source: Twilio, "Verification resource" (lookup), "Lookup v1" (carrier).
"""

from typing import Any

import msgspec

from ringfence.api.lookups_v1.phone_numbers import carrier_of
from ringfence.api.lookups_v2.phone_numbers import lookups_of
from ringfence.api.resource import ApiRequest
from ringfence.domain.number import parse_e164
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.verification_view import VerificationView


async def lookup_of(request: ApiRequest[Any], service: VerifyRow | None, view: VerificationView) -> dict[str, Any]:
    """`{"carrier": {...}}` where the service has LookupEnabled; empty where it has not, and for a mailbox.

    What is known is looked up as it is now, and counts for no rate rule of Lookups.
    """
    if service is None or view.secret is None or not decode_verify_service(service.settings).lookup_enabled:
        return {}
    number = parse_e164(view.secret.to)
    if number is None:
        return {}
    line = await lookups_of(request).line_of(service.account, number.e164, number.region)
    return {"carrier": msgspec.to_builtins(carrier_of(line))}
