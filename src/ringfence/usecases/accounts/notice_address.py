"""Where an account is told what its operator must tell it: an address of its own, sealed as standing configuration."""

from ringfence.domain.clock import Clock
from ringfence.domain.standing import notice_address_record
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.notices import NoticeAddress, NoticeStore


async def set_notice_address(store: NoticeStore, keys: TenantKeys, clock: Clock, account: str, url: str) -> None:
    """Notices go to `url` from now on, which is valid; "" for nowhere."""
    if not url:
        await store.drop_notice_address(account, at_ms=clock.now_ms())
        return
    (standing,) = await keys.seal_standing(account, [(notice_address_record(account), url.encode())])
    await store.keep_notice_address(NoticeAddress(account=account, standing=standing, updated_ms=clock.now_ms()))


async def notice_address_of(store: NoticeStore, keys: TenantKeys, caller: Caller, account: str) -> str:
    """The URL, "" where there is none. KeyRefusedError for a caller that is not its tenant."""
    (row,) = await store.notice_addresses([account])
    if row is None:
        return ""
    (url,) = await keys.open_standing_as(caller, account, [(notice_address_record(account), row.standing)])
    return url.decode()
