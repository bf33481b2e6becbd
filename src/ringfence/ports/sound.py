"""Sounds of others: files of many formats in, sound as `ports.media` has it out."""

from typing import Protocol


class UnreadableSoundError(Exception):
    """No sound that can be read, or one that is too large: the cause, without content."""


class SoundReader(Protocol):
    """Decodes."""

    async def read(self, data: bytes) -> bytes:
        """16-bit little-endian mono at 8,000 samples a second. UnreadableSoundError."""
