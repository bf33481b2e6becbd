"""What goes wrong on the way, because a test wants it to."""

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from ringfence.carriers.simulator.faults import FAILURE_CODES, Fault, FaultKind
from ringfence.carriers.simulator.network import Network

MAX_DELAY_S = 3_600


class Troubles:
    """Faults in force until the `with` block ends or, without one, until the test does.

    `at_end` judges the block when nothing was raised in it; `undo` is done in any case.
    """

    def __init__(
        self,
        network: Network,
        faults: list[Fault],
        at_end: Callable[[], None] = lambda: None,
        undo: Callable[[], None] = lambda: None,
    ) -> None:
        self._network = network
        self._undo = undo
        self._ids = [network.add_fault(fault).id for fault in faults]
        self._at_end = at_end

    def __enter__(self) -> "Troubles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._at_end()
        finally:
            self.end()

    def end(self) -> None:
        """Lift them. Again is a no-op."""
        for fault_id in self._ids:
            self._network.remove_fault(fault_id)
        self._ids = []
        undo, self._undo = self._undo, lambda: None
        undo()


def failure(code: int, number: str | None) -> Fault:
    """The fault by which texts fail with `code`. ValueError for a code that no carrier gives."""
    if not 30_000 <= code < 40_000:
        raise ValueError(
            f"{code} is no failure of a carrier (30000 to 39999): if the API refuses, expect TwilioRestException"
        )
    kind = FaultKind.FAIL if code in FAILURE_CODES else FaultKind.REFUSE
    return Fault(kind=kind, code=code, number=number)


def chaos(
    *,
    drop: float,
    duplicate: float,
    delay: float | timedelta,
    reorder: float | timedelta,
    number: str | None,
) -> list[Fault]:
    """The faults of receipts that these words mean. ValueError where a value is out of range."""
    return [
        Fault(kind=kind, probability=probability(value), number=number)
        for kind, value in ((FaultKind.LOSE_RECEIPTS, drop), (FaultKind.DUPLICATE_RECEIPTS, duplicate))
        if value
    ] + [
        Fault(kind=kind, delay_ms=_delay_ms(value), number=number)
        for kind, value in ((FaultKind.LATE_RECEIPTS, delay), (FaultKind.REORDER_RECEIPTS, reorder))
        if value
    ]


def probability(value: float) -> float:
    """The value. ValueError where it is no probability."""
    if not 0 <= value <= 1:
        raise ValueError("a probability is from 0 to 1")
    return float(value)


def _delay_ms(value: float | timedelta) -> int:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not 0 <= seconds <= MAX_DELAY_S:
        raise ValueError(f"a delay is from 0 to {MAX_DELAY_S} seconds")
    return round(seconds * 1_000)
