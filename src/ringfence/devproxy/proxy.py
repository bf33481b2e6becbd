"""The proxy itself: CONNECT (RFC 9110, section 9.3.6) and requests in absolute form, on loopback.

Connections to twilio.com end here, under our authority; all others pass through.
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
import os
import secrets
import socket
import ssl
import urllib.parse
from collections.abc import Callable

from ringfence.devproxy.authority import Authority
from ringfence.devproxy.hosts import is_ours, split_authority
from ringfence.devproxy.installation_side import InstallationSide
from ringfence.devproxy.peer import uid_at
from ringfence.devproxy.requests import Request
from ringfence.devproxy.tunnel import Streams, Upstream, forward_once, join
from ringfence.domain.sid import is_sid

MAX_CONNECTIONS = 512
HEAD_S = 30.0
HANDSHAKE_S = 30.0
MAX_HEAD_BYTES = 64 << 10
LINGER_S = 1.0
NO_PROXY_REQUEST = "this is a proxy: it takes CONNECT host:port, and requests for http://host/"
STRANGER = "only the program that it was started for may use this proxy"
STRANGER_SEEN = "another user of this machine tried the proxy → it was refused"
USER = "ringfence"
HELD_BACK = "{host}: a request with a Twilio credential was held back → it would have left in the clear"
UNTRUSTED = (
    "{host}: the program refused the certificate ({reason}) → it pins certificates, or has its own list of authorities:"
    " add the file that SSL_CERT_FILE names to it"
)
CHALLENGE = b'proxy-authenticate: Basic realm="ringfence run"\r\n'
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxy:
    """Serves a port of 127.0.0.1 until closed. `say` is told, in a line each, what the program's owner should know."""

    def __init__(
        self, authority: Authority, installation: InstallationSide, upstream: Upstream, say: Callable[[str], None]
    ) -> None:
        self._authority = authority
        self._installation = installation
        self._upstream = upstream
        self._say = say
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._secret = secrets.token_hex(16)
        self.port = 0

    @property
    def url(self) -> str:
        """What the program is given: it holds the secret by which the program is known."""
        return f"http://{USER}:{self._secret}@127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Take a free port and serve it."""
        listener = socket.create_server(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=MAX_HEAD_BYTES)
        self.port = listener.getsockname()[1]

    async def close(self) -> None:
        """End all connections. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _guarded(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Counted before anything is awaited: so those that came first are served.
        too_many = len(self._serving) > MAX_CONNECTIONS
        try:
            await self._serve(reader, writer, too_many=too_many)
        except _RefusedError as refused:
            await _refuse(reader, writer, refused)
        except (OSError, asyncio.IncompleteReadError):
            # The program went away; there is nobody left to tell.
            return
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, too_many: bool) -> None:
        if too_many:
            raise _RefusedError(503, f"more than {MAX_CONNECTIONS} connections")
        try:
            async with asyncio.timeout(HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise _RefusedError(408, "no request came") from None
        except asyncio.LimitOverrunError:
            raise _RefusedError(400, NO_PROXY_REQUEST) from None
        if not self._is_known(head, writer):
            self._say(STRANGER_SEEN)
            raise _RefusedError(407, STRANGER)
        try:
            method, target = _begin_of(head)
            host, port, secure = _place_of(method, target)
        except ValueError:
            raise _RefusedError(400, NO_PROXY_REQUEST) from None
        if method == "CONNECT":
            await self._connect(host, port, reader, writer)
        elif is_ours(host):
            await self._installation.serve(reader, writer, host, first=head)
        elif _carries_credential(head):
            self._say(HELD_BACK.format(host=host))
            raise _RefusedError(403, "a Twilio credential does not leave this machine")
        else:
            far = await self._reach(host, port)
            try:
                await forward_once(head, far, (reader, writer), secure_name=host if secure else None)
            except ssl.SSLError as error:
                raise _RefusedError(502, f"the host's certificate does not hold ({_reason(error)})") from None

    def _is_known(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        """By the secret; a client that does not pass it on, as the JVM's do not, by its user, if that can be told."""
        if hmac.compare_digest(_secret_in(head), self._secret.encode()):
            return True
        return uid_at(writer.get_extra_info("peername")[:2], writer.get_extra_info("sockname")[:2]) == os.geteuid()

    async def _connect(self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not is_ours(host):
            far = await self._reach(host, port)
            writer.write(ESTABLISHED)
            await join((reader, writer), far)
            return
        context = self._authority.context(host)
        writer.write(ESTABLISHED)
        try:
            await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE_S)
        except (OSError, TimeoutError) as error:
            self._say(UNTRUSTED.format(host=host, reason=_reason(error)))
            return
        await self._installation.serve(reader, writer, host)

    async def _reach(self, host: str, port: int) -> Streams:
        try:
            return await self._upstream.connect(host, port)
        except (OSError, TimeoutError) as error:
            raise _RefusedError(502, f"the host cannot be reached ({type(error).__name__})") from None


class _RefusedError(Exception):
    """A request that is answered by the proxy itself."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def _begin_of(head: bytes) -> tuple[str, str]:
    parts = head.partition(b"\r\n")[0].decode("ascii").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise ValueError("no request line")
    return parts[0], parts[1]


def _place_of(method: str, target: str) -> tuple[str, int, bool]:
    """Host and port that are asked for, and whether by https. ValueError for what is not for a proxy."""
    if method == "CONNECT":
        return *split_authority(target, 443), True
    parts = urllib.parse.urlsplit(target)
    if parts.scheme not in ("http", "https"):
        raise ValueError("no absolute form")
    secure = parts.scheme == "https"
    return *split_authority(parts.netloc.rpartition("@")[2], 443 if secure else 80), secure


def _secret_in(head: bytes) -> bytes:
    """What came as the password of Proxy-Authorization, b"" without one."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"proxy-authorization":
            scheme, _, pair = value.strip().partition(b" ")
            with contextlib.suppress(binascii.Error):
                return (
                    base64.b64decode(pair.strip(), validate=True).partition(b":")[2]
                    if scheme.lower() == b"basic"
                    else b""
                )
    return b""


def _carries_credential(head: bytes) -> bool:
    lines = head.split(b"\r\n")[1:]
    pairs = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    basic = Request(method="GET", target=b"/", headers=pairs, body=b"", keep_alive=False).basic
    return basic is not None and is_sid(basic[0])


def _reason(error: OSError | TimeoutError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return "it broke off"


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refused: _RefusedError) -> None:
    """Answer, and read on for a moment: what lies unread when a connection is closed takes the answer with it."""
    body = f"ringfence run: {refused.why}\n".encode()
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(
            b"HTTP/1.1 %d Refused\r\n%scontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n" % (refused.status, CHALLENGE * (refused.status == 407), len(body)) + body
        )
        writer.write_eof()
        async with asyncio.timeout(LINGER_S):
            while await reader.read(MAX_HEAD_BYTES):
                pass
