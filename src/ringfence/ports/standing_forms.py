"""The key service as members' forms of standing configuration see it, through a console that reads none of it.

KeyRefusedError, ConnectionError (the ledger cannot be written) as in `ports.keys`.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from ringfence.ports.console_keys import Reader

RECORDS_AT_ONCE: Final = 100


class SealedForm(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one record as a browser sealed them: see domain/sealing/standing_form.py.

    `by` is the credential whose slot proves them: a passkey of a member, or the Auth Token (the account's SID).
    `proof_key` is one of `ConsoleKeys.proof_key`.
    """

    by: str
    box: bytes
    proof_key: bytes
    proof: bytes

    def __repr__(self) -> str:
        return f"SealedForm({self.by})"


class KeptStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A record's new value, sealed for the store. `tells_status`: a Messaging Service has a status callback."""

    sealed: bytes
    tells_status: bool


class StandingForms(Protocol):
    """Show and change standing configuration of members' accounts."""

    async def show_standing(
        self, account: str, credential: str, records: Sequence[tuple[str, bytes]], reader: Reader
    ) -> list[tuple[int, bytes]]:
        """(record name, sealed) pairs, in order, as (generation, sealed to that key): JSON of the form's fields.

        `credential` is the slot through which the reader reads; KeyRefusedError for one that opens nothing of the
        account. ValueError for more than `RECORDS_AT_ONCE`. In the ledger: `show_standing`, by the credential, of the
        reader's session.
        """

    async def keep_standing(
        self, account: str, record: str, now: bytes, form: SealedForm, reader: Reader
    ) -> KeptStanding:
        """The record with the form's changes. `now` is its value as it is stored, b"" for a new one.

        KeyRefusedError for a proof that does not hold; ValueError for what a field may not have. In the ledger:
        `keep_standing`, by the form's credential.
        """
