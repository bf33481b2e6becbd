"""Approve or cancel a verification from outside: the program knows better, or wants a new code.

Source: Twilio, Verify v2, "Update a verification status".
"""

from typing import Literal

from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.verification import Status, may_become
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.ports.verification_codes import VerificationCodes
from ringfence.usecases.verify.fetch_verification import VerificationReader
from ringfence.usecases.verify.verification_view import VerificationView

Wanted = Literal["approved", "canceled"]


class VerificationChanger:
    """Ends verifications, and erases their codes first: what is over can be checked no more."""

    def __init__(self, store: Store, codes: VerificationCodes, clock: Clock, reader: VerificationReader) -> None:
        self._store = store
        self._codes = codes
        self._clock = clock
        self._reader = reader

    async def update(
        self, caller: Caller, account: str, service: str, sid_or_to: str, status: Wanted
    ) -> VerificationView | None:
        """The verification as it is then; None where none may become that."""
        view = await self._reader.fetch(caller, account, service, sid_or_to)
        if view is None or not may_become(view.row.status, Status(status)):
            return None
        await self._codes.close_code(account, view.row.sid)
        moved = await self._store.move_verification(account, view.row.sid, Status(status), self._clock.now_ms())
        if moved is None:
            # Whoever found its code gone may have ended it so a moment ago.
            known = await self._store.verification(account, view.row.sid)
            moved = known if known is not None and known.status is Status(status) else None
        return None if moved is None else replace(view, row=moved)
