"""One HTTP request on one connection, sent as bytes: what an attacker or a tenant's program would send."""

import asyncio
import base64
from urllib.parse import urlencode

import msgspec

WITHIN_S = 20.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Status and body of an answer."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"


async def ask(
    port: int,
    method: str,
    path: str,
    *,
    form: dict[str, str] | None = None,
    body: bytes = b"",
    basic: tuple[str, str] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """The answer of 127.0.0.1:`port`; ConnectionError when the connection broke before one came."""
    content = urlencode(form).encode() if form is not None else body
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}", "Connection: close"]
    if content:
        kind = "application/x-www-form-urlencoded" if form is not None else "application/json"
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    if basic is not None:
        lines.append(f"Authorization: Basic {base64.b64encode(':'.join(basic).encode()).decode()}")
    lines += [f"{name}: {value}" for name, value in headers]
    async with asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
            whole = await reader.read(-1)
        finally:
            writer.close()
    head, _, answered = whole.partition(b"\r\n\r\n")
    first = head.split(b" ", 2)
    if len(first) < 2 or not first[1].isdigit():
        raise ConnectionError("no answer")
    return Answer(status=int(first[1]), body=answered)
