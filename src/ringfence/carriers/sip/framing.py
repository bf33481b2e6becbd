"""Where one message of a stream ends and the next begins.

A stream (TCP, TLS) delimits by Content-Length, which it must have; a WebSocket carries one message a frame (RFC 7118).
Pings between messages are CRLF CRLF, answered by one CRLF (RFC 5626, section 4.4.1).

Source: RFC 3261, section 18.3.
"""

import re

from ringfence.carriers.sip.message import MAX_BODY_BYTES, MAX_HEADER_BYTES

PING = b"\r\n\r\n"
PONG = b"\r\n"

_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*(?=\r\n)", re.IGNORECASE)


class FramingError(ValueError):
    """A stream that cannot be cut into messages any more: close it."""


class StreamFramer:
    """Bytes in, whole messages out. `pings` counts the pings since it was last asked."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._pings = 0

    def __repr__(self) -> str:
        return f"StreamFramer({len(self._buffer)} bytes)"

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now. FramingError for one without its length, or too large."""
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def take_pings(self) -> int:
        """How many pings came since the last call; each wants a PONG."""
        pings, self._pings = self._pings, 0
        return pings

    def _next(self) -> bytes | None:
        while self._buffer.startswith(PING):
            del self._buffer[: len(PING)]
            self._pings += 1
        # A single CRLF may be a pong, or half of a ping that is still on its way.
        if self._buffer.startswith(b"\r\n") and len(self._buffer) > 2 and not PING.startswith(bytes(self._buffer[:4])):
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise FramingError("a header that never ends")
            return None
        if end > MAX_HEADER_BYTES:
            raise FramingError("a header that is too long")
        lengths = _LENGTH.findall(bytes(self._buffer[: end + 2]))
        if len(lengths) != 1 or int(lengths[0]) > MAX_BODY_BYTES:
            raise FramingError("a message without one sensible Content-Length")
        whole = end + 4 + int(lengths[0])
        if len(self._buffer) < whole:
            return None
        message = bytes(self._buffer[:whole])
        del self._buffer[:whole]
        return message
