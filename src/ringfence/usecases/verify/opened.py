"""Record sealers of the epochs that rows were sealed in, for a credential that is present."""

from collections.abc import Iterable

from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.keys import Caller, TenantKeys


async def opened_sealers(
    keys: TenantKeys, caller: Caller, account: str, epochs: Iterable[int]
) -> dict[int, RecordSealer]:
    """By epoch; one that this credential does not open is absent."""
    wanted = sorted(set(epochs))
    opened = await keys.open_epochs(caller, account, wanted) if wanted else {}
    return {epoch: RecordSealer(key, account) for epoch, key in opened.items()}
