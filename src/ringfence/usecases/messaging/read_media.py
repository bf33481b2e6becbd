"""The media of a message: what it is, its bytes for the tenant or the holder of a capability, and its end."""

import hmac
from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.medium import TABLE, decode_capability, medium_key, open_medium
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.ports.keys import Caller, KeyRefusedError, TenantKeys
from ringfence.ports.store import MediaRow, MessageStore


class MediaReader:
    """Reads media with the keys of the credential that asks, or with a capability, and no others."""

    def __init__(self, store: MessageStore, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
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
        record_key = self._sealers.of(row.account, key).key(row.message_sid)
        return open_medium(medium_key(record_key, row.sid), row.account, row.sid, row.content)

    async def open_with(self, account: str, message_sid: str, sid: str, token: str) -> tuple[MediaRow, bytes] | None:
        """The medium for the holder of its capability; None when that is forged, another's, or past its time."""
        capability = decode_capability(token)
        if capability is None or capability.expires_ms <= self._clock.now_ms():
            return None
        (tag,) = await self._keys.blind(account, TABLE, [capability.vouched(sid)])
        if not hmac.compare_digest(tag, capability.tag):
            return None
        row = await self.fetch(account, message_sid, sid)
        if row is None:
            return None
        try:
            return row, open_medium(capability.key, account, sid, row.content)
        except UnsealError:
            return None

    async def delete(self, account: str, message_sid: str, sid: str) -> bool:
        """True when the medium is gone; False: there was none."""
        return await self._store.delete_media(account, message_sid, sid)
