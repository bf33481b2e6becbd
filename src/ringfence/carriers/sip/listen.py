"""What SIP listens on, as an operator writes it: `udp:127.0.0.1:5060`."""

import re
from typing import Literal

import msgspec

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
