"""Take a carrier's delivery receipts to the messages they are about."""

from collections.abc import Sequence

import structlog

from ringfence.domain.carrier_trail import CarrierStep, Kind, encode_step, scrub
from ringfence.domain.clock import Clock
from ringfence.ports.carrier import Receipt
from ringfence.ports.store import Outcome, Store
from ringfence.ports.wake import Wake

_log = structlog.get_logger(__name__)

# A receipt may overtake the answer to its submit, or arrive while that submit waits for a new lease; not for longer.
UNKNOWN_FOR_GOOD_MS = 60_000


class ReceiptTaker:
    """Applies receipts durably, each at most once."""

    def __init__(self, store: Store, clock: Clock, wake: Wake, *, carrier: str):
        self._store = store
        self._clock = clock
        self._wake = wake
        self._carrier = carrier
        self._first_seen_ms: dict[str, int] = {}

    async def receipts(self, receipts: Sequence[Receipt]) -> list[bool]:
        """True where the receipt was applied, repeated what is known, or belongs to no message of ours for good."""
        outcomes: list[Outcome] = []
        taken: list[bool] = []
        keys = await self._store.by_carrier_refs(self._carrier, [receipt.carrier_ref for receipt in receipts])
        now_ms = self._clock.now_ms()
        for receipt, key in zip(receipts, keys, strict=True):
            if key is None:
                taken.append(self._given_up(receipt))
                continue
            self._first_seen_ms.pop(receipt.carrier_ref, None)
            taken.append(True)
            now_ms = self._clock.now_ms()
            outcomes.append(
                Outcome(
                    account=key[0],
                    sid=key[1],
                    status=receipt.status,
                    # A carrier whose clock is ahead of ours must not put off what the tenant is told.
                    at_ms=min(receipt.at_ms, now_ms),
                    error_code=receipt.error_code,
                    trail=_step(receipt, now_ms),
                )
            )
        if outcomes:
            await self._store.acknowledge(None, outcomes)
            self._wake.ring()
        return taken

    def _given_up(self, receipt: Receipt) -> bool:
        now_ms = self._clock.monotonic_ms()
        first_ms = self._first_seen_ms.setdefault(receipt.carrier_ref, now_ms)
        if now_ms - first_ms < UNKNOWN_FOR_GOOD_MS:
            return False
        del self._first_seen_ms[receipt.carrier_ref]
        _log.warning("receipt for no known message", carrier=self._carrier, status=receipt.status.value)
        return True


def _step(receipt: Receipt, now_ms: int) -> str:
    return encode_step(
        CarrierStep(
            kind=Kind.RECEIPT,
            at_ms=receipt.at_ms,
            heard_ms=now_ms,
            status=receipt.status,
            error_code=receipt.error_code,
            carrier_ref=receipt.carrier_ref,
            raw=scrub(receipt.raw) if receipt.raw else "",
        )
    )
