"""What a step of a call's timeline says: sealed with the call, shown to its tenant alone."""

import msgspec

from ringfence.domain.attempt import Attempt, without_capabilities

MAX_TEXT_CHARACTERS = 16_384
MAX_FIELDS = 40
MAX_VALUE_CHARACTERS = 2_000

_CAPABILITY = "Capability"


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
    """The detail within the module's bounds, and without capabilities: what is longer is cut."""
    fields = tuple((name, _kept(value, MAX_VALUE_CHARACTERS)) for name, value in detail.fields[:MAX_FIELDS])
    text, url = _kept(detail.text, MAX_TEXT_CHARACTERS), _kept(detail.url, MAX_VALUE_CHARACTERS)
    return msgspec.structs.replace(detail, text=text, url=url, fields=fields)


def _kept(text: str, most: int) -> str:
    """A recording's URL opens it to whoever reads it, in a document's text too."""
    cut = text[:most]
    if _CAPABILITY not in cut:
        return cut
    return without_capabilities(cut.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
