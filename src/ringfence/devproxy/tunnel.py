"""Other hosts: bytes go to and fro untouched, by way of the proxy that the environment named before, if it did."""

import asyncio
import base64
import contextlib
import ssl
import urllib.parse
from collections.abc import Mapping

from ringfence.devproxy.requests import origin_form

CONNECT_S = 20.0
READ_BYTES = 64 << 10
# Headers of one connection, not of the request.
_OF_THE_CONNECTION = (b"proxy-", b"connection:", b"keep-alive:")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Upstream:
    """How to reach other hosts: straight, or through an HTTP proxy (RFC 9110, section 9.3.6)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Reads HTTPS_PROXY or https_proxy. ValueError for one that is no http:// URL."""
        url = environment.get("HTTPS_PROXY") or environment.get("https_proxy") or ""
        self._proxy: tuple[str, int] | None = None
        self._authorization = b""
        if url:
            parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
            if parts.scheme != "http" or not parts.hostname:
                raise ValueError("HTTPS_PROXY is no http:// URL")
            self._proxy = (parts.hostname, parts.port or 80)
            if parts.username is not None:
                pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
                self._authorization = b"proxy-authorization: Basic " + base64.b64encode(pair.encode()) + b"\r\n"
        beside = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
        self._beside = tuple(entry.strip().lstrip("*.").lower() for entry in beside.split(",") if entry.strip())

    async def connect(self, host: str, port: int) -> Streams:
        """A connection to a host. OSError or TimeoutError when there is none to be had."""
        async with asyncio.timeout(CONNECT_S):
            if self._proxy is None or self._goes_beside(host):
                return await asyncio.open_connection(host, port)
            reader, writer = await asyncio.open_connection(*self._proxy)
            try:
                authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
                writer.write(
                    f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n".encode() + self._authorization + b"\r\n"
                )
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                writer.close()
                raise ConnectionError("the proxy beyond broke off") from None
            except BaseException:
                writer.close()
                raise
            if head.split(b" ", 2)[1:2] != [b"200"]:
                writer.close()
                raise ConnectionError("the proxy beyond refused")
            return reader, writer

    def _goes_beside(self, host: str) -> bool:
        name = host.lower()
        return any(name == entry or name.endswith(f".{entry}") or not entry for entry in self._beside)


async def join(near: Streams, far: Streams) -> None:
    """Pass bytes both ways until both ends are done, or one breaks off."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(near[0], far[1]))
            group.create_task(_pump(far[0], near[1]))
    except* OSError:
        pass
    finally:
        far[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(READ_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()
    else:
        writer.close()


async def forward_once(head: bytes, far: Streams, near: Streams, *, secure_name: str | None) -> None:
    """One request in absolute form to its host, and then the end; by TLS for https://, which some clients send so.

    `head` is the request's, as it came; `secure_name` is the host's name, for its certificate.
    """
    line, _, rest = head.partition(b"\r\n")
    method, target, version = line.split(b" ")
    kept = [each for each in rest.split(b"\r\n") if each and not each.lower().startswith(_OF_THE_CONNECTION)]
    try:
        if secure_name is not None:
            await far[1].start_tls(ssl.create_default_context(), server_hostname=secure_name)
        first = b"%s %s %s" % (method, origin_form(target), version)
        far[1].write(b"\r\n".join([first, *kept, b"connection: close"]) + b"\r\n\r\n")
    except BaseException:
        far[1].close()
        raise
    await join(near, far)
