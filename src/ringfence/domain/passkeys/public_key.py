"""Which public keys a passkey may have: three kinds, each in the one form that its algorithm has.

Source: RFC 9052, section 7; RFC 9053, sections 2 and 7; RFC 8812, section 2; WebAuthn Level 3, section 5.8.5.
"""

from enum import IntEnum
from typing import Final

from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.domain.passkeys.strict_cbor import InvalidCborError, Item, decode_cbor


class Algorithm(IntEnum):
    """COSE's numbers. ES256 is P-256 with SHA-256, EdDSA Ed25519, RS256 RSA PKCS #1 v1.5 with SHA-256."""

    ES256 = -7
    EDDSA = -8
    RS256 = -257


RSA_MODULUS_MIN_BYTES: Final = 256
RSA_MODULUS_MAX_BYTES: Final = 512
RSA_EXPONENT: Final = b"\x01\x00\x01"

_KTY, _ALG = 1, 3
_FIRST, _SECOND, _THIRD = -1, -2, -3
_OKP, _EC2, _RSA = 1, 2, 3
_P256, _ED25519 = 1, 6
_COORDINATE_BYTES = 32


def algorithm_of(public_key: bytes) -> Algorithm:
    """Of a COSE key. PasskeyRefusedError: MALFORMED for no such key, ALGORITHM for one that is not taken here."""
    try:
        key = decode_cbor(public_key)
    except InvalidCborError:
        raise PasskeyRefusedError(Refusal.MALFORMED) from None
    if not isinstance(key, dict):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    try:
        algorithm = Algorithm(key[_ALG])  # type: ignore[arg-type]
    except (KeyError, ValueError):
        raise PasskeyRefusedError(Refusal.ALGORITHM) from None
    if not _has_form(key, algorithm):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    return algorithm


def _has_form(key: dict[int | str, Item], algorithm: Algorithm) -> bool:
    match algorithm:
        case Algorithm.ES256:
            return (
                key.keys() == {_KTY, _ALG, _FIRST, _SECOND, _THIRD}
                and _is_number(key[_KTY], _EC2)
                and _is_number(key[_FIRST], _P256)
                and _is_coordinate(key[_SECOND])
                and _is_coordinate(key[_THIRD])
            )
        case Algorithm.EDDSA:
            return (
                key.keys() == {_KTY, _ALG, _FIRST, _SECOND}
                and _is_number(key[_KTY], _OKP)
                and _is_number(key[_FIRST], _ED25519)
                and _is_coordinate(key[_SECOND])
            )
        case Algorithm.RS256:
            return (
                key.keys() == {_KTY, _ALG, _FIRST, _SECOND}
                and _is_number(key[_KTY], _RSA)
                and _is_modulus(key[_FIRST])
                # With another exponent a signature may be made by anybody (1), or is no better.
                and key[_SECOND] == RSA_EXPONENT
            )


def _is_number(value: Item, number: int) -> bool:
    # True is 1 to Python.
    return type(value) is int and value == number


def _is_coordinate(value: Item) -> bool:
    return isinstance(value, bytes) and len(value) == _COORDINATE_BYTES


def _is_modulus(value: Item) -> bool:
    return (
        isinstance(value, bytes)
        and RSA_MODULUS_MIN_BYTES <= len(value) <= RSA_MODULUS_MAX_BYTES
        # 2048 bits are 2048 bits.
        and value[0] >= 0x80
    )
