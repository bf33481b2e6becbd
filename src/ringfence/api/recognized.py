"""Whose credentials were presented a moment ago, so that a crowd can be refused without asking the store again."""

import hashlib
import os
from collections import OrderedDict

from ringfence.domain.clock import Clock

MAX_AGE_MS = 60_000
_MAX_HEADERS = 4_096


class RecognizedHeaders:
    """Tenants by the Authorization header that signed in; by its keyed hash, for a minute, and bounded in number.

    It is good for refusing and for nothing else: whoever is served has been signed in anew.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = os.urandom(32)
        self._tenants: OrderedDict[bytes, tuple[str, int]] = OrderedDict()

    def note(self, header: bytes, tenant: str) -> None:
        """This header signed in."""
        digest = self._digest(header)
        self._tenants[digest] = (tenant, self._clock.monotonic_ms())
        self._tenants.move_to_end(digest)
        if len(self._tenants) > _MAX_HEADERS:
            self._tenants.popitem(last=False)

    def tenant_of(self, header: bytes) -> str | None:
        """Who that was, within the last minute."""
        tenant, at_ms = self._tenants.get(self._digest(header), (None, 0))
        return tenant if self._clock.monotonic_ms() - at_ms < MAX_AGE_MS else None

    def _digest(self, header: bytes) -> bytes:
        return hashlib.blake2b(header, key=self._key, digest_size=32).digest()
