"""What an authenticator says of itself, its user and its new key. Source: WebAuthn Level 3, section 6.1."""

import uuid
from typing import Final

import msgspec

from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.domain.passkeys.strict_cbor import InvalidCborError, decode_cbor_at

CREDENTIAL_ID_MIN_BYTES: Final = 16
CREDENTIAL_ID_MAX_BYTES: Final = 1023

_USER_PRESENT = 0x01
_USER_VERIFIED = 0x04
_BACKUP_ELIGIBLE = 0x08
_BACKED_UP = 0x10
_CREDENTIAL = 0x40
_EXTENSIONS = 0x80
_HASH_BYTES = 32
_COUNTER_END = 37
_AAGUID_BYTES = 16


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair just made. `public_key` is its COSE key as it was sent; `aaguid` a UUID, zeros where none is told."""

    aaguid: str
    credential_id: bytes
    public_key: bytes

    def __repr__(self) -> str:
        return "NewCredential(…)"


class AuthenticatorData(msgspec.Struct, frozen=True, kw_only=True):
    """The flags by name; `credential` in answers to a registration alone. Extensions are read and left alone."""

    rp_id_hash: bytes
    user_present: bool
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    sign_count: int
    credential: NewCredential | None = None

    def __repr__(self) -> str:
        return "AuthenticatorData(…)"


def parse_authenticator_data(data: bytes) -> AuthenticatorData:
    """All of `data`, or PasskeyRefusedError: MALFORMED; BACKUP for a copy of what cannot be copied."""
    if len(data) < _COUNTER_END:
        raise PasskeyRefusedError(Refusal.MALFORMED)
    flags = data[_HASH_BYTES]
    at = _COUNTER_END
    credential = None
    if flags & _CREDENTIAL:
        credential, at = _credential(data, at)
    if flags & _EXTENSIONS:
        at = _end_of_map(data, at)
    if at != len(data):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    if flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE:
        raise PasskeyRefusedError(Refusal.BACKUP)
    return AuthenticatorData(
        rp_id_hash=data[:_HASH_BYTES],
        user_present=bool(flags & _USER_PRESENT),
        user_verified=bool(flags & _USER_VERIFIED),
        backup_eligible=bool(flags & _BACKUP_ELIGIBLE),
        backed_up=bool(flags & _BACKED_UP),
        sign_count=int.from_bytes(data[_HASH_BYTES + 1 : _COUNTER_END], "big"),
        credential=credential,
    )


def _credential(data: bytes, at: int) -> tuple[NewCredential, int]:
    length_at = at + _AAGUID_BYTES
    id_at = length_at + 2
    id_length = int.from_bytes(data[length_at:id_at], "big")
    key_at = id_at + id_length
    if not CREDENTIAL_ID_MIN_BYTES <= id_length <= CREDENTIAL_ID_MAX_BYTES or key_at > len(data):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    end = _end_of_map(data, key_at)
    return (
        NewCredential(
            aaguid=str(uuid.UUID(bytes=data[at:length_at])),
            credential_id=data[id_at:key_at],
            public_key=data[key_at:end],
        ),
        end,
    )


def _end_of_map(data: bytes, at: int) -> int:
    try:
        found, end = decode_cbor_at(data, at)
    except InvalidCborError:
        raise PasskeyRefusedError(Refusal.MALFORMED) from None
    if not isinstance(found, dict):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    return end
