"""Entries of the ledger for what people do in the consoles that lets go of no key: sign-ins, invitations, removals."""

from collections.abc import Sequence
from typing import Final, Protocol

# Whose record acts of staff are in that concern no account.
OPERATOR: Final = "operator"


class FreezeNotes(Protocol):
    """Entries for what freezes by itself."""

    async def note_freeze(self, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
        """Write down that a credential's use freezes `what` (`key:SK…`, `account:AC…`), and end grants of it.

        `accounts` are those whom it stops, the key's own first, then its subaccounts; of a key that one alone. It is in
        the record of each. Grants end where an account is frozen. ConnectionError where it cannot be written,
        KeyRefusedError where the key service knows no such key of that account, or another's among its subaccounts.
        """


class AccessNotes(Protocol):
    """The part of `ports.console_keys.ConsoleKeys` that opens nothing."""

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str] = ()) -> None:
        """Return once the entry, `note.VERB`, is on disk; ConnectionError where it cannot be: then do not act.

        `actor` is staff:ID or member:ID. ValueError for another, and for a verb of the key service.
        """
