"""Make a Messaging Service, with its configuration sealed."""

from collections.abc import Mapping
from typing import Any

from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import ServiceConfig, encode_service_config, service_record
from ringfence.ports.keys import TenantKeys
from ringfence.ports.messaging_services import ServiceRow, ServiceStore


async def create_service(
    store: ServiceStore,
    keys: TenantKeys,
    clock: Clock,
    *,
    account: str,
    friendly_name: str,
    settings: Mapping[str, Any],
    config: ServiceConfig,
    sid: str | None = None,
) -> ServiceRow:
    """The service, with an empty pool. `settings` are fields of ServiceRow, which keeps its defaults for the others.

    SidTakenError where `sid` is given and known.
    """
    made = sid or new_sid("MG", clock.now_ms())
    (standing,) = await keys.seal_standing(account, [(service_record(made), encode_service_config(config))])
    return await keep_new_service(
        *(store, clock),
        account=account,
        sid=made,
        friendly_name=friendly_name,
        settings=settings,
        standing=standing,
        has_status_callback=bool(config.status_callback),
    )


async def keep_new_service(
    store: ServiceStore,
    clock: Clock,
    *,
    account: str,
    sid: str,
    friendly_name: str,
    settings: Mapping[str, Any],
    standing: bytes,
    has_status_callback: bool,
) -> ServiceRow:
    """As `create_service`, with its configuration as it is sealed under the name of `sid`."""
    now_ms = clock.now_ms()
    row = ServiceRow(
        account=account,
        sid=sid,
        friendly_name=friendly_name,
        has_status_callback=has_status_callback,
        standing=standing,
        created_ms=now_ms,
        updated_ms=now_ms,
        **settings,
    )
    await store.create_service(row)
    return row
