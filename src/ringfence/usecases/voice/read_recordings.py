"""Recordings as their tenant reads them: what they are, and their sound by a credential's keys or by a capability.

Source: Twilio, "Recording resource".
"""

import hmac
from collections.abc import Sequence

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.medium import TABLE, decode_capability
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.recording import recording_key
from ringfence.ports.calls import PLAYABLE, CallStore, RecordingRow
from ringfence.ports.keys import Caller, KeyRefusedError, TenantKeys
from ringfence.ports.recordings import OpenedRecording, RecordingFiles, RecordingGoneError

DELETED_KEPT_MS = 40 * 24 * 3_600_000
"""How long it is shown that a recording was deleted, to whom asks for it."""


class RecordingsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a list; times bound the creation, half open, Unix milliseconds."""

    call_sid: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    with_deleted: bool = False
    before: str | None = None
    limit: int = 50


class RecordingReader:
    """Reads recordings with the keys of the credential that asks, or with a capability, and no others."""

    def __init__(self, store: CallStore, keys: TenantKeys, clock: Clock, files: RecordingFiles) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._files = files

    async def list(self, account: str, wanted: RecordingsWanted) -> Sequence[RecordingRow]:
        """A page of recordings, newest first; with those deleted in the last 40 days where that is wanted."""
        return await self._store.recordings(
            account,
            call_sid=wanted.call_sid,
            from_ms=wanted.from_ms,
            to_ms=wanted.to_ms,
            deleted_from_ms=self._deleted_from_ms() if wanted.with_deleted else None,
            before=wanted.before,
            limit=wanted.limit,
        )

    async def fetch(
        self, account: str, sid: str, call_sid: str | None = None, *, with_deleted: bool = False
    ) -> RecordingRow | None:
        """One recording, of that call where one is named; None where there is none, or none any more.

        One that was deleted in the last 40 days is there `with_deleted`: what is known of it, not its sound.
        """
        row = await self._store.recording(account, sid)
        if row is None or call_sid not in (None, row.call_sid):
            return None
        if row.status == "deleted" and not (with_deleted and row.updated_ms >= self._deleted_from_ms()):
            return None
        return row

    async def open(self, caller: Caller, row: RecordingRow) -> OpenedRecording | None:
        """A recording's sound; None where there is none yet, or none any more. RecordingUnreadableError.

        KeyRefusedError where the credential opens no key of that hour.
        """
        if row.status not in PLAYABLE:
            return None
        key = (await self._keys.open_epochs(caller, row.account, [row.epoch])).get(row.epoch)
        if key is None:
            raise KeyRefusedError
        return await self._opened(row, recording_key(RecordSealer(key, row.account).key(row.sid), row.sid))

    async def open_with(self, account: str, sid: str, token: str) -> OpenedRecording | None:
        """The sound for the holder of its capability; None when that is forged, another's, or past its time."""
        capability = decode_capability(token)
        if capability is None or capability.expires_ms <= self._clock.now_ms():
            return None
        (tag,) = await self._keys.blind(account, TABLE, [capability.vouched(sid)])
        if not hmac.compare_digest(tag, capability.tag):
            return None
        row = await self.fetch(account, sid)
        if row is None or row.status not in PLAYABLE:
            return None
        return await self._opened(row, capability.key)

    def _deleted_from_ms(self) -> int:
        return self._clock.now_ms() - DELETED_KEPT_MS

    async def _opened(self, row: RecordingRow, key: bytes) -> OpenedRecording | None:
        try:
            return await self._files.open(row.account, row.sid, key)
        except (RecordingGoneError, UnsealError):
            return None
