"""The keys of hours for a member's browser: sealed as they are kept, told of in the ledger first."""

from collections.abc import Iterable

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.reading import reader_through
from ringfence.console.tenant.slot_json import boxes_json
from ringfence.domain.base64url import encode_base64url
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.keys import KeyRefusedError


class Opener(msgspec.Struct, frozen=True):
    """Through which credential of theirs a member reads what they ask for."""

    credential: str


class SealedHours:
    """What a page of records is opened with in the key origin's frame."""

    def __init__(self, storage: ConsoleStorage, keys: ConsoleKeys) -> None:
        self._storage = storage
        self._keys = keys

    async def of(
        self, session: Session, credential: str, hours: Iterable[int], child: str = ""
    ) -> dict[str, list[tuple[int, str]]]:
        """(generation, sealed) pairs by hour, as JSON has them; hours of which there is no key are left out.

        `child` is a subaccount of the member's account, of which the hours are then.
        RefusedError where the member may not read through `credential`, or it opens nothing.
        """
        reader = await reader_through(self._storage, self._keys, session, credential)
        wanted = sorted(set(hours))
        try:
            found = await self._keys.sealed_epochs(session.account, credential, wanted, reader, child) if wanted else {}
        except KeyRefusedError:
            raise RefusedError("That opens nothing of this account.") from None
        return {str(epoch): boxes_json(boxes) for epoch, boxes in found.items()}

    async def of_child(self, session: Session, credential: str, child: str) -> list[tuple[int, int, str]]:
        """A subaccount's content keys, sealed to the account's: (generation, generation of the parent's, sealed).

        RefusedError as `of`.
        """
        reader = await reader_through(self._storage, self._keys, session, credential)
        try:
            found = await self._keys.child_boxes(session.account, credential, child, reader)
        except KeyRefusedError:
            raise RefusedError("That opens nothing of this account.") from None
        return [(generation, by, encode_base64url(sealed)) for generation, by, sealed in found]
