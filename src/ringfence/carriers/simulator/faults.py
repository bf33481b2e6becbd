"""What goes wrong on the simulated network: a table of faults, drawn with seeded randomness."""

import random
from collections.abc import Iterator
from enum import StrEnum

import msgspec

FAILURE_CODES: dict[int, str] = {
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
}
"""Twilio's delivery errors that a fault may name. Source: Twilio, "Error and warning dictionary"."""

MAGIC_NUMBERS: dict[str, int] = {
    "+15005550001": 30005,
    "+15005550002": 30006,
    "+15005550004": 30004,
    "+15005550009": 30006,
}
"""Recipients that never get a text: what each of Twilio's test numbers stands for, as a carrier would report it.

The API refuses most of them before they come here. Source: Twilio, "Test credentials", section "Magic input".
"""

MAX_FAULTS = 1_000


class FaultKind(StrEnum):
    """Which step a fault breaks."""

    REFUSE = "refuse"
    THROTTLE = "throttle"
    DISCONNECT = "disconnect"
    DELAY = "delay"
    FAIL = "fail"
    LOSE_RECEIPTS = "lose_receipts"
    LATE_RECEIPTS = "late_receipts"
    DUPLICATE_RECEIPTS = "duplicate_receipts"
    REORDER_RECEIPTS = "reorder_receipts"
    TAKE_REPEATS = "take_repeats"


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. Without `number` it holds for every handset.

    `code` is for refuse and fail; `delay_ms` for throttle (come back after), delay, late_receipts and
    reorder_receipts (the window). `probability` is drawn for each text; `remaining` counts down, None never ends.
    """

    kind: FaultKind
    number: str | None = None
    code: int = 30008
    delay_ms: int = 2_000
    probability: float = 1.0
    remaining: int | None = None
    id: str = ""

    def __repr__(self) -> str:
        return f"Fault({self.id}, {self.kind})"


class FaultTable:
    """The faults in force. A fault of the same kind for the same handset replaces the one before."""

    def __init__(self, seed: int = 0) -> None:
        self._faults: dict[tuple[FaultKind, str | None], Fault] = {}
        self._made = 0
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults.values())

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force; the answer carries its id. OverflowError beyond MAX_FAULTS."""
        place = (fault.kind, fault.number)
        if place not in self._faults and len(self._faults) >= MAX_FAULTS:
            raise OverflowError("too many faults")
        self._made += 1
        named = msgspec.structs.replace(fault, id=f"fault-{self._made}")
        self._faults[place] = named
        return named

    def remove(self, fault_id: str) -> bool:
        """Lift one fault; False when there is none of that id."""
        for place, fault in self._faults.items():
            if fault.id == fault_id:
                del self._faults[place]
                return True
        return False

    def clear(self) -> None:
        """Lift all, and begin the random sequence again."""
        self._faults.clear()
        self._random = random.Random(self._seed)  # noqa: S311 - repeatable on purpose

    def strikes(self, kind: FaultKind, number: str | None = None) -> Fault | None:
        """The fault of this kind that hits this text, its own handset's before the general one; None when spared."""
        if not self._faults:
            return None
        for place in ((kind, number), (kind, None)) if number is not None else ((kind, None),):
            fault = self._faults.get(place)
            if fault is None or (fault.probability < 1.0 and self._random.random() >= fault.probability):
                continue
            self._use(place, fault)
            return fault
        return None

    def _use(self, place: tuple[FaultKind, str | None], fault: Fault) -> None:
        if fault.remaining is None:
            return
        if fault.remaining <= 1:
            del self._faults[place]
        else:
            self._faults[place] = msgspec.structs.replace(fault, remaining=fault.remaining - 1)
