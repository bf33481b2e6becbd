"""Change what a number does when it is texted or called."""

from collections.abc import Mapping

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.standing import NumberConfig, decode_number_config, encode_number_config, number_record
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import NumberRow, NumberStore


async def read_config(keys: TenantKeys, caller: Caller, numbers: list[NumberRow]) -> list[NumberConfig]:
    """The configurations of one account's numbers, in order. KeyRefusedError for a caller that is not its tenant."""
    if not numbers:
        return []
    records = [(number_record(row.sid), row.standing) for row in numbers]
    opened = await keys.open_standing_as(caller, numbers[0].account, records)
    return [decode_number_config(value) for value in opened]


async def configure_number(
    store: NumberStore,
    keys: TenantKeys,
    clock: Clock,
    row: NumberRow,
    *,
    caller: Caller,
    changes: Mapping[str, object],
    friendly_name: str | None = None,
) -> tuple[NumberRow, NumberConfig]:
    """The number with `changes` (fields of NumberConfig) applied and sealed anew."""
    (config,) = await read_config(keys, caller, [row])
    config = msgspec.structs.replace(config, **changes)
    record = (number_record(row.sid), encode_number_config(config))
    (standing,) = await keys.seal_standing(row.account, [record])
    return await keep_number(store, clock, row, standing=standing, friendly_name=friendly_name), config


async def keep_number(
    store: NumberStore,
    clock: Clock,
    row: NumberRow,
    *,
    standing: bytes | None = None,
    friendly_name: str | None = None,
) -> NumberRow:
    """The number with another name, or another configuration, as it is sealed under its own name; None leaves it."""
    changed = msgspec.structs.replace(
        row,
        standing=row.standing if standing is None else standing,
        friendly_name=row.friendly_name if friendly_name is None else friendly_name,
        updated_ms=clock.now_ms(),
    )
    await store.update_number(changed)
    return changed
