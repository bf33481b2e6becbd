"""From an answer to bytes: status, content type, body."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import NamedTuple

import msgspec

from ringfence.api import xml
from ringfence.api.admission import TooManyRequestsError
from ringfence.api.byte_ranges import UnsatisfiableRangeError, asked_range
from ringfence.api.paging import Page
from ringfence.api.resource import CORE, Headed, Operation, Raw, Streamed
from ringfence.domain.errors import ApiError, TryLaterError, more_info

JSON = b"application/json"
XML = b"application/xml"

_encoder = msgspec.json.Encoder()
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")


class Reply(NamedTuple):
    """What goes onto the wire, but for the headers that every answer has. `code` is the error's, where it is one.

    Where `pieces` is given it is the body, `length` bytes long if that is known; it and `close` are the writer's.
    """

    status: int
    content_type: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    code: int | None = None
    pieces: AsyncGenerator[bytes] | None = None
    length: int | None = None
    close: Callable[[], Awaitable[None]] | None = None


def reply_with(operation: Operation, answer: object, *, json: bool, asked: bytes = b"") -> Reply:
    """One thing, a page, a medium's bytes, or nothing (204). `asked` is the request's Range."""
    if isinstance(answer, Headed):
        return reply_with(operation, answer.answer, json=json, asked=asked)._replace(headers=answer.headers)
    if operation.status == 204:
        return Reply(204, b"", b"")
    if isinstance(answer, Raw):
        return _raw(answer)
    if isinstance(answer, Streamed):
        return _streamed(answer, asked)
    listed = operation.listed
    if isinstance(answer, Page) and listed is not None:
        answer = answer.envelope(listed) if operation.product == CORE else answer.with_meta(listed)
    if json:
        return Reply(operation.status, JSON, _encoder.encode(answer))
    plain = msgspec.to_builtins(answer)
    body = xml.document(operation.item, plain) if listed is None else xml.page_document(listed, operation.item, plain)
    return Reply(operation.status, XML, body)


_NEVER_RENDERED = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cache-control", b"private, no-store"),
)


def _raw(answer: Raw) -> Reply:
    """Bytes that a stranger chose: never rendered by a browser in this origin."""
    known = _MEDIA_TYPE.fullmatch(answer.content_type) is not None
    content_type = answer.content_type.encode() if known else b"application/octet-stream"
    return Reply(200, content_type, answer.body, _NEVER_RENDERED)


def _streamed(answer: Streamed, asked: bytes) -> Reply:
    """All of it, or the part that was asked for (206), or neither (416)."""
    length, content_type = answer.length, answer.content_type.encode()
    if length is None:
        pieces = answer.read(0, 0)
        return Reply(200, content_type, b"", _NEVER_RENDERED, pieces=pieces, close=answer.close)
    headers: tuple[tuple[bytes, bytes], ...] = (*_NEVER_RENDERED, (b"accept-ranges", b"bytes"))
    try:
        part = asked_range(asked, length)
    except UnsatisfiableRangeError:
        return Reply(416, content_type, b"", (*headers, (b"content-range", b"bytes */%d" % length)), close=answer.close)
    start, end = part or (0, length)
    if part is not None:
        headers = (*headers, (b"content-range", b"bytes %d-%d/%d" % (start, end - 1, length)))
    status, pieces = 200 if part is None else 206, answer.read(start, end)
    return Reply(status, content_type, b"", headers, pieces=pieces, length=end - start, close=answer.close)


def refuse(error: ApiError, path: str, *, json: bool) -> Reply:
    """Twilio's error body; `path` fills 20404's text when nothing else did."""
    message = f"The requested resource {path} was not found" if error.code == 20404 else error.message
    fields = {
        "code": error.code,
        "message": message,
        "more_info": more_info(error.code),
        "status": error.status,
    }
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if error.status == 401:
        headers = ((b"www-authenticate", b'Basic realm="Twilio API"'),)
    elif error.status in (429, 503):
        after_s = error.retry_after_s if isinstance(error, TooManyRequestsError | TryLaterError) else 1
        headers = ((b"retry-after", str(after_s).encode()),)
    if json:
        return Reply(error.status, JSON, _encoder.encode(fields), headers, error.code)
    return Reply(error.status, XML, xml.document("RestException", fields), headers, error.code)
