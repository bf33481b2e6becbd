"""A client of HTTP/2 alone, for the networks that speak nothing else: guarded, one connection to each host, bounded."""

import asyncio
import socket
import ssl

from ringfence.domain.web_url import InvalidUrlError, WebUrl, parse_url
from ringfence.http.connection import Answer, BadAnswerError, ConnectionLostError, TooLargeAnswerError
from ringfence.http.egress_guard import AddressRefusedError, EgressGuard
from ringfence.http.http2_connection import Http2Connection
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases

PROTOCOL = "h2"


class Http2Client:
    """Implements `ports.http.HttpClient` over TLS. A request whose connection ended untouched is sent once more."""

    def __init__(self, guard: EgressGuard, *, tls: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._tls = tls or ssl.create_default_context()
        self._tls.set_alpn_protocols([PROTOCOL])
        self._connections: dict[tuple[str, str, int], Http2Connection] = {}
        self._dialling: dict[tuple[str, str, int], asyncio.Lock] = {}

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, or HttpFailedError."""
        try:
            url = request.target or parse_url(request.url)
        except InvalidUrlError as error:
            raise HttpFailedError(21205, str(error)) from None
        began_s = asyncio.get_running_loop().time()
        deadline_s = began_s + request.total_ms / 1_000
        headers = [
            (":method", request.method),
            (":scheme", url.scheme),
            (":authority", url.host_header),
            (":path", url.target),
            *request.headers,
        ]
        try:
            answer = await self._exchange(url, request, headers, deadline_s)
        except ConnectionLostError:
            raise HttpFailedError(11200, "the connection was closed before the answer") from None
        except BadAnswerError as error:
            raise HttpFailedError(11200, str(error)) from None
        except TooLargeAnswerError:
            raise HttpFailedError(11750, f"an answer of more than {request.max_body_bytes} bytes") from None
        total_ms = (asyncio.get_running_loop().time() - began_s) * 1_000
        return HttpResponse(
            status=answer.status, headers=answer.headers, body=answer.body, phases=Phases(total_ms=total_ms)
        )

    def end(self) -> None:
        """End all connections; what is under way is lost."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    async def _exchange(
        self, url: WebUrl, request: HttpRequest, headers: list[tuple[str, str]], deadline_s: float
    ) -> Answer:
        for again in (True, False):
            connection = await self._connection(url, request, deadline_s)
            try:
                return await connection.exchange(
                    headers, request.body, max_body_bytes=request.max_body_bytes, deadline_s=deadline_s
                )
            except ConnectionLostError as lost:
                if not (again and lost.untouched):
                    raise
        raise AssertionError("the second try answers or raises")

    async def _connection(self, url: WebUrl, request: HttpRequest, deadline_s: float) -> Http2Connection:
        lock = self._dialling.setdefault(url.origin, asyncio.Lock())
        try:
            async with asyncio.timeout_at(deadline_s), lock:
                known = self._connections.get(url.origin)
                if known is not None and known.open:
                    return known
                made = self._connections[url.origin] = await self._connect(url, request)
                return made
        except TimeoutError:
            raise HttpFailedError(11205, "no connection in time") from None

    async def _connect(self, url: WebUrl, request: HttpRequest) -> Http2Connection:
        if url.scheme != "https":
            raise HttpFailedError(11220, "HTTP/2 is spoken over TLS alone")
        try:
            addresses = await self._guard.addresses(url, request.owner)
        except AddressRefusedError as error:
            raise HttpFailedError(21205, str(error)) from None
        except (OSError, UnicodeError):
            raise HttpFailedError(11210, "the host name does not resolve") from None
        for address in addresses:
            try:
                async with asyncio.timeout(request.connect_ms / 1_000):
                    return await self._started(address, url)
            except ssl.SSLError:
                raise HttpFailedError(11220, "no TLS with this host, or a certificate that is not its own") from None
            except (OSError, TimeoutError):
                continue
        raise HttpFailedError(11205, "the host does not accept the connection")

    async def _started(self, address: str, url: WebUrl) -> Http2Connection:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        transport, connection = await asyncio.get_running_loop().create_connection(
            Http2Connection, address, url.port, family=family, ssl=self._tls, server_hostname=url.host.removesuffix(".")
        )
        spoken: ssl.SSLObject = transport.get_extra_info("ssl_object")
        if spoken.selected_alpn_protocol() != PROTOCOL:
            connection.close()
            raise HttpFailedError(11220, "the host does not speak HTTP/2")
        return connection
