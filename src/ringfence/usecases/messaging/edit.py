"""What a tenant may still change about a message: forget its words, call it off, erase it.

Source: Twilio, "Update a Message resource", "Delete a Message resource"; errors 20009 and 30409.
"""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.message import FINAL, Content, Status
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountRow, MessageRow, Outcome, Store
from ringfence.ports.wake import Wake
from ringfence.usecases.messaging.read import Reader
from ringfence.usecases.messaging.view import MessageView


class Editor:
    """Redacts, cancels and deletes for the tenant whose credential is present."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake, reader: Reader):
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._reader = reader
        self._sealers = SealerCache()

    async def redact(self, caller: Caller, account: AccountRow, sid: str) -> MessageView | None:
        """The message with an empty body; the old ciphertext is overwritten. None: no such message."""
        view = await self._reader.fetch(caller, account, sid)
        if view is None:
            return None
        _require_final(view.row)
        if view.row.body_redacted or view.content is None:
            return view
        keys = await self._keys.open_epochs(caller, account.sid, [view.row.epoch])
        sealer = self._sealers.of(account.sid, keys[view.row.epoch])
        content = Content(
            remote=view.content.remote,
            body="",
            status_callback=view.content.status_callback,
            media_urls=view.content.media_urls,
        )
        sealed = seal_content(sealer, sid, content)
        now_ms = self._clock.now_ms()
        if not await self._store.rewrite(account.sid, sid, sealed, at_ms=now_ms, redacted=True):
            return None
        row = msgspec.structs.replace(view.row, content=sealed, updated_ms=now_ms, body_redacted=True)
        return MessageView(row=row, content=content)

    async def cancel(self, caller: Caller, account: AccountRow, sid: str) -> MessageView | None:
        """The scheduled message, canceled; ApiError 30409 once it is on its way. None: no such message."""
        row = await self._store.message(account.sid, sid)
        if row is None:
            return None
        now_ms = self._clock.now_ms()
        if row.status is not Status.SCHEDULED or row.due_ms <= now_ms:
            raise ApiError(30409)
        outcome = Outcome(account=account.sid, sid=sid, status=Status.CANCELED, at_ms=now_ms)
        if not (await self._store.acknowledge(None, [outcome]))[0]:
            raise ApiError(30409)
        self._wake.ring()
        return await self._reader.fetch(caller, account, sid)

    async def delete(self, account: AccountRow, sid: str) -> bool:
        """True when the message is gone; ApiError 20009 while it is in flight. False: no such message."""
        row = await self._store.message(account.sid, sid)
        if row is None:
            return False
        _require_final(row)
        return await self._store.delete_message(account.sid, sid)


def _require_final(row: MessageRow) -> None:
    if row.status not in FINAL:
        raise ApiError(20009)
