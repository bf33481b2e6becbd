"""The books after a fault: what was acknowledged against what handsets and the program's webhook saw."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from faults.handsets import Shown
from faults.traffic import Sent

FINAL = ("delivered", "undelivered", "failed", "canceled")
COURSES = (("sent", "delivered"), ("sent", "undelivered"), ("failed",))


@dataclass(frozen=True)
class Told:
    """One callback, as the program got it."""

    at_s: float
    sid: str
    status: str
    token: str


@dataclass(frozen=True)
class Books:
    """One fault, counted. Times in seconds; `duplicates_bound` is what may have been in flight when it struck.

    `receipts_gone` are texts that stay at sent because the world outside died with their receipts.
    """

    fault: str
    store: str
    acknowledged: int
    delivered: int
    lost: tuple[str, ...]
    duplicates: int
    duplicates_bound: int
    order_breaks: int
    callbacks_missing: tuple[str, ...]
    callbacks_disordered: int
    callbacks_repeated: int
    unanswered: int
    refused: Mapping[int, int]
    receipts_gone: int
    accepts_silent_s: float
    deliveries_silent_s: float

    def problems(self) -> list[str]:
        """What must not be, in words."""
        found = []
        if self.lost:
            found.append(f"{len(self.lost)} acknowledged texts lost: {self.lost[:5]}")
        if self.duplicates > self.duplicates_bound:
            found.append(f"{self.duplicates} duplicates, at most {self.duplicates_bound} were in flight")
        if self.order_breaks:
            found.append(f"{self.order_breaks} texts overtook another of their pair")
        if self.callbacks_missing:
            found.append(f"{len(self.callbacks_missing)} callbacks missing: {self.callbacks_missing[:5]}")
        if self.callbacks_disordered:
            found.append(f"the callbacks of {self.callbacks_disordered} texts came in another order")
        return found


def lost_texts(
    texts: Sequence[Sent], statuses: Mapping[str, str], shown: Sequence[Shown], *, handsets_gone: bool = False
) -> tuple[str, ...]:
    """Acknowledged texts that are not there, not final, or delivered without a handset having them."""
    on_handsets = {text.sid for text in (texts if handsets_gone else shown)}
    lost = []
    for text in texts:
        status = statuses.get(text.sid, "absent")
        if status not in FINAL or (status == "delivered" and text.sid not in on_handsets):
            lost.append(f"{text.sid} {status}")
    return tuple(lost)


def duplicates(shown: Sequence[Shown]) -> int:
    """How many texts on handsets are there once too often."""
    return sum(count - 1 for count in Counter(text.sid for text in shown).values())


def stale_repeats(shown: Sequence[Shown], stopped_at: str, went_on_at: str) -> int:
    """Texts that came again after a stopped dispatcher went on, from numbers that another sent for by then."""
    taken_over = {text.pair[0] for text in shown if stopped_at < text.at < went_on_at}
    seen: set[str] = set()
    repeats = 0
    for text in shown:
        repeats += text.sid in seen and text.at > went_on_at and text.pair[0] in taken_over
        seen.add(text.sid)
    return repeats


def order_breaks(texts: Sequence[Sent], shown: Sequence[Shown]) -> int:
    """Texts that came after a later one of their pair; a duplicate counts by its first coming."""
    numbers = {text.sid: text.number for text in texts}
    highest: dict[tuple[str, str], int] = defaultdict(int)
    seen: set[str] = set()
    breaks = 0
    for text in shown:
        if text.sid not in numbers or text.sid in seen:
            continue
        seen.add(text.sid)
        number = numbers[text.sid]
        breaks += number < highest[text.pair]
        highest[text.pair] = max(highest[text.pair], number)
    return breaks


def callback_faults(texts: Sequence[Sent], told: Sequence[Told]) -> tuple[tuple[str, ...], int, int]:
    """Callbacks that never came, texts whose callbacks came in another order, and callbacks that came again."""
    courses: dict[str, list[str]] = defaultdict(list)
    repeated = 0
    for callback in told:
        course = courses[callback.sid]
        if callback.status in course:
            repeated += 1
        else:
            course.append(callback.status)
    missing, disordered = [], 0
    for text in texts:
        course = courses[text.sid]
        if tuple(course) in COURSES:
            continue
        if sorted(course) in [sorted(right) for right in COURSES]:
            disordered += 1
        else:
            missing.append(f"{text.sid} {'+'.join(course) or 'none'}")
    return tuple(missing), disordered, repeated


def longest_silence_s(at_s: Sequence[float], from_s: float, to_s: float) -> float:
    """The longest time within the span in which nothing of this kind happened."""
    marks = sorted(at for at in at_s if from_s <= at <= to_s)
    return max(b - a for a, b in zip([from_s, *marks], [*marks, to_s], strict=True))
