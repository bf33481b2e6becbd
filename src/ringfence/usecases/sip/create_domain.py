"""Make a SIP Domain, with what its calls run sealed."""

from collections.abc import Mapping
from typing import Any

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.domain.sip_name import domain_label
from ringfence.domain.standing import SipDomainConfig, encode_sip_domain_config, sip_domain_record
from ringfence.ports.keys import TenantKeys
from ringfence.ports.sip_access import MAX_DOMAINS, SipAccessStore, SipFullError, SipNameTakenError, SipRow


async def create_domain(
    store: SipAccessStore,
    keys: TenantKeys,
    clock: Clock,
    *,
    account: str,
    domain_name: str,
    sip_domain: str,
    settings: Mapping[str, Any],
    config: SipDomainConfig,
) -> SipRow:
    """The domain, which admits nobody yet. `settings` are fields of SipRow; `sip_domain` is what our names end with.

    ApiError 21232 for a name that cannot be or is somebody's, 21230 where there are as many as there may be.
    """
    label = domain_label(domain_name, sip_domain)
    if label is None:
        raise ApiError(21232)
    now_ms = clock.now_ms()
    sid = new_sid("SD", now_ms)
    (standing,) = await keys.seal_standing(account, [(sip_domain_record(sid), encode_sip_domain_config(config))])
    row = SipRow(
        account=account,
        kind="domain",
        sid=sid,
        name=label,
        shown=domain_name.lower(),
        standing=standing,
        created_ms=now_ms,
        updated_ms=now_ms,
        **settings,
    )
    try:
        await store.create_sip(row, MAX_DOMAINS)
    except SipNameTakenError:
        raise ApiError(21232) from None
    except SipFullError:
        raise ApiError(21230) from None
    return row
