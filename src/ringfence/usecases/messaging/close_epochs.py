"""Take past hours away from the dispatcher, all but the record keys of what is not finished.

Source: docs/why/keys.md, "Residue".
"""

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.epoch import ended_ms
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import MessageStore

RESIDUE_MAX_MS = 72 * 3_600_000

_log = structlog.get_logger(__name__)


async def close_epochs(store: MessageStore, keys: DeliveryKeys, clock: Clock) -> int:
    """Close every epoch that is due, or carry its residue to today's dispatcher key. Returns how many.

    A text that was scheduled keeps its record key until it is finished, at most 72 hours after it was due.
    """
    closed = 0
    for account, epoch in await keys.open_delivery_epochs():
        unfinished = await store.unfinished(account, epoch)
        # Only what was due after its hour: all else falls under the key service's own 72 hours.
        oldest_due_ms = max(clock.now_ms() - RESIDUE_MAX_MS, ended_ms(epoch))
        scheduled = [sid for sid, due_ms in unfinished if due_ms > oldest_due_ms]
        try:
            await keys.close_epoch(account, epoch, [sid for sid, _ in unfinished], scheduled)
            closed += 1
        except ValueError:
            # More is unfinished than one call can name. The dispatcher can open that hour for longer than it should;
            # to end here would keep it from everything else.
            _log.error("epoch not closed", account=account, count=len(unfinished))
    return closed
