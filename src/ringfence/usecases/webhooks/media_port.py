"""How a webhook learns where the media of an inbound text can be fetched."""

from collections.abc import Sequence
from typing import Protocol

from ringfence.ports.store import MessageRow


class Media(Protocol):
    """Keeps the media of inbound texts and links to them."""

    async def links(self, row: MessageRow, record_key: bytes, urls: Sequence[str]) -> list[tuple[str, str]]:
        """(content type, URL) of each medium, in order; ConnectionError where nothing is known."""
