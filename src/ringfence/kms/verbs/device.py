"""For the API, the devices that confirm by a push: they have no slot, and open what is of their own factor."""

from collections.abc import Sequence

from ringfence.domain.device_token import DeviceOf, Enrolment
from ringfence.domain.sid import new_sid
from ringfence.kms.vault import API, Vault
from ringfence.ports.device_keys import RecordKeys
from ringfence.ports.keys import Caller, KeyRefusedError


class DeviceVerbs(Vault):
    """`ports.device_keys.DeviceKeys`."""

    async def keep_device(self, device: DeviceOf, public_key: bytes) -> None:
        await self._write_down(device.account, API, "keep_device", device.factor)
        await self._devices.keep(device, public_key)

    async def device_payload(self, device: DeviceOf, token: str) -> bytes | None:
        return self._devices.payload(device, token)

    async def is_signed_by_device(self, device: DeviceOf, message: bytes, signature: bytes) -> bool:
        return self._devices.is_signed(device, message, signature)

    async def open_for_device(self, device: DeviceOf, login: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        self._admit(device, login)
        names = [name for name, _ in records]
        if not all(name.startswith(f"{device.factor}/") for name in names):
            raise KeyRefusedError("sealed for another device")
        values = self._open_standing(device.account, records)
        if names:
            await self._write_down(device.account, device.factor, "open_for_device", *names)
        return values

    async def seal_for_device(self, device: DeviceOf, login: str, prefixes: Sequence[str]) -> RecordKeys:
        self._admit(device, login)
        return await self._new_records(device.account, device.factor, prefixes)

    async def forget_devices(self, account: str, factors: Sequence[str]) -> None:
        await self._write_down(account, API, "forget_devices", *factors)
        await self._devices.forget(account, factors)

    async def sign_enrolment(self, caller: Caller, enrolment: Enrolment) -> str:
        await self._open(caller, enrolment.account, "sign_enrolment")
        await self._write_down(enrolment.account, caller.credential, "sign_enrolment", enrolment.sid)
        return self._devices.sign(enrolment)

    async def read_enrolment(self, account: str, service: str, token: str) -> Enrolment:
        enrolment = self._devices.enrolment(account, service, token)
        if enrolment is None:
            raise KeyRefusedError("no enrolment token")
        return enrolment

    async def enrol(self, account: str, service: str, token: str, prefixes: Sequence[str]) -> RecordKeys:
        enrolment = await self.read_enrolment(account, service, token)
        if not await self._devices.use(enrolment):
            raise KeyRefusedError("an enrolment token makes one factor")
        return await self._new_records(account, enrolment.sid, prefixes)

    def _admit(self, device: DeviceOf, login: str) -> None:
        if not self._devices.is_present(device, login):
            # Of devices that there are alone: else anybody could fill the record, under names of his own.
            if self._devices.is_known(device):
                self._write_down_later(device.account, device.factor, "refused.device")
            raise KeyRefusedError("no such device")

    async def _new_records(self, account: str, actor: str, prefixes: Sequence[str]) -> RecordKeys:
        sids = tuple(new_sid(prefix, self._clock.now_ms()) for prefix in prefixes)
        live = await self._live.epoch(account)
        await self._live.count(account, len(sids))
        await self._write_down(account, actor, "seal_for_device", *sids)
        return RecordKeys(epoch=live.number, sids=sids, keys=tuple(live.record_keys.key(sid) for sid in sids))
