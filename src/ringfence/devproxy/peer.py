"""Whose process is at the other end of a connection on this machine, as Linux tells it (proc(5), /proc/net/tcp)."""

import socket
from collections.abc import Iterator
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_MAPPED = "0000000000000000FFFF0000"
Address = tuple[str, int]


def uid_at(far: Address, near: Address, tables: tuple[Path, ...] = TABLES) -> int | None:
    """User ID of the owner of the IPv4 socket at `far` that is connected to `near`; None where that is not told."""
    ends = _written(far), _written(near)
    for local, remote, uid in _sockets(tables):
        if (local, remote) == ends:
            return uid
    return None


def _sockets(tables: tuple[Path, ...]) -> Iterator[tuple[str, str, int]]:
    """Both ends and the owner of each socket; those of IPv6 with IPv4 addresses in them, which the JVM opens, too."""
    for table in tables:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 7:
                yield fields[1].removeprefix(_MAPPED), fields[2].removeprefix(_MAPPED), int(fields[7])


def _written(address: Address) -> str:
    """As the table writes it: bytes of the address in the machine's order, then the port."""
    host = int.from_bytes(socket.inet_aton(address[0]), "little")
    return f"{host:08X}:{address[1]:04X}"
