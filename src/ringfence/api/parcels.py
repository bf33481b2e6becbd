"""Sealed parcels that pass a credential from a program to a page once, without the server being able to read it.

Who makes a link seals the credential under a fresh key, leaves the parcel here, and puts its id and the key behind the
link's `#`, which browsers send nowhere. The page takes the parcel, which is gone then, and opens it.
"""

import os
from collections import OrderedDict

MAX_AGE_MS = 600_000
MAX_PARCELS = 256
MAX_OF_TENANT = 8
MAX_BYTES = 1_024
ID_BYTES = 16


class Parcels:
    """In the memory of one process; bounded, the oldest goes first."""

    def __init__(self) -> None:
        self._parcels: OrderedDict[str, tuple[str, int, str]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Parcels({len(self._parcels)})"

    def leave(self, tenant: str, sealed: str, now_ms: int) -> str:
        """Keep a parcel for ten minutes; its id, 32 hexadecimal digits that nobody can guess."""
        parcel_id = os.urandom(ID_BYTES).hex()
        own = [key for key, (owner, _, _) in self._parcels.items() if owner == tenant]
        for old in own[: max(0, len(own) - MAX_OF_TENANT + 1)]:
            del self._parcels[old]
        if len(self._parcels) >= MAX_PARCELS:
            self._parcels.popitem(last=False)
        self._parcels[parcel_id] = (tenant, now_ms, sealed)
        return parcel_id

    def take(self, parcel_id: str, now_ms: int) -> str | None:
        """The parcel, once; None when it was taken, is too old, or never was."""
        found = self._parcels.pop(parcel_id, None)
        return found[2] if found is not None and now_ms - found[1] < MAX_AGE_MS else None
