"""The one client for outbound HTTP: guarded, pooled, bounded, timed."""

import asyncio
import functools
import re
import socket
import ssl

from ringfence.domain.web_url import InvalidUrlError, WebUrl, parse_url
from ringfence.http.connection import (
    Answer,
    BadAnswerError,
    Connection,
    ConnectionLostError,
    TooLargeAnswerError,
)
from ringfence.http.egress_guard import AddressRefusedError, EgressGuard
from ringfence.http.pool import Pool
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases

MAX_ADDRESSES = 4
# A GET carries its form in the URL: 1,600 characters of four bytes are 19,200 once percent-encoded.
MAX_URL_CHARACTERS = 64 << 10

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[\t -~\x80-\xff]*")


class PooledClient:
    """HTTP/1.1 with keep-alive over the addresses the guard judged; implements `ports.http.HttpClient`.

    Redirects are not followed and encoded answers are refused (`Accept-Encoding: identity` is sent). A kept
    connection that turns out closed is replaced once, and only if it had brought no byte of an answer. Certificates
    and host names are checked against `tls`, by default the system's roots.
    """

    def __init__(
        self,
        guard: EgressGuard,
        *,
        tls: ssl.SSLContext | None = None,
        per_host: int = 64,
        total: int = 1_024,
        idle_s: float = 15.0,
        life_s: float = 60.0,
    ) -> None:
        self._guard = guard
        self._tls = tls or ssl.create_default_context()
        self._pool = Pool(per_host=per_host, total=total, idle_s=idle_s, life_s=life_s)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, or HttpFailedError."""
        try:
            url = request.target or parse_url(request.url, max_characters=MAX_URL_CHARACTERS)
        except InvalidUrlError as error:
            raise HttpFailedError(21205, str(error)) from None
        payload = encode_request(url, request)
        timing = _Timing(asyncio.get_running_loop().time(), request.total_ms)
        connection = await self._acquire(url, timing)
        try:
            if connection is not None:
                timing.reused = True
                try:
                    answer = await self._exchange(connection, payload, request, timing)
                except ConnectionLostError as error:
                    if not error.untouched:
                        raise
                    timing.reused = False
                    connection = await self._connect(url, request, timing)
                    answer = await self._exchange(connection, payload, request, timing)
            else:
                connection = await self._connect(url, request, timing)
                answer = await self._exchange(connection, payload, request, timing)
        except ConnectionLostError:
            raise HttpFailedError(11200, "the connection was closed before the answer", timing.phases()) from None
        except BadAnswerError as error:
            raise HttpFailedError(11200, str(error), timing.phases()) from None
        except TooLargeAnswerError:
            cause = f"an answer of more than {request.max_body_bytes} bytes"
            raise HttpFailedError(11750, cause, timing.phases()) from None
        finally:
            self._pool.release(url.origin, connection)
        timing.first_byte_ms = (answer.first_byte_s - timing.sent_s) * 1_000
        return HttpResponse(status=answer.status, headers=answer.headers, body=answer.body, phases=timing.phases())

    async def close(self) -> None:
        """Close the idle connections. Requests in flight end by themselves."""
        self._pool.close()

    async def _acquire(self, url: WebUrl, timing: "_Timing") -> Connection | None:
        if not self._pool.full(url.origin):
            return await self._pool.acquire(url.origin)
        try:
            async with asyncio.timeout_at(timing.deadline_s):
                return await self._pool.acquire(url.origin)
        except TimeoutError:
            raise HttpFailedError(11200, "no connection was free in time", timing.phases()) from None

    async def _exchange(
        self, connection: Connection, payload: bytes, request: HttpRequest, timing: "_Timing"
    ) -> Answer:
        timing.sent_s = timing.now_s()
        return await connection.exchange(
            payload,
            max_body_bytes=request.max_body_bytes,
            read_s=request.read_ms / 1_000,
            deadline_s=timing.deadline_s,
        )

    async def _connect(self, url: WebUrl, request: HttpRequest, timing: "_Timing") -> Connection:
        try:
            async with asyncio.timeout_at(timing.deadline_s):
                addresses = await self._resolve(url, request.owner, timing)
                handle = await self._open_socket(addresses, url.port, request.connect_ms / 1_000, timing)
                try:
                    return await self._start(handle, url, request.connect_ms / 1_000, timing)
                except BaseException:
                    handle.close()
                    raise
        except TimeoutError:
            raise HttpFailedError(11205, "no connection in time", timing.phases()) from None

    async def _resolve(self, url: WebUrl, owner: str, timing: "_Timing") -> list[str]:
        started_s = timing.now_s()
        try:
            addresses = await self._guard.addresses(url, owner)
        except AddressRefusedError as error:
            raise HttpFailedError(21205, str(error), timing.phases()) from None
        except (OSError, UnicodeError):
            raise HttpFailedError(11210, "the host name does not resolve", timing.phases()) from None
        timing.dns_ms = timing.since_ms(started_s)
        return addresses[:MAX_ADDRESSES]

    async def _open_socket(self, addresses: list[str], port: int, connect_s: float, timing: "_Timing") -> socket.socket:
        started_s = timing.now_s()
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            handle = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            try:
                async with asyncio.timeout(connect_s / len(addresses)):
                    await asyncio.get_running_loop().sock_connect(handle, (address, port))
            except (OSError, TimeoutError):
                handle.close()
                continue
            except BaseException:
                handle.close()
                raise
            timing.tcp_ms = timing.since_ms(started_s)
            return handle
        raise HttpFailedError(11205, "the host does not accept the connection", timing.phases())

    async def _start(self, handle: socket.socket, url: WebUrl, connect_s: float, timing: "_Timing") -> Connection:
        loop = asyncio.get_running_loop()
        if url.scheme == "http":
            return (await loop.create_connection(Connection, sock=handle))[1]
        started_s = timing.now_s()
        try:
            async with asyncio.timeout(connect_s):
                _, connection = await loop.create_connection(
                    Connection, sock=handle, ssl=self._tls, server_hostname=url.host.removesuffix(".")
                )
        except ssl.SSLCertVerificationError:
            raise HttpFailedError(11220, "the certificate is not trusted for this host", timing.phases()) from None
        except (OSError, ValueError):
            raise HttpFailedError(11220, "no TLS with this host", timing.phases()) from None
        timing.tls_ms = timing.since_ms(started_s)
        return connection


class _Timing:
    """When things happened, on the loop's clock."""

    def __init__(self, started_s: float, total_ms: int) -> None:
        self.now_s = asyncio.get_running_loop().time
        self.started_s = self.sent_s = started_s
        self.deadline_s = started_s + total_ms / 1_000
        self.dns_ms: float | None = None
        self.tcp_ms: float | None = None
        self.tls_ms: float | None = None
        self.first_byte_ms: float | None = None
        self.reused = False

    def since_ms(self, at_s: float) -> float:
        return (self.now_s() - at_s) * 1_000

    def phases(self) -> Phases:
        return Phases(
            dns_ms=self.dns_ms,
            tcp_ms=self.tcp_ms,
            tls_ms=self.tls_ms,
            first_byte_ms=self.first_byte_ms,
            total_ms=self.since_ms(self.started_s),
            reused=self.reused,
        )


