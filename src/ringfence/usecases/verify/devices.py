"""Who asks without being the tenant: a device that has a factor, or one that is to make one."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.device_token import DeviceOf, Enrolment, enrolment_claimed, login_claimed
from ringfence.domain.jws import read_jws
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.store import AccountRow, Store


class PresentDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What signed in by `token`: `device`, or `enrolment`, and never both."""

    account: AccountRow
    token: str
    device: DeviceOf | None = None
    enrolment: Enrolment | None = None

    def __repr__(self) -> str:
        return f"PresentDevice({self.account.sid})"


class Devices:
    """Believes nothing of a token that the key service did not check."""

    def __init__(self, store: Store, keys: FactorKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def present(self, token: str) -> PresentDevice:
        """Who shows this token. KeyRefusedError for nobody, whatever is wrong with it."""
        try:
            claimed = read_jws(token)
        except ValueError:
            raise KeyRefusedError("no token") from None
        device, enrolment = login_claimed(claimed), enrolment_claimed(claimed)
        if device is not None:
            account = await self._account(device.account)
            await self._keys.open_for_device(device, token, [])
            return PresentDevice(account=account, token=token, device=device)
        if enrolment is not None:
            account = await self._account(enrolment.account)
            read = await self._keys.read_enrolment(enrolment.account, enrolment.service, token)
            # Who was erased is not begun again by a token from before.
            if await self._store.enrolment(read.account, read.service, read.sid, self._clock.now_ms()) is None:
                raise KeyRefusedError("its leave is gone")
            return PresentDevice(account=account, token=token, enrolment=read)
        raise KeyRefusedError("no device's token")

    async def _account(self, sid: str) -> AccountRow:
        row = await self._store.account(sid)
        parent = None if row is None or row.parent is None else await self._store.account(row.parent)
        if row is None or row.status != "active" or (row.parent is not None and parent is None):
            raise KeyRefusedError("no active account")
        if parent is not None and parent.status != "active":
            raise KeyRefusedError("no active account")
        return row
