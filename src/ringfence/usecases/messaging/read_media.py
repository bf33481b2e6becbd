"""The media of a message: what it is, its bytes for the tenant, and its end."""

from collections.abc import Sequence

from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.keys import Caller, KeyRefusedError, TenantKeys
from ringfence.ports.store import MediaRow, MessageStore
from ringfence.usecases.messaging.content import SealerCache

FIELD = "media"


def seal_medium(sealer: RecordSealer, sid: str, data: bytes) -> bytes:
    """A medium's bytes under the record key of its own sid."""
    return sealer.seal(sid, FIELD, data)


class MediaReader:
    """Reads media with the keys of the credential that asks, and no others."""

    def __init__(self, store: MessageStore, keys: TenantKeys) -> None:
        self._store = store
        self._keys = keys
        self._sealers = SealerCache()

    async def list(self, account: str, message_sid: str) -> Sequence[MediaRow] | None:
        """The message's media in the order they came; None: no such message."""
        if await self._store.message(account, message_sid) is None:
            return None
        return await self._store.media(account, message_sid)

    async def fetch(self, account: str, message_sid: str, sid: str) -> MediaRow | None:
        """One medium's row; None when the message has none of that sid."""
        rows = await self._store.media(account, message_sid)
        return next((row for row in rows if row.sid == sid), None)

    async def open(self, caller: Caller, row: MediaRow) -> bytes:
        """The medium's bytes; KeyRefusedError where the credential opens no key of that hour."""
        key = (await self._keys.open_epochs(caller, row.account, [row.epoch])).get(row.epoch)
        if key is None:
            raise KeyRefusedError
        return self._sealers.of(row.account, key).open(row.sid, FIELD, row.content)

    async def delete(self, account: str, message_sid: str, sid: str) -> bool:
        """True when the medium is gone; False: there was none."""
        return await self._store.delete_media(account, message_sid, sid)
