"""A factor: what an entity proves itself with. Unverified until it was used once, verified from then on.

Source: Twilio, Verify v2, "Factor resource", "TOTP", "Push", "Passkeys".
"""

from enum import StrEnum
from typing import Final

import msgspec

FACTORS_MAX: Final = 20
"""Factors of one entity."""


class FactorType(StrEnum):
    """What kind of proof it gives, spelled as Twilio's API spells it."""

    TOTP = "totp"
    PUSH = "push"
    PASSKEYS = "passkeys"


class FactorStatus(StrEnum):
    """A factor's status, spelled as Twilio's API spells it."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"


class FactorSecret(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What only the tenant may read of a factor: sealed under its record key.

    `config`, `metadata` and `binding` are JSON objects, `{}` where there is nothing. A passkey's binding is its
    credential: id, public key (COSE), sign count, backup flags, transports, AAGUID. That of a TOTP factor is empty: its
    secret is the key service's.
    """

    friendly_name: str
    config: str = "{}"
    metadata: str = "{}"
    binding: str = "{}"

    def __repr__(self) -> str:
        return "FactorSecret(…)"


def may_become(before: FactorStatus, after: FactorStatus) -> bool:
    """True when a factor in `before` may move to `after`: it is verified once, and never less than that again."""
    return before is FactorStatus.UNVERIFIED and after is FactorStatus.VERIFIED
