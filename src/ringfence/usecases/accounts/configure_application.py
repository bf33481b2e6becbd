"""Read and change what an application does."""

from collections.abc import Mapping, Sequence

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.standing import (
    ApplicationConfig,
    application_record,
    decode_application_config,
    encode_application_config,
)
from ringfence.ports.applications import ApplicationRow, ApplicationStore
from ringfence.ports.keys import Caller, TenantKeys


async def read_applications(
    keys: TenantKeys, caller: Caller, rows: Sequence[ApplicationRow]
) -> list[ApplicationConfig]:
    """The configurations of one account's applications, in order. KeyRefusedError for who is not its tenant."""
    if not rows:
        return []
    records = [(application_record(row.sid), row.standing) for row in rows]
    opened = await keys.open_standing_as(caller, rows[0].account, records)
    return [decode_application_config(value) for value in opened]


async def configure_application(
    store: ApplicationStore,
    keys: TenantKeys,
    clock: Clock,
    row: ApplicationRow,
    *,
    caller: Caller,
    changes: Mapping[str, object],
    friendly_name: str | None = None,
) -> tuple[ApplicationRow, ApplicationConfig] | None:
    """The application with `changes` (fields of ApplicationConfig) applied and sealed anew; None: it is gone."""
    (config,) = await read_applications(keys, caller, [row])
    config = msgspec.structs.replace(config, **changes)
    record = (application_record(row.sid), encode_application_config(config))
    (standing,) = await keys.seal_standing(row.account, [record])
    changed = msgspec.structs.replace(
        row,
        standing=standing,
        friendly_name=row.friendly_name if friendly_name is None else friendly_name,
        updated_ms=clock.now_ms(),
    )
    return (changed, config) if await store.update_application(changed) else None
