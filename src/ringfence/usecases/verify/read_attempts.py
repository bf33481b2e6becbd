"""List and count attempts to bring a code, and tell what became of each.

Source: Twilio, Verify v2, "Verification Attempts", "Verification Attempts Summary".
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec
from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.recipient import address_of, parse_recipient
from ringfence.domain.sealing.verification import open_locale
from ringfence.domain.verification import Status, call_sid, status_at
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import MessageRow, Store
from ringfence.ports.verification_attempts import AttemptFilter, VerificationAttemptRow
from ringfence.ports.verify_config import MAX_SERVICES
from ringfence.usecases.verify.opened import opened_sealers
from ringfence.usecases.verify.start_verification import INVALID, TABLE
from ringfence.usecases.verify.verification_view import VerificationView, open_views

MAX_OPENED = 10_000
"""Attempts whose numbers are opened to count those that begin with a prefix: they are sealed, so each must be."""
_AT_ONCE = 500


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt, its verification, and the text or call that it is.

    `locale` is the language it was to be told in, None where that is not known or read.
    `sent` is None where that was refused, or erased, or where the channel has none; `status` is what holds now.
    """

    row: VerificationAttemptRow
    verification: VerificationView
    locale: str | None
    status: Status
    sent: MessageRow | CallRow | None

    def __repr__(self) -> str:
        return f"AttemptView({self.row.sid})"


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How many attempts were made, and of how many the code was entered. Refused ones are not made."""

    total: int = 0
    converted: int = 0


class AttemptReader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def fetch(self, caller: Caller, account: str, sid: str) -> AttemptView | None:
        row = await self._store.verification_attempt(account, sid)
        views = [] if row is None else await self._views(caller, account, [row])
        return views[0] if views else None

    async def page(
        self, caller: Caller, account: str, wanted: AttemptFilter, *, to: str = "", before: str | None, limit: int
    ) -> list[AttemptView]:
        """Newest first. `to` is whom they were for, "" for anybody."""
        if to:
            wanted = replace(wanted, to=await self._indexes(account, wanted.service, to))
            if not wanted.to:
                return []
        rows = await self._store.verification_attempts(account, wanted, before=before, limit=limit)
        return await self._views(caller, account, rows)

    async def summary(self, caller: Caller, account: str, wanted: AttemptFilter, *, prefix: str = "") -> Summary:
        """The count. With a `prefix` (+ and digits) numbers are opened: ApiError 60200 for more than `MAX_OPENED`."""
        if prefix:
            return await self._summary_of(caller, account, wanted, prefix)
        total = converted = 0
        before: str | None = None
        while before != "":
            part = await self._store.count_attempts(account, wanted, before=before)
            total, converted, before = total + part.total, converted + part.converted, part.last
            # A long count lets others in between.
            await asyncio.sleep(0)
        return Summary(total=total, converted=converted)

    async def _summary_of(self, caller: Caller, account: str, wanted: AttemptFilter, prefix: str) -> Summary:
        total = converted = seen = 0
        async for rows in self._pages(account, wanted):
            seen += len(rows)
            if seen > MAX_OPENED:
                raise ApiError(
                    INVALID,
                    f"Invalid parameter `DestinationPrefix`: more than {MAX_OPENED} attempts match the other filters; "
                    "numbers are sealed and opened one by one, so ask for a shorter time.",
                )
            for view in await self._views(caller, account, [row for row in rows if row.refusal is None]):
                secret = view.verification.secret
                if secret is not None and secret.to.startswith(prefix):
                    total, converted = total + 1, converted + view.row.converted
            await asyncio.sleep(0)
        return Summary(total=total, converted=converted)

    async def _pages(self, account: str, wanted: AttemptFilter) -> AsyncIterator[list[VerificationAttemptRow]]:
        before: str | None = None
        while rows := await self._store.verification_attempts(account, wanted, before=before, limit=_AT_ONCE):
            yield rows
            before = rows[-1].sid

    async def _indexes(self, account: str, service: str | None, to: str) -> tuple[bytes, ...]:
        """Blind indexes of one number: each service has its own."""
        services = [service] if service else await self._services(account)
        named = parse_recipient(to)
        whom = to if named is None else address_of(named)
        return tuple(await self._keys.blind(account, TABLE, [f"{sid}|{whom}" for sid in services]))

    async def _services(self, account: str) -> list[str]:
        return [row.sid for row in await self._store.verify_rows(account, "service", limit=MAX_SERVICES)]

    async def _views(self, caller: Caller, account: str, rows: Sequence[VerificationAttemptRow]) -> list[AttemptView]:
        """In order; without those whose verification is gone."""
        keys = dict.fromkeys((account, row.verification) for row in rows)
        found = [row for row in await self._store.verifications_of(list(keys)) if row is not None]
        opened = {view.row.sid: view for view in await open_views(self._keys, caller, account, found)}
        locales = await self._locales(caller, account, list(opened.values()))
        calls = [(account, call_sid(row.sid)) for row in rows if row.channel == "call"]
        texts = [(account, row.sid) for row in rows if row.channel != "call"]
        sent: dict[str, MessageRow | CallRow | None] = {}
        for call in await self._store.calls_of(calls) if calls else []:
            if call is not None:
                sent[f"VL{call.sid[2:]}"] = call
        for text in await self._store.messages_of(texts) if texts else []:
            if text is not None:
                sent[text.sid] = text
        now_ms = self._clock.now_ms()
        return [
            AttemptView(
                row=row,
                verification=view,
                locale=locales.get(row.sid),
                status=status_at(view.row.status, view.row.expires_ms, now_ms),
                sent=sent.get(row.sid),
            )
            for row in rows
            if (view := opened.get(row.verification)) is not None
        ]

    async def _locales(self, caller: Caller, account: str, views: Sequence[VerificationView]) -> dict[str, str]:
        """Languages by attempt: the first one's is kept with the number, each later one's by itself."""
        attempts = [attempt for view in views for attempt in view.row.attempts if attempt.locale]
        sealers = await opened_sealers(self._keys, caller, account, (attempt.epoch for attempt in attempts))
        locales = {
            attempt.sid: open_locale(sealers[attempt.epoch], attempt.sid, attempt.locale)
            for attempt in attempts
            if attempt.epoch in sealers
        }
        for view in views:
            if view.secret is not None and view.secret.locale and view.row.attempts:
                locales[view.row.attempts[0].sid] = view.secret.locale
        return locales
