"""From an answer to bytes: status, content type, body."""

import re
from typing import NamedTuple

import msgspec

from ringfence.api import xml
from ringfence.api.admission import TooManyRequestsError
from ringfence.api.paging import Page
from ringfence.api.resource import CORE, Operation, Raw
from ringfence.domain.errors import ApiError, more_info

JSON = b"application/json"
XML = b"application/xml"

_encoder = msgspec.json.Encoder()
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")


class Reply(NamedTuple):
    """What goes onto the wire, but for the headers that every answer has. `code` is the error's, where it is one."""

    status: int
    content_type: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    code: int | None = None


def reply_with(operation: Operation, answer: object, *, json: bool) -> Reply:
    """One thing, a page, a medium's bytes, or nothing (204)."""
    if operation.status == 204:
        return Reply(204, b"", b"")
    if isinstance(answer, Raw):
        return _raw(answer)
    listed = operation.listed
    if isinstance(answer, Page) and listed is not None:
        answer = answer.envelope(listed) if operation.product == CORE else answer.with_meta(listed)
    if json:
        return Reply(operation.status, JSON, _encoder.encode(answer))
    plain = msgspec.to_builtins(answer)
    body = xml.document(operation.item, plain) if listed is None else xml.page_document(listed, operation.item, plain)
    return Reply(operation.status, XML, body)


def _raw(answer: Raw) -> Reply:
    """Bytes that a stranger chose: never rendered by a browser in this origin."""
    known = _MEDIA_TYPE.fullmatch(answer.content_type) is not None
    content_type = answer.content_type.encode() if known else b"application/octet-stream"
    headers = (
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"sandbox; default-src 'none'"),
        (b"cache-control", b"private, no-store"),
    )
    return Reply(200, content_type, answer.body, headers)


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
        after_s = error.retry_after_s if isinstance(error, TooManyRequestsError) else 1
        headers = ((b"retry-after", str(after_s).encode()),)
    if json:
        return Reply(error.status, JSON, _encoder.encode(fields), headers, error.code)
    return Reply(error.status, XML, xml.document("RestException", fields), headers, error.code)
