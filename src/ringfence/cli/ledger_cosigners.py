"""Witnesses that must have cosigned a ledger before its word is taken: so many of those that are named."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ringfence.cli.ages import shown_time
from ringfence.cli.terminal import Terminal
from ringfence.domain.how_many import how_many
from ringfence.domain.ledger.cosigned import Cosigned, cosigned_by
from ringfence.domain.ledger.note import COSIGNATURE, NoteError, Verifier, parse_verifier
from ringfence.roles.refusal import RefusalError

_TELL = "ask the witnesses themselves, and keep the folder as evidence"

Named = Annotated[
    list[str] | None,
    typer.Option("--cosigned-by", metavar="KEY", help="A witness that may have signed, as name+id+key."),
]
Require = Annotated[
    int | None, typer.Option("--require", min=1, metavar="N", help="How many of these must have; all, if left out.")
]


class Cosigners:
    """Whose cosignatures count, and how many are needed. RefusalError where that makes no sense."""

    def __init__(self, keys: Sequence[str], require: int | None) -> None:
        try:
            self.verifiers = tuple(dict.fromkeys(parse_verifier(key) for key in keys))
        except NoteError as error:
            raise RefusalError(f"--cosigned-by: {error}", "copy it whole, as name+id+key", exit_code=2) from None
        for each in self.verifiers:
            if each.algorithm != COSIGNATURE:
                raise RefusalError(
                    f"--cosigned-by: {each.name} is a log's key", "give a witness's, as it tells it", exit_code=2
                )
        self.required = len(self.verifiers) if require is None else require
        if self.required > len(self.verifiers):
            raise RefusalError(
                f"{self.required} of {how_many(len(self.verifiers), 'witness')} cannot have signed",
                "name as many by --cosigned-by, or in ledger_witnesses",
                exit_code=2,
            )

    def checked(self, notes: Sequence[str], log: Sequence[Verifier]) -> Cosigned | None:
        """What enough of them signed, of these the longest; None where none is needed and none did. RefusalError."""
        try:
            found = cosigned_by(notes, log, self.verifiers)
        except NoteError as error:
            raise RefusalError(f"what witnesses are said to have signed: {error}", _TELL) from None
        signed = 0 if found is None else len(found.by)
        if signed < self.required:
            asked = how_many(len(self.verifiers), "witness")
            raise RefusalError(f"{signed} of {asked} signed, {self.required} must have", _TELL)
        return found


def tell_cosigned(found: Cosigned, size: int) -> None:
    """Who signed how much of a ledger of so many entries, and when."""
    for each in found.by:
        Terminal().say(
            f"{each.verifier.name} cosigned the first {found.checkpoint.size} of {how_many(size, 'entry')} at "
            f"{shown_time(each.at_s * 1_000)}"
        )
