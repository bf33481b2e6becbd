"""Whose number somebody touched: the account's sealed records of the hours, and by the names, that the ledger tells of.

What is in them only the key origin's frame reads. Why: docs/howto/incident-day.md, "Whom it touched".
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.calls import Calls
from ringfence.console.tenant.looked_through import looked_through
from ringfence.console.tenant.traffic import Texts
from ringfence.domain.base64url import encode_base64url
from ringfence.domain.sealing.content import FIELD as CONTENT
from ringfence.domain.sealing.epoch import HOUR_MS, ended_ms
from ringfence.domain.sealing.verification import FIELD as VERIFICATION
from ringfence.ports.calls import CallFilter, CallRow, RecordingRow
from ringfence.ports.store import MessageFilter, MessageRow
from ringfence.ports.verification_attempts import AttemptFilter, VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow

Kind = Literal["text", "call", "recording", "verification"]
KINDS: Final[tuple[Kind, ...]] = ("text", "call", "recording", "verification")
PAGE_RECORDS: Final = 500
NAMES_MAX: Final = 500
EPOCHS_MAX: Final = 500
# A record is of the hour whose key its maker held when it was made: one that it got at most a minute before.
MARGIN_MS: Final = HOUR_MS

_Row: TypeAlias = MessageRow | CallRow | RecordingRow


class TouchedStore(Protocol):
    """What of the store finds records by their names, and verifications."""

    async def messages_of(self, keys: Sequence[tuple[str, str]]) -> list[MessageRow | None]: ...

    async def calls_of(self, keys: Sequence[tuple[str, str]]) -> list[CallRow | None]: ...

    async def verifications_of(self, keys: Sequence[tuple[str, str]]) -> list[VerificationRow | None]: ...

    async def verification_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 50
    ) -> list[VerificationAttemptRow]: ...


class SealedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record whose key was handed out, with what its number is in.

    `epoch` is the hour of its own key. The number is in `content`, base64url, sealed in `of_epoch` as `field` of `of`,
    which is the record itself, for a recording its call. "" where that is gone. `direction` is the text's or call's.
    """

    sid: str
    kind: Kind
    epoch: int
    created_ms: int
    of: str
    of_epoch: int
    field: str
    content: str
    direction: str = ""


class TouchedRecords:
    """Reads, and writes nothing."""

    def __init__(self, texts: Texts, calls: Calls, found: TouchedStore) -> None:
        self._texts = texts
        self._calls = calls
        self._found = found

    async def page(
        self, account: str, kind: Kind, epochs: Sequence[int], before: str | None
    ) -> tuple[Sequence[SealedRecord], str | None]:
        """Records of these hours, the newest first, and what to ask for the next ones with: None where there are none.

        A page may be empty, and others follow. RefusedError for none or for more than `EPOCHS_MAX` hours.
        """
        if not 0 < len(epochs) <= EPOCHS_MAX:
            raise RefusedError("So many hours at once are not told.", status=400)
        wanted = frozenset(epochs)
        start_ms, end_ms = ended_ms(min(epochs)) - HOUR_MS - MARGIN_MS, ended_ms(max(epochs)) + MARGIN_MS
        if kind == "verification":
            return await self._verifications(account, wanted, AttemptFilter(from_ms=start_ms, to_ms=end_ms), before)
        rows, before = await looked_through(
            self._reader(account, kind, start_ms, end_ms),
            lambda row: row.epoch in wanted,
            lambda row: row.sid,
            before,
            page=PAGE_RECORDS,
        )
        return await self._sealed(account, rows), before

    async def named(self, account: str, names: Sequence[str]) -> Sequence[SealedRecord]:
        """Those of these texts, calls and recordings that are there. RefusedError for more than `NAMES_MAX`."""
        if not 0 < len(names) <= NAMES_MAX:
            raise RefusedError("So many records at once are not told.", status=400)
        keys = [(account, sid) for sid in names]
        found = [
            *await self._found.messages_of(keys),
            *await self._found.calls_of(keys),
            *[await self._calls.recording(account, sid) for sid in names if sid.startswith("RE")],
        ]
        return await self._sealed(account, [row for row in found if row is not None])

    def _reader(
        self, account: str, kind: Kind, start_ms: int, end_ms: int
    ) -> Callable[[str | None, int], Awaitable[Sequence[_Row]]]:
        if kind == "text":
            texts = MessageFilter(from_ms=start_ms, to_ms=end_ms)
            return lambda behind, limit: self._texts.messages(account, texts, before=behind, limit=limit)
        if kind == "call":
            calls = CallFilter(start_from_ms=start_ms, start_to_ms=end_ms)
            return lambda behind, limit: self._calls.calls(account, calls, before=behind, limit=limit)
        return lambda behind, limit: self._calls.recordings(
            account, from_ms=start_ms, to_ms=end_ms, before=behind, limit=limit
        )

    async def _verifications(
        self, account: str, epochs: Collection[int], asked: AttemptFilter, before: str | None
    ) -> tuple[Sequence[SealedRecord], str | None]:
        # They are in no list themselves; each has an attempt, at its beginning or soon after.
        attempts = await self._found.verification_attempts(account, asked, before=before, limit=PAGE_RECORDS)
        sids = dict.fromkeys(attempt.verification for attempt in attempts)
        rows = await self._found.verifications_of([(account, sid) for sid in sids])
        sealed = [_verification(row) for row in rows if row is not None and row.epoch in epochs]
        return sealed, attempts[-1].sid if len(attempts) == PAGE_RECORDS else None

    async def _sealed(self, account: str, rows: Sequence[_Row]) -> Sequence[SealedRecord]:
        recorded = [(account, row.call_sid) for row in rows if isinstance(row, RecordingRow)]
        calls = {row.sid: row for row in await self._found.calls_of(recorded) if row is not None} if recorded else {}
        return [
            _recording(row, calls.get(row.call_sid)) if isinstance(row, RecordingRow) else _own(row) for row in rows
        ]


def _own(row: MessageRow | CallRow) -> SealedRecord:
    return SealedRecord(
        sid=row.sid,
        kind="call" if isinstance(row, CallRow) else "text",
        epoch=row.epoch,
        created_ms=row.created_ms,
        of=row.sid,
        of_epoch=row.epoch,
        field=CONTENT,
        content=encode_base64url(row.content),
        direction=row.direction,
    )


def _recording(row: RecordingRow, call: CallRow | None) -> SealedRecord:
    return SealedRecord(
        sid=row.sid,
        kind="recording",
        epoch=row.epoch,
        created_ms=row.created_ms,
        of=row.call_sid,
        of_epoch=row.epoch if call is None else call.epoch,
        field=CONTENT,
        content="" if call is None else encode_base64url(call.content),
        direction="" if call is None else call.direction,
    )


def _verification(row: VerificationRow) -> SealedRecord:
    return SealedRecord(
        sid=row.sid,
        kind="verification",
        epoch=row.epoch,
        created_ms=row.created_ms,
        of=row.sid,
        of_epoch=row.epoch,
        field=VERIFICATION,
        content=encode_base64url(row.content),
    )
