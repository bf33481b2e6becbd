"""Read and change what a Messaging Service does."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.standing import ServiceConfig, decode_service_config, encode_service_config, service_record
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.messaging_services import ServiceRow, ServiceStore


async def read_service_configs(keys: TenantKeys, caller: Caller, services: Sequence[ServiceRow]) -> list[ServiceConfig]:
    """The configurations of one account's services, in order. KeyRefusedError for a caller that is not its tenant."""
    if not services:
        return []
    records = [(service_record(row.sid), row.standing) for row in services]
    opened = await keys.open_standing_as(caller, services[0].account, records)
    return [decode_service_config(value) for value in opened]


async def configure_service(
    store: ServiceStore,
    keys: TenantKeys,
    clock: Clock,
    row: ServiceRow,
    *,
    caller: Caller,
    settings: Mapping[str, Any],
    changes: Mapping[str, object],
) -> tuple[ServiceRow, ServiceConfig] | None:
    """The service with `settings` (fields of ServiceRow) and `changes` (of ServiceConfig) applied; None: it is gone."""
    (config,) = await read_service_configs(keys, caller, [row])
    config = msgspec.structs.replace(config, **changes)
    (standing,) = await keys.seal_standing(row.account, [(service_record(row.sid), encode_service_config(config))])
    sealed = {"standing": standing, "has_status_callback": bool(config.status_callback)}
    changed = await keep_service(store, clock, row, {**settings, **sealed})
    return None if changed is None else (changed, config)


async def keep_service(
    store: ServiceStore, clock: Clock, row: ServiceRow, settings: Mapping[str, Any]
) -> ServiceRow | None:
    """The service with those fields of ServiceRow changed; None: it is gone."""
    changed = msgspec.structs.replace(row, updated_ms=clock.now_ms(), **settings)
    return changed if await store.update_service(changed) else None
