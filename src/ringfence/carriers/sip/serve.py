"""Opens what SIP listens on, from lines such as `udp:127.0.0.1:5060`, and says where others reach it."""

import re
import ssl
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from ringfence.carriers.sip.lines import SipLines

Kind = Literal["udp", "tcp", "tls", "ws", "wss"]
KINDS: tuple[Kind, ...] = ("udp", "tcp", "tls", "ws", "wss")
_LISTEN = re.compile(r"(udp|tcp|tls|ws|wss):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+):([0-9]{1,5})")


class Listen(msgspec.Struct, frozen=True):
    """One socket to open; port 0 takes a free one."""

    kind: Kind
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.host}:{self.port}"


def parse_listen(text: str) -> Listen:
    """Read `udp:HOST:PORT`. ValueError."""
    match = _LISTEN.fullmatch(text)
    if match is None or int(match[3]) > 65_535:
        raise ValueError(f"{text!r} is not like udp:127.0.0.1:5060 (kinds: {', '.join(KINDS)})")
    return Listen(match[1], match[2], int(match[3]))  # type: ignore[arg-type]


async def serve(lines: SipLines, listens: Iterable[Listen], *, tls: ssl.SSLContext | None = None) -> Sequence[Listen]:
    """Open every socket: what is open, with the ports that were taken. OSError for one that cannot be.

    `tls` is the certificate of tls and wss.
    """
    opened = []
    for listen in listens:
        host = listen.host.strip("[]")
        if listen.kind == "udp":
            port = await lines.endpoint.listen_udp(host, listen.port)
        elif listen.kind == "tcp":
            port = await lines.endpoint.listen_tcp(host, listen.port)
        elif listen.kind == "tls":
            port = await lines.endpoint.listen_tcp(host, listen.port, tls=_needed(tls))
        else:
            raise OSError(f"{listen.kind} is not served")
        lines.reached_at(listen.kind.upper(), port)
        opened.append(Listen(listen.kind, listen.host, port))
    return opened


def _needed(tls: ssl.SSLContext | None) -> ssl.SSLContext:
    if tls is None:
        raise OSError("tls needs a certificate")
    return tls
