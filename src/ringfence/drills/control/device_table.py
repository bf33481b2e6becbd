"""Devices that are believed what they say: what a drill must be able to break.

No signature is checked, and an enrolment token is good as often as it is shown.
"""

from collections.abc import Sequence

from ringfence.domain.device_token import ENROLMENT, DeviceOf, Enrolment, enrolment_claimed, enrolment_claims
from ringfence.domain.jws import read_jws, write_hs256
from ringfence.domain.sealing.epoch import first_epoch
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sealing.standing import StandingSealer
from ringfence.domain.sid import made_ms, new_sid
from ringfence.ports.device_keys import RecordKeys
from ringfence.ports.keys import Caller, KeyRefusedError


class DeviceTable:
    """`ports.device_keys` without any of its promises, under the platform's one key."""

    _key = b""

    async def keep_device(self, device: DeviceOf, public_key: bytes) -> None:
        return

    async def device_payload(self, device: DeviceOf, token: str) -> bytes | None:
        return read_jws(token).payload

    async def is_signed_by_device(self, device: DeviceOf, message: bytes, signature: bytes) -> bool:
        return True

    async def open_for_device(self, device: DeviceOf, login: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        sealer = StandingSealer(self._key, device.account)
        return [sealer.open(name, sealed) for name, sealed in records]

    async def seal_for_device(self, device: DeviceOf, login: str, prefixes: Sequence[str]) -> RecordKeys:
        return self._new_records(prefixes)

    async def forget_devices(self, account: str, factors: Sequence[str]) -> None:
        return

    async def sign_enrolment(self, caller: Caller, enrolment: Enrolment) -> str:
        return write_hs256(self._key, {"cty": ENROLMENT}, enrolment_claims(enrolment))

    async def read_enrolment(self, account: str, service: str, token: str) -> Enrolment:
        enrolment = enrolment_claimed(read_jws(token))
        if enrolment is None:
            raise KeyRefusedError("no enrolment token")
        return enrolment

    async def enrol(self, account: str, service: str, token: str, prefixes: Sequence[str]) -> RecordKeys:
        return self._new_records(prefixes)

    def _new_records(self, prefixes: Sequence[str]) -> RecordKeys:
        sids = tuple(new_sid(prefix) for prefix in prefixes)
        records, epoch = EpochRecords(self._key), first_epoch(made_ms(sids[0]))
        return RecordKeys(epoch=epoch, sids=sids, keys=tuple(records.key(sid) for sid in sids))
