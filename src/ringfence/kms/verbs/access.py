"""For console and API, what members change of who may use their accounts."""

from collections.abc import Sequence

from ringfence.kms.vault import Vault, read_by
from ringfence.ports.access_changes import AccessChange, WaitingAccess
from ringfence.ports.console_keys import Reader
from ringfence.ports.standing_forms import SealedForm


class AccessVerbs(Vault):
    """`ports.access_changes.AccessForms` and `AccessChanges`."""

    async def keep_access(self, account: str, record: str, form: SealedForm, reader: Reader) -> None:
        scope = read_by(reader)
        with self._refusals_of(account, form.by, "keep_access", *scope, record):
            proven = self._access.check(account, record, form)
        await self._write_down(account, form.by, "keep_access", *scope, record)
        await self._access.keep(proven)

    async def waiting_access(self, account: str) -> list[WaitingAccess]:
        return self._access.waiting(account)

    async def take_access(self) -> list[AccessChange]:
        return await self._access.take()

    async def settle_access(self, numbers: Sequence[int]) -> list[int]:
        return await self._access.settle(numbers)
