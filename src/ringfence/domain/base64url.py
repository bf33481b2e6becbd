"""Bytes as base64url without padding, one spelling for each. Source: RFC 4648, sections 3.5 and 5."""

import base64
import binascii


def encode_base64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """The inverse. ValueError for what `encode_base64url` would have written otherwise: padding, other letters, bits
    left over."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("expected Base64url") from None
    if encode_base64url(data) != text:
        raise ValueError("expected Base64url in its one spelling")
    return data
