"""Find a verification, by its SID whatever became of it, or by the number while it holds that."""

from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.number import parse_e164
from ringfence.domain.recipient import address_of, parse_recipient
from ringfence.domain.sid import is_sid
from ringfence.domain.verification import status_at
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verifications import VerificationRow
from ringfence.usecases.verify.start_verification import TABLE
from ringfence.usecases.verify.verification_view import VerificationView, open_views


class VerificationReader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def find(self, account: str, service: str, sid_or_to: str) -> VerificationRow | None:
        """The row, with the status that holds now."""
        now_ms = self._clock.now_ms()
        if is_sid(sid_or_to, "VE"):
            row = await self._store.verification(account, sid_or_to)
            row = row if row is not None and row.service == service else None
        else:
            named = parse_recipient(sid_or_to) or parse_e164(sid_or_to)
            to = sid_or_to if named is None else address_of(named)
            (to_index,) = await self._keys.blind(account, TABLE, [f"{service}|{to}"])
            row = await self._store.held_verification(account, service, to_index, now_ms)
        return None if row is None else replace(row, status=status_at(row.status, row.expires_ms, now_ms))

    async def fetch(self, caller: Caller, account: str, service: str, sid_or_to: str) -> VerificationView | None:
        """The verification, or None."""
        row = await self.find(account, service, sid_or_to)
        if row is None:
            return None
        (view,) = await open_views(self._keys, caller, account, [row])
        return view
