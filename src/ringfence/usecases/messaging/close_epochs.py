"""Take past hours away from the dispatcher, all but the record keys of what is not finished.

Source: docs/why/keys.md, "Residue".
"""

from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import MessageStore


async def close_epochs(store: MessageStore, keys: DeliveryKeys) -> int:
    """Close every epoch that is due, or carry its residue to today's dispatcher key. Returns how many."""
    closing = await keys.open_delivery_epochs()
    for account, epoch in closing:
        unfinished = await store.unfinished(account, epoch)
        await keys.close_epoch(account, epoch, unfinished)
    return len(closing)
