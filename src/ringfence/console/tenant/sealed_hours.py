"""The keys of hours for a member's browser: sealed as they are kept, told of in the ledger first."""

from collections.abc import Iterable

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.reading import reader_through
from ringfence.console.tenant.slot_json import boxes_json
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

    async def of(self, session: Session, credential: str, hours: Iterable[int]) -> dict[str, list[tuple[int, str]]]:
        """(generation, sealed) pairs by hour, as JSON has them; hours of which there is no key are left out.

        RefusedError where the member may not read through `credential`, or it opens nothing.
        """
        reader = await reader_through(self._storage, self._keys, session, credential)
        wanted = sorted(set(hours))
        try:
            found = await self._keys.sealed_epochs(session.account, credential, wanted, reader) if wanted else {}
        except KeyRefusedError:
            raise RefusedError("That opens nothing of this account.") from None
        return {str(epoch): boxes_json(boxes) for epoch, boxes in found.items()}
