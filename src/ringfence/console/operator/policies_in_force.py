"""The ledger has which policies are in force before they judge anything."""

from collections.abc import Sequence
from typing import Final

from ringfence.console.operator.act_names import AskedAct, May
from ringfence.console.operator.staff import TERMINAL
from ringfence.ports.access_notes import OPERATOR, AccessNotes

VERB: Final = "policies"
# Where cedarpy is missing, in dev alone.
EVERYTHING: Final = "none: every member may do everything"


def written_down(may: May, notes: AccessNotes, digests: Sequence[str]) -> May:
    """As `may`, once an entry `note.policies` names `digests`: after each start, and so after each change.

    Until that is written everything is refused: ConnectionError.
    """
    written = False

    async def noted(asked: AskedAct) -> None:
        nonlocal written
        if not written:
            await notes.note(OPERATOR, f"staff:{TERMINAL}", VERB, tuple(digests) or (EVERYTHING,))
            written = True
        await may(asked)

    return noted
