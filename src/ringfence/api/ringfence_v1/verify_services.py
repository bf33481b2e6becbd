"""What of a Verify Service is ours to set: Twilio's answers have no place for it. It is set where the service is.

Reference: docs/reference/compatibility.md.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.domain.verify_service import decode_verify_service

verify_services = Resource(
    "Accounts/{AccountSid}/VerifyServices", item="VerifyService", listed="", product=OURS, version="v1"
)


class VerifyServiceShown(msgspec.Struct, kw_only=True):
    """A service's own settings. `channel_policy` is empty where it has none, `code_host` null."""

    sid: str
    account_sid: str
    channel_policy: tuple[str, ...]
    code_host: str | None
    new_factors_need_approval: bool
    url: str


@verify_services.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> VerifyServiceShown | None:
    row = await request.deps.store.verify_row(request.account.sid, "service", request.sid)
    if row is None:
        return None
    service = decode_verify_service(row.settings)
    return VerifyServiceShown(
        sid=row.sid,
        account_sid=row.account,
        channel_policy=service.channel_policy,
        code_host=service.code_host or None,
        new_factors_need_approval=service.new_factors_need_approval,
        url=f"/{OURS}/v1/Accounts/{row.account}/VerifyServices/{row.sid}",
    )
