"""Read and change what a SIP Domain does."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sip_name import domain_label
from ringfence.domain.standing import (
    SipDomainConfig,
    decode_sip_domain_config,
    encode_sip_domain_config,
    sip_domain_record,
)
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.sip_access import SipAccessStore, SipNameTakenError, SipRow


async def read_domain_configs(keys: TenantKeys, caller: Caller, rows: Sequence[SipRow]) -> list[SipDomainConfig]:
    """The configurations of one account's domains, in order. KeyRefusedError for a caller that is not its tenant."""
    if not rows:
        return []
    records = [(sip_domain_record(row.sid), row.standing) for row in rows]
    opened = await keys.open_standing_as(caller, rows[0].account, records)
    return [decode_sip_domain_config(value) for value in opened]


async def configure_domain(
    store: SipAccessStore,
    keys: TenantKeys,
    clock: Clock,
    row: SipRow,
    *,
    caller: Caller,
    domain_name: str | None,
    sip_domain: str,
    settings: Mapping[str, Any],
    changes: Mapping[str, object],
) -> tuple[SipRow, SipDomainConfig] | None:
    """The domain with `settings` (fields of SipRow) and `changes` (of SipDomainConfig) applied; None: it is gone.

    ApiError 21232 for a new name that cannot be or is somebody's.
    """
    (config,) = await read_domain_configs(keys, caller, [row])
    config = msgspec.structs.replace(config, **changes)
    if domain_name is not None:
        label = domain_label(domain_name, sip_domain)
        if label is None:
            raise ApiError(21232)
        row = msgspec.structs.replace(row, name=label, shown=domain_name.lower())
    (standing,) = await keys.seal_standing(
        row.account, [(sip_domain_record(row.sid), encode_sip_domain_config(config))]
    )
    changed = msgspec.structs.replace(row, standing=standing, updated_ms=clock.now_ms(), **settings)
    try:
        kept = await store.update_sip(changed)
    except SipNameTakenError:
        raise ApiError(21232) from None
    return (changed, config) if kept else None
