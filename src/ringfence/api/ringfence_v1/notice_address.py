"""Where an account's program is told what its operator must tell it. Ours: Twilio has no such resource.

Reference: docs/howto/incident-day.md, "By webhook".
"""

from typing import Annotated

import msgspec

from ringfence.api.forms import Rule, read_url
from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.usecases.accounts.notice_address import notice_address_of, set_notice_address

notice_address = Resource(
    "Accounts/{AccountSid}/Notices", item="NoticeAddress", listed="", product=OURS, version="v1", owner_only=True
)


class NoticeAddressForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What is absent stays; an empty `NoticeUrl` has nobody told by webhook."""

    notice_url: Annotated[str, Rule(read_url, clears=True)] | None = None


class NoticeAddress(msgspec.Struct, kw_only=True):
    account_sid: str
    notice_url: str

    def __repr__(self) -> str:
        return f"NoticeAddress({self.account_sid})"


@notice_address.only()
async def fetch(request: ApiRequest[msgspec.Struct]) -> NoticeAddress:
    deps, account = request.deps, request.account.sid
    return NoticeAddress(
        account_sid=account, notice_url=await notice_address_of(deps.store, deps.keys, request.caller, account)
    )


@notice_address.create(NoticeAddressForm, status=200)
async def update(request: ApiRequest[NoticeAddressForm]) -> NoticeAddress:
    """Notices go there from now on, signed as other webhooks are."""
    deps, account, url = request.deps, request.account.sid, request.form.notice_url
    if url is None:
        return await fetch(request)
    await set_notice_address(deps.store, deps.keys, deps.clock, account, url)
    return NoticeAddress(account_sid=account, notice_url=url)
