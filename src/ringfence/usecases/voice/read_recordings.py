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
from ringfence.ports.calls import CallStore, RecordingRow
from ringfence.ports.keys import Caller, KeyRefusedError, TenantKeys
from ringfence.ports.recordings import OpenedRecording, RecordingFiles, RecordingGoneError

# Whose sound is complete, or as complete as it will ever be.
READABLE = frozenset({"completed", "stopped"})


class RecordingsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a list; times bound the creation, half open, Unix milliseconds."""

    call_sid: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
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
        """A page of recordings, newest first."""
        return await self._store.recordings(
            account,
            call_sid=wanted.call_sid,
            from_ms=wanted.from_ms,
            to_ms=wanted.to_ms,
            before=wanted.before,
            limit=wanted.limit,
        )

    async def fetch(self, account: str, sid: str, call_sid: str | None = None) -> RecordingRow | None:
        """One recording, of that call where one is named; None where there is none, or none any more."""
        row = await self._store.recording(account, sid)
        if row is None or row.status == "deleted" or call_sid not in (None, row.call_sid):
            return None
        return row

    async def open(self, caller: Caller, row: RecordingRow) -> OpenedRecording | None:
        """A recording's sound; None where there is none yet, or none any more. RecordingUnreadableError.

        KeyRefusedError where the credential opens no key of that hour.
        """
        if row.status not in READABLE:
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
        if row is None or row.status not in READABLE:
            return None
        return await self._opened(row, capability.key)

    async def _opened(self, row: RecordingRow, key: bytes) -> OpenedRecording | None:
        try:
            return await self._files.open(row.account, row.sid, key)
        except (RecordingGoneError, UnsealError):
            return None
