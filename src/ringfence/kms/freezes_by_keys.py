"""Whom a key may be said to freeze: itself, or its own account with subaccounts of that."""

from collections.abc import Sequence

from ringfence.domain.sid import is_sid
from ringfence.kms.slot_keys import SlotKeys
from ringfence.ports.keys import KeyRefusedError

CAUSES = ("canary", "new_network")


def check_freeze(slots: SlotKeys, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
    """As `ports.access_notes.FreezeNotes` has it. ValueError, KeyRefusedError.

    Whoever has the API's process writes nothing by it under another name than that of a key, and of its account.
    """
    kind, _, name = what.partition(":")
    account, *children = accounts or ("",)
    own = name == credential and not children if kind == "key" else kind == "account" and name == account
    if not (is_sid(credential, "SK") and own and cause in CAUSES):
        raise ValueError("a key freezes itself or its account")
    if not (slots.is_of(account, credential) and slots.are_children(account, children)):
        raise KeyRefusedError("a key of that account, and its subaccounts")
