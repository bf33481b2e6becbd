"""Whom a list is filtered by."""

import msgspec


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A number that is looked for: as the tenant's own it is clear, as the remote it has one blind index per day."""

    number: str
    indexes: frozenset[bytes]

    def __repr__(self) -> str:
        return "Party(…)"
