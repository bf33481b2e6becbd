"""A medium as a test reads it."""

import msgspec


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """Its content type, and its bytes."""

    content_type: str
    content: bytes

    def __repr__(self) -> str:
        return f"Medium({self.content_type}, {len(self.content)} bytes)"
