"""Keys of devices in the key service: whose signature a token bears, and what a device may make."""

from collections.abc import Sequence
from typing import Final

from ringfence.domain.clock import Clock
from ringfence.domain.device_token import (
    ENROLMENT,
    DeviceOf,
    Enrolment,
    enrolment_claimed,
    enrolment_claims,
    is_good_now,
    login_claimed,
)
from ringfence.domain.jws import Jws, is_es256, is_hs256, is_signature, read_jws, write_hs256
from ringfence.domain.sealing import hkdf
from ringfence.kms.standing_keys import StandingKeys
from ringfence.kms.store import KeyStore

_SALT: Final = b"ringfence/enrolment/v1"
_KEEP = "INSERT INTO device_key VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_KEY = "SELECT public FROM device_key WHERE account = ? AND factor = ? AND service = ?"
_FORGET = "DELETE FROM device_key WHERE account = ? AND factor = ?"
_USE = "INSERT INTO enrolment_used VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_EXPIRED = "SELECT 1 FROM enrolment_used WHERE expires_s <= ? LIMIT 1"
_EXPIRE = "DELETE FROM enrolment_used WHERE expires_s <= ?"


class Devices:
    """The parts of `ports.device_keys` that need no tenant's key; `standing` is what enrolments are signed from."""

    def __init__(self, store: KeyStore, standing: StandingKeys, clock: Clock) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock

    async def keep(self, device: DeviceOf, public_key: bytes) -> None:
        values = (device.account, device.factor, device.service, public_key)
        if not await self._store.write(lambda tx: tx.execute(_KEEP, values).rowcount):
            raise ValueError("the factor has a key")

    async def forget(self, account: str, factors: Sequence[str]) -> None:
        await self._store.write(
            lambda tx: tx.executemany(_FORGET, [(account, factor) for factor in factors]).rowcount, erases=True
        )

    def is_known(self, device: DeviceOf) -> bool:
        """Whether there is such a device."""
        return self._key_of(device) is not None

    def payload(self, device: DeviceOf, token: str) -> bytes | None:
        """What the device signed, None where it did not."""
        signed = _read(token)
        if signed is None:
            return None
        key = self._key_of(device)
        return signed.payload if key is not None and is_es256(key, signed) else None

    def is_signed(self, device: DeviceOf, message: bytes, signature: bytes) -> bool:
        """Whether the device signed this message."""
        key = self._key_of(device)
        return key is not None and is_signature(key, message, signature)

    def is_present(self, device: DeviceOf, login: str) -> bool:
        """Whether this is a token by which the device signs in now."""
        token = _read(login)
        if token is None or login_claimed(token) != device or not is_good_now(token, self._now_s()):
            return False
        return self.payload(device, login) is not None

    def sign(self, enrolment: Enrolment) -> str:
        key = _enrolment_key(self._standing.newest, enrolment.account, enrolment.service)
        return write_hs256(key, {"cty": ENROLMENT}, enrolment_claims(enrolment))

    def enrolment(self, account: str, service: str, text: str) -> Enrolment | None:
        """What a token that is good now gives leave to do; None for any other."""
        token = _read(text)
        claimed = None if token is None else enrolment_claimed(token)
        if token is None or claimed is None or (claimed.account, claimed.service) != (account, service):
            return None
        keys = (_enrolment_key(standing, account, service) for standing in self._standing.all())
        if claimed.expires_s <= self._now_s() or not any(is_hs256(key, token) for key in keys):
            return None
        return claimed

    async def use(self, enrolment: Enrolment) -> bool:
        """False where it was used before."""
        values = (enrolment.account, enrolment.sid, enrolment.expires_s)
        return await self._store.write(lambda tx: tx.execute(_USE, values).rowcount) > 0

    async def tidy(self) -> None:
        """Forget the tokens that have ended by themselves."""
        now_s = self._now_s()
        if self._store.row(_EXPIRED, now_s) is not None:
            await self._store.write(lambda tx: tx.execute(_EXPIRE, (now_s,)).rowcount)

    def _key_of(self, device: DeviceOf) -> bytes | None:
        row = self._store.row(_KEY, device.account, device.factor, device.service)
        return None if row is None else row[0]

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1_000


def _enrolment_key(standing: bytes, account: str, service: str) -> bytes:
    return hkdf.derive(standing, _SALT, f"{account}|{service}".encode())


def _read(token: str) -> Jws | None:
    try:
        return read_jws(token)
    except ValueError:
        return None
