"""Make, change and use credentials of networks that wake devices. What is secret of them is sealed."""

from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.push_credential import (
    PushCredential,
    PushSecret,
    decode_push_credential,
    decode_push_secret,
    encode_push_credential,
    encode_push_secret,
)
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import push_credential_record
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.push_sender import Signing
from ringfence.ports.verify_config import VerifyConfigStore, VerifyFullError, VerifyRow
from ringfence.usecases.verify.configuration import PUSH_CREDENTIAL

KIND = PUSH_CREDENTIAL.kind


class PushCredentials:
    """Credentials of accounts."""

    def __init__(self, store: VerifyConfigStore, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def create(self, account: str, credential: PushCredential, secret: PushSecret) -> VerifyRow:
        """The new row. ApiError 60200 where the account has all that it may have."""
        now_ms = self._clock.now_ms()
        sid = new_sid(PUSH_CREDENTIAL.prefix, now_ms)
        row = VerifyRow(
            account=account,
            kind=KIND,
            sid=sid,
            settings=encode_push_credential(credential),
            standing=await self._sealed(account, sid, secret),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        try:
            await self._store.create_verify(row, PUSH_CREDENTIAL.limit)
        except VerifyFullError:
            message = f"An account has at most {PUSH_CREDENTIAL.limit} credentials."
            raise ApiError(PUSH_CREDENTIAL.full, message) from None
        return row

    async def change(self, row: VerifyRow, credential: PushCredential, secret: PushSecret | None) -> VerifyRow | None:
        """The row as it is now, its secrets kept where `secret` is None; None where it is gone."""
        standing = row.standing if secret is None else await self._sealed(row.account, row.sid, secret)
        changed = replace(
            row,
            settings=encode_push_credential(credential),
            standing=standing,
            updated_ms=max(self._clock.now_ms(), row.updated_ms + 1),
        )
        return changed if await self._store.update_verify(changed) else None

    async def signing(self, caller: Caller, account: str, service: str, platform: str) -> Signing | None:
        """What the service names for this platform (apn, fcm); None where it names none that is there."""
        row = await self._store.verify_row(account, "service", service)
        push = None if row is None else decode_verify_service(row.settings).push
        sid = "" if push is None else {"apn": push.apn_credential_sid, "fcm": push.fcm_credential_sid}.get(platform, "")
        found = await self._store.verify_row(account, KIND, sid) if sid else None
        if found is None:
            return None
        credential = decode_push_credential(found.settings)
        if credential.type != platform:
            return None
        records = [(push_credential_record(sid), found.standing)]
        (opened,) = await self._keys.open_standing_as(caller, account, records)
        return Signing(sid=sid, changed_ms=found.updated_ms, credential=credential, secret=decode_push_secret(opened))

    async def _sealed(self, account: str, sid: str, secret: PushSecret) -> bytes:
        records = [(push_credential_record(sid), encode_push_secret(secret))]
        (standing,) = await self._keys.seal_standing(account, records)
        return standing
