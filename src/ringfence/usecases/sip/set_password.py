"""Make a SIP credential, or give one another password. The password is hashed here and kept nowhere.

A digest needs H(username:realm:password) for each algorithm that may be asked: both are made now, and sealed.

Source: RFC 7616; RFC 8760; Twilio, "SIP Credential resource".
"""

import hashlib

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import encode_sip_secrets, sip_credential_record
from ringfence.ports.keys import TenantKeys
from ringfence.ports.sip_access import (
    MAX_IN_LIST,
    REALM,
    SipAccessStore,
    SipFullError,
    SipNameTakenError,
    SipRow,
)

PASSWORD_MIN_CHARACTERS = 12


async def create_credential(
    store: SipAccessStore, keys: TenantKeys, clock: Clock, *, account: str, in_list: str, username: str, password: str
) -> SipRow | None:
    """The credential; None where the list is not there.

    ApiError 20001 for a password that is easily guessed, a username that the list has, or a list that is full.
    """
    now_ms = clock.now_ms()
    sid = new_sid("CR", now_ms)
    row = SipRow(
        account=account,
        kind="credential",
        parent=in_list,
        sid=sid,
        name=username,
        shown=username,
        standing=await _sealed(keys, account, sid, username, password),
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    try:
        return row if await store.create_sip(row, MAX_IN_LIST) else None
    except SipNameTakenError:
        raise ApiError(20001, "The list has a credential of this Username already.") from None
    except SipFullError:
        raise ApiError(20001, f"A list holds at most {MAX_IN_LIST} credentials.") from None


async def change_password(
    store: SipAccessStore, keys: TenantKeys, clock: Clock, row: SipRow, *, password: str
) -> SipRow | None:
    """The credential with another password; None where it is gone. ApiError 20001 as above."""
    standing = await _sealed(keys, row.account, row.sid, row.name, password)
    changed = msgspec.structs.replace(row, standing=standing, updated_ms=clock.now_ms())
    return changed if await store.update_sip(changed) else None


async def _sealed(keys: TenantKeys, account: str, sid: str, username: str, password: str) -> bytes:
    """Twilio's rule for passwords: 12 characters, a digit, both cases."""
    if (
        len(password) < PASSWORD_MIN_CHARACTERS
        or not any(character.isdigit() for character in password)
        or password.lower() == password
        or password.upper() == password
    ):
        raise ApiError(
            20001, "Password must have at least 12 characters, with a digit, an upper-case and a lower-case letter."
        )
    known = f"{username}:{REALM}:{password}".encode()
    secrets = {
        "SHA-256": hashlib.sha256(known).hexdigest(),
        "MD5": hashlib.md5(known, usedforsecurity=False).hexdigest(),
    }
    (standing,) = await keys.seal_standing(account, [(sip_credential_record(sid), encode_sip_secrets(secrets))])
    return standing
