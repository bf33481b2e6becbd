"""A text may wait for weeks. What allowed it may be gone when its time comes: account, number, consent.

Source: Twilio, errors 30002, 21606 and 21610.
"""

import asyncio
from collections.abc import Sequence

from ringfence.domain import magic_numbers
from ringfence.domain.mail_address import sender_address
from ringfence.domain.messaging_address import number_in
from ringfence.ports.freezes import FrozenError, is_frozen
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import Store
from ringfence.usecases.messaging.opt_out_pair import opted_out

ACCOUNT_SUSPENDED = 30002
NOT_THE_ACCOUNTS_NUMBER = 21606
OPTED_OUT = 21610
# A text sent sooner than this was asked about just now.
OPT_OUT_AFTER_MS = 10_000


class SecondLook:
    """Asks again, just before a text is sent, what was asked when it was accepted."""

    def __init__(self, store: Store, keys: DeliveryKeys, carrier: str) -> None:
        self._store = store
        self._keys = keys
        self._carrier = carrier

    async def at_sender(self, account: str, local: str) -> int | None:
        """Twilio's code where nothing more may be sent for this account from this number, else None.

        FrozenError where an operator has stopped it for now.
        """
        await self.refuse_frozen(account)
        if not await self._is_active(account):
            # By a freeze of this very moment, it may be: then the text waits, and does not fail.
            await self.refuse_frozen(account)
            return ACCOUNT_SUSPENDED
        # The magic sender is nobody's; that it may be used was decided when the text was accepted.
        if local == magic_numbers.VALID_FROM:
            return None
        # Mails come from an address of the installation, which no account owns.
        if sender_address(local):
            return None
        owned = await self._store.number_by_e164(number_in(local))
        return None if owned is not None and owned.account == account else NOT_THE_ACCOUNTS_NUMBER

    async def opted_out(self, account: str, pairs: Sequence[tuple[Sequence[str], str]]) -> list[bool]:
        """Which of these (a text's senders, subscriber) opted out by now. ConnectionError where it cannot be told."""
        return await asyncio.gather(
            *(opted_out(self._store, self._keys, account, senders, remote) for senders, remote in pairs)
        )

    async def refuse_frozen(self, account: str) -> None:
        """Return where nothing of the account, nor of the carrier, stands still. FrozenError."""
        freezes = await self._store.freezes()
        if not freezes:
            return
        if is_frozen(freezes, "carrier", self._carrier):
            raise FrozenError
        row = await self._store.account(account)
        if is_frozen(freezes, "account", account, None if row is None else row.parent):
            raise FrozenError

    async def _is_active(self, account: str) -> bool:
        row = await self._store.account(account)
        if row is None or row.status != "active":
            return False
        return row.parent is None or await self._is_active(row.parent)
