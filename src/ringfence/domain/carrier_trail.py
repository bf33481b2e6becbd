"""What a carrier said about one text, step by step: the answer to the submit, then its receipts.

Kept in the clear, like statuses and times, so a step holds nothing of the text itself and no number. A trail is
lines of JSON, so that a store appends to it without reading it.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from ringfence.domain.message import Status, may_become

MAX_CHARACTERS = 4_096
"""A trail this long takes no more steps that change nothing: a carrier may repeat a receipt for ever."""

# SMPP 3.4, appendix B, has these in a receipt, and `text:` with the beginning of the text after them.
_TEXT = re.compile(r"\btext:", re.IGNORECASE)
_FIELDS = (
    re.compile(r"\bstat:[A-Z]{2,10}\b"),
    re.compile(r"\berr:[0-9A-Za-z]{1,8}\b"),
    re.compile(r"\bsub:[0-9]{1,3}\b"),
    re.compile(r"\bdlvrd:[0-9]{1,3}\b"),
    re.compile(r"\bsubmit date:[0-9]{6,14}\b"),
    re.compile(r"\bdone date:[0-9]{6,14}\b"),
)


class Kind(StrEnum):
    """What the carrier spoke about."""

    SUBMIT = "submit"
    RECEIPT = "receipt"


class CarrierStep(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One thing that was said. Unix milliseconds: of a submit `at_ms` is when it was made and `heard_ms` when it was
    answered; of a receipt `at_ms` is the carrier's own time and `heard_ms` when it came.

    `raw` is what `scrub` leaves of the carrier's own words.
    """

    kind: Kind
    at_ms: int
    heard_ms: int
    status: Status
    error_code: int | None = None
    carrier_ref: str = ""
    raw: str = ""


class Effect(StrEnum):
    """What a step did to its text."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    LATE = "late"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(CarrierStep)


def encode_step(step: CarrierStep) -> str:
    """One line, with its end."""
    return _encoder.encode(step).decode() + "\n"


def decode_trail(trail: str) -> list[CarrierStep]:
    """The steps of a trail, in the order they were written down."""
    # Not splitlines: it splits at characters that JSON leaves as they are.
    return [_decoder.decode(line) for line in trail.split("\n") if line]


def with_effects(steps: list[CarrierStep]) -> Iterator[tuple[CarrierStep, Effect]]:
    """Each step with what it did, by the one table of moves: only the first of two receipts counts."""
    status = Status.QUEUED
    for step in steps:
        if may_become(status, step.status):
            status = step.status
            yield step, Effect.APPLIED
        else:
            yield step, Effect.DUPLICATE if step.status is status else Effect.LATE


def scrub(raw: str) -> str:
    """The known fields of a carrier's own words (`stat`, `err`, counts, dates), and nothing else of them.

    What stands after `text:` is the tenant's, and free words may be: neither is kept.
    """
    known = _TEXT.split(raw, maxsplit=1)[0]
    return " ".join(found[0] for field in _FIELDS if (found := field.search(known)))
