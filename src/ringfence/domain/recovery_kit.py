"""A recovery kit's secret as people write it down: 13 groups of five characters, each with a check of its own.

256 random bits and four of version, in Crockford's Base32 without I, L, O and U. The fifth character of a group is a
sum over GF(32), weighted by place, that the group's number is part of: any one wrong character, any two swapped, and
any group in another's place are noticed, and which group it is.
"""

import secrets
from typing import Final

SECRET_BYTES: Final = 32
GROUPS: Final = 13
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_DATA: Final = 4
_VERSION: Final = 0
_VERSION_BITS: Final = 4
_POLYNOMIAL: Final = 0b100101  # x^5 + x^2 + 1


class WrittenWrongError(ValueError):
    """What was typed is no kit's secret; the text says which group to look at, and holds none."""


def new_recovery_secret() -> bytes:
    """256 bits from the system's random source."""
    return secrets.token_bytes(SECRET_BYTES)


def recovery_credential(account: str) -> str:
    """The name of an account's kit among its credentials: RK in place of AC. An account has one at most."""
    return f"RK{account[2:]}"


def write_recovery_secret(secret: bytes) -> list[str]:
    """Its groups, in order. ValueError for another length."""
    if len(secret) != SECRET_BYTES:
        raise ValueError("a recovery secret has 32 bytes")
    number = int.from_bytes(secret) << _VERSION_BITS | _VERSION
    values = [number >> 5 * place & 31 for place in reversed(range(GROUPS * _DATA))]
    groups = [values[start : start + _DATA] for start in range(0, len(values), _DATA)]
    return ["".join(_ALPHABET[v] for v in (*group, _check(n, group))) for n, group in enumerate(groups)]


def read_recovery_secret(text: str) -> bytes:
    """What `write_recovery_secret` wrote; case, spaces and hyphens do not count. WrittenWrongError."""
    characters = [character for character in text.upper() if not character.isspace() and character != "-"]
    if len(characters) != GROUPS * (_DATA + 1):
        raise WrittenWrongError(f"a kit has {GROUPS * (_DATA + 1)} characters, and these are {len(characters)}")
    number = 0
    for n in range(GROUPS):
        group = characters[n * (_DATA + 1) : (n + 1) * (_DATA + 1)]
        values = [_VALUES.get(character, -1) for character in group]
        if -1 in values or _check(n, values[:_DATA]) != values[_DATA]:
            raise WrittenWrongError(f"group {n + 1} of {GROUPS} is not as it was written")
        for value in values[:_DATA]:
            number = number << 5 | value
    if number & (1 << _VERSION_BITS) - 1 != _VERSION:
        raise WrittenWrongError("that kit is of a later version")
    return (number >> _VERSION_BITS).to_bytes(SECRET_BYTES)


def _check(n: int, group: list[int]) -> int:
    """Weights are powers of the field's generator from its second on, so that no two are alike and none is 1."""
    total, weight = n + 1, 2
    for value in group:
        total ^= _times(value, weight)
        weight = _times(weight, 2)
    return total


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0b100000:
            a ^= _POLYNOMIAL
        b >>= 1
    return product
