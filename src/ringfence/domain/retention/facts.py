"""What a declared duty may have kept of a text, a call or a code's mail: metadata alone, each field by its name.

There is no field for what was said or written: no declaration can name a body, a subject, a medium or a recording.
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

Kind = Literal["text", "mail", "call"]
Field = Literal["kind", "direction", "local", "remote", "accepted_at", "duration_s"]

MEANINGS: Final[dict[Field, str]] = {
    "kind": "text, mail (of a code) or call",
    "direction": "inbound or outbound",
    "local": "the tenant's own number, or the sender that it chose",
    "remote": "the other party's number or address",
    "accepted_at": "when the text or call was accepted, to the second",
    "duration_s": "how long an answered call lasted, in seconds",
}
FIELDS: Final[tuple[Field, ...]] = tuple(MEANINGS)
OF_A_START: Final[frozenset[Field]] = frozenset(FIELDS) - {"duration_s"}
OF_AN_END: Final[frozenset[Field]] = frozenset({"duration_s"})


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one text, mail or call; None for what is not known, or not kept.

    `accepted_at` in Unix seconds.
    """

    kind: Kind | None = None
    direction: Literal["inbound", "outbound"] | None = None
    local: str | None = None
    remote: str | None = None
    accepted_at: int | None = None
    duration_s: int | None = None

    def __repr__(self) -> str:
        return "Facts(…)"


def in_order(fields: Iterable[str]) -> tuple[Field, ...]:
    """The fields, each once, in the order of `FIELDS`. ValueError, which says why, for none, or one not of the list."""
    wanted = set(fields)
    if not wanted:
        raise ValueError("a duty names one field at least")
    if unknown := sorted(wanted.difference(FIELDS)):
        raise ValueError(f"no field {unknown[0]!r} can be retained: a duty names metadata, of {', '.join(FIELDS)}")
    return tuple(field for field in FIELDS if field in wanted)


def only(facts: Facts, fields: Iterable[Field]) -> Facts:
    """The named fields of `facts`, nothing else."""
    return Facts(**{field: getattr(facts, field) for field in fields})
