"""Opens what SIP listens on, and says where others reach it."""

import errno
import ssl
from collections.abc import Iterable, Sequence
from functools import partial

from ringfence.carriers.sip.lines import SipLines
from ringfence.carriers.sip.listen import Listen
from ringfence.carriers.sip.websocket import PageOf, WebSocketFlow


async def serve(
    lines: SipLines,
    listens: Iterable[Listen],
    *,
    tls: ssl.SSLContext | None = None,
    is_page: PageOf = lambda remote, host, origin: False,
    free_instead: bool = False,
) -> Sequence[Listen]:
    """Open every socket: what is open, with the ports that were taken. OSError for one that cannot be.

    `tls` is the certificate of tls and wss; `is_page` tells which browsers' connections the Phones page opened. With
    `free_instead` a port that is taken gives way to a free one.
    """
    opened = []
    for listen in listens:
        try:
            port = await _open(lines, listen, tls, is_page)
        except OSError as error:
            # uvloop does not say why a datagram socket could not be bound; whatever else it was comes again.
            if not (free_instead and error.errno in {errno.EADDRINUSE, None}):
                raise
            port = await _open(lines, Listen(listen.kind, listen.host, 0), tls, is_page)
        lines.reached_at(listen.kind.upper(), port)
        opened.append(Listen(listen.kind, listen.host, port))
    return opened


async def _open(lines: SipLines, listen: Listen, tls: ssl.SSLContext | None, is_page: PageOf) -> int:
    host = listen.host.strip("[]")
    match listen.kind:
        case "udp":
            return await lines.endpoint.listen_udp(host, listen.port)
        case "tcp":
            return await lines.endpoint.listen_tcp(host, listen.port)
        case "tls":
            return await lines.endpoint.listen_tcp(host, listen.port, tls=_needed(tls))
        case "ws" | "wss":
            return await _websocket(lines, listen, is_page, tls if listen.kind == "wss" else None)


async def _websocket(lines: SipLines, listen: Listen, is_page: PageOf, tls: ssl.SSLContext | None) -> int:
    secure = listen.kind == "wss"
    accept = partial(WebSocketFlow, is_page=is_page, secure=secure)
    return await lines.endpoint.listen(
        listen.host.strip("[]"), listen.port, accept, tls=_needed(tls) if secure else None
    )


def _needed(tls: ssl.SSLContext | None) -> ssl.SSLContext:
    if tls is None:
        raise OSError("tls needs a certificate")
    return tls
