"""Every row that holds standing configuration, so that all of it can be sealed anew under another key."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from ringfence.ports.store import Store


class StandingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed value and where it is. `fields` are the columns that name it: account, sid, kind and the like."""

    place: str
    fields: Mapping[str, str | bytes]
    sealed: bytes


class StandingRows(Protocol):
    """For an operator. Only stores that outlive their process have it."""

    async def standing_rows(self, name: str, after: StandingRow | None, limit: int) -> list[StandingRow]:
        """Rows of one of `store.standing_places`, behind `after`, in order of their keys; empty values are left out."""

    async def renew_standing_rows(self, renewals: Sequence[tuple[StandingRow, bytes]]) -> int:
        """Put other sealed values in place of these, where they are as they were read; in how many rows."""

    async def totp_factors(self, after: tuple[str, str, str], limit: int) -> list[tuple[str, str, str]]:
        """(account, service, sid) of TOTP factors behind `after`, in order."""


class LastingStore(Store, StandingRows, Protocol):
    """A store that outlives its process."""
