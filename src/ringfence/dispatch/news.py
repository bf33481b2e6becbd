"""What a carrier has to tell, taken to the use cases that write it down."""

from collections.abc import Sequence

from ringfence.ports.carrier import Arrival, Receipt
from ringfence.usecases.messaging.receipts import ReceiptTaker
from ringfence.usecases.messaging.receive import Receiver


class News:
    """A `ports.carrier.Sink`."""

    def __init__(self, receipts: ReceiptTaker, receiver: Receiver) -> None:
        self._receipts = receipts
        self._receiver = receiver

    async def receipts(self, receipts: Sequence[Receipt]) -> list[bool]:
        return await self._receipts.receipts(receipts)

    async def arrivals(self, arrivals: Sequence[Arrival]) -> list[bool]:
        return await self._receiver.arrivals(arrivals)