def encode_request(url: WebUrl, request: HttpRequest) -> bytes:
    """The request's bytes. ValueError for a method or header that could end its own line.

    Host, Content-Length and Accept-Encoding are the client's to write; the caller's are refused.
    """
    if not _TOKEN.fullmatch(request.method) or request.method in ("HEAD", "CONNECT"):
        raise ValueError("not a method whose answer has a body")
    lines = [f"{request.method} {url.target} HTTP/1.1\r\nHost: {url.host_header}\r\nAccept-Encoding: identity\r\n"]
    for name, value in request.headers:
        if not _FIELD_VALUE.fullmatch(value):
            raise ValueError("not a header")
        lines.append(f"{_checked(name)}: {value}\r\n")
    if request.body or request.method != "GET":
        lines.append(f"Content-Length: {len(request.body)}\r\n")
    lines.append("\r\n")
    return "".join(lines).encode("latin-1") + request.body


@functools.lru_cache(256)
def _checked(name: str) -> str:
    """A header's name that the caller may give; ValueError. Few names are ever used."""
    if not _TOKEN.fullmatch(name):
        raise ValueError("not a header")
    if name.lower() in ("host", "content-length", "transfer-encoding", "accept-encoding", "connection"):
        raise ValueError("a header that the client writes itself")
    return name
