"""What a step of a call's timeline says: sealed with the call, shown to its tenant alone."""

import msgspec

from ringfence.domain.attempt import Attempt

MAX_TEXT_CHARACTERS = 16_384
MAX_FIELDS = 40
MAX_VALUE_CHARACTERS = 2_000


class StepDetail(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One step, whole. `text` says what happened, or is the document that came; it may hold content.

    `line` and `column` (from 1, 0 for none) are the place in the document that runs, `url` where that came from.
    `fields` are what belongs to it by name: a verb's attributes, a status's code. `attempt` is a webhook's exchange.
    """

    text: str = ""
    line: int = 0
    column: int = 0
    url: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    attempt: Attempt | None = None

    def __repr__(self) -> str:
        return f"StepDetail({self.line}:{self.column})"


def bounded(detail: StepDetail) -> StepDetail:
    """The detail within the module's bounds: what is longer is cut."""
    fields = tuple((name, value[:MAX_VALUE_CHARACTERS]) for name, value in detail.fields[:MAX_FIELDS])
    return msgspec.structs.replace(
        detail, text=detail.text[:MAX_TEXT_CHARACTERS], url=detail.url[:MAX_VALUE_CHARACTERS], fields=fields
    )
