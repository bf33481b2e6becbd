"""URLs under which a program fetches an inbound message's media without a credential.

Source: docs/why/keys.md, "Media".
"""

from collections.abc import Sequence
from urllib.parse import quote

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.medium import TABLE, Capability, encode_capability, medium_key
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import MediaRow, MessageRow
from ringfence.usecases.messaging.fetch_media import MediaFetcher, MediaFetchError

VALID_MS = 24 * 3_600_000


class MediaLinks:
    """Fetches what an inbound message names, and links to our own sealed copy of it."""

    def __init__(self, fetcher: MediaFetcher, keys: DeliveryKeys, clock: Clock, base_url: str) -> None:
        self._fetcher = fetcher
        self._keys = keys
        self._clock = clock
        self._base_url = base_url

    def move_to(self, base_url: str) -> None:
        """Have links made from now on lead to another address of this installation."""
        self._base_url = base_url

    async def links(self, row: MessageRow, record_key: bytes, urls: Sequence[str]) -> list[tuple[str, str]]:
        """(content type, URL) of each medium, good for 24 hours; none when they cannot be had. ConnectionError."""
        try:
            media = await self._fetcher.fetch(row, record_key, urls)
        except MediaFetchError:
            return []
        return [(medium.content_type, await self._link(medium, record_key)) for medium in media]

    async def _link(self, medium: MediaRow, record_key: bytes) -> str:
        bare = Capability(medium_key(record_key, medium.sid), self._clock.now_ms() + VALID_MS)
        (tag,) = await self._keys.blind(medium.account, TABLE, [bare.vouched(medium.sid)])
        token = encode_capability(Capability(bare.key, bare.expires_ms, tag))
        path = f"/2010-04-01/Accounts/{medium.account}/Messages/{medium.message_sid}/Media/{medium.sid}"
        return f"{self._base_url}{path}?Capability={quote(token)}"
