"""Who may use an account, as its members change it in a browser: proved, kept by the key service, taken by the API.

KeyRefusedError, ConnectionError (the ledger cannot be written) as in `ports.keys`.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.access_change import Change
from ringfence.ports.console_keys import Reader
from ringfence.ports.standing_forms import SealedForm


class AccessChange(msgspec.Struct, frozen=True, kw_only=True):
    """One that waits to be taken into the store. `number` is as `domain.access_fence` has it."""

    number: int
    account: str
    at_ms: int
    change: Change


class OvertakenError(Exception):
    """Something newer was written in these fields of it: nothing was written."""

    def __init__(self, fields: frozenset[str]) -> None:
        super().__init__("overtaken")
        self.fields = fields


class WaitingAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What an account's members are shown of one that waits: its form's name, and that of a key that it makes."""

    record: str
    friendly_name: str
    at_ms: int


class AccessForms(Protocol):
    """For the console, which carries forms and reads none."""

    async def keep_access(self, account: str, record: str, form: SealedForm, reader: Reader) -> None:
        """Keep what the form says. The slot of a key that it makes opens from now on.

        KeyRefusedError for a proof that does not hold, and for a key that there is; ValueError for what a field may
        not have; ConnectionError too where a new content key began meanwhile. In the ledger: `keep_access`, by the
        form's credential, of the reader's session. KeyRefusedError too where a newer form of the record may have been
        kept: one that was kept after the key of this one's proof was given out.
        """

    async def waiting_access(self, account: str) -> list[WaitingAccess]:
        """What waits of the account, in order."""


class AccessChanges(Protocol):
    """For the API, which alone writes what is signed in with."""

    async def take_access(self) -> list[AccessChange]:
        """What waits, in order. Nobody else is given it for ten seconds, nor what comes after it of its account.

        A key that was revoked before it was settled comes as `KeyEnded`.
        """

    async def settle_access(self, numbers: Sequence[int]) -> list[int]:
        """These are in the store. Answered are those that ended meanwhile: a key that was revoked is to go again."""
