"""Close past hours to the dispatcher, once a minute."""

import asyncio

import structlog

from ringfence.domain.clock import Clock
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import MessageStore, StoreFailedError
from ringfence.usecases.messaging.close_epochs import close_epochs

INTERVAL_S = 60.0
_log = structlog.get_logger(__name__)


async def sweep_epochs(store: MessageStore, keys: DeliveryKeys, clock: Clock) -> None:
    """Run until cancelled. A key service or a store that is away delays the sweep and ends nothing."""
    while True:
        try:
            closed = await close_epochs(store, keys, clock)
        except (ConnectionError, StoreFailedError) as away:
            _log.warning("key service or store away", error=type(away).__name__)
        else:
            if closed:
                _log.info("epochs closed", count=closed)
        await asyncio.sleep(INTERVAL_S)
