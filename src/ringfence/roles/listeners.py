"""The sockets of the public port: bound once by the supervisor, inherited by an api process and by those after it."""

import errno
import socket
from collections.abc import Sequence

from ringfence.roles.port_owner import owner_of
from ringfence.roles.refusal import RefusalError

BACKLOG = 2_048
# uvloop (libuv from 1.45) accepts one connection of a listener in a turn of the loop: too few when turns are long.
ACCEPTED_A_TURN = 32
_SEARCH = 100


def bind(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Listening sockets of all `hosts`, on one port (a free one for port 0); the first one's port is everyone's.

    RefusalError names the owner of a busy port and the next free one. A host of an address family that this
    machine lacks is left out, unless none remains.
    """
    for _ in range(_SEARCH):
        try:
            return _bind_all(hosts, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise RefusalError(f"port {port}: {error.strerror}", "choose another with --port") from None
            if port:
                raise _busy(hosts, port) from None
    raise RefusalError("no port is free on every address", "choose one with --port")


def bind_near(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """As `bind`, but where the port is busy a free one: for what is opened from where its address is shown."""
    try:
        return bind(hosts, port)
    except RefusalError:
        return bind(hosts, 0)


def bind_for(processes: int, hosts: Sequence[str], port: int) -> list[list[socket.socket]]:
    """Listening sockets of all `hosts` on one port for each of so many processes. RefusalError as `bind` has it.

    Linux deals connections out evenly among the processes' sockets; one that several share would give most of a crowd
    to whoever looks first.
    """
    alone = bind(hosts, port)
    if processes == 1:
        return [alone]
    # Those who share a port let others of the same user share it too: that nobody has it is asked without sharing.
    found, port = [listener.getsockname()[0] for listener in alone], alone[0].getsockname()[1]
    for listener in alone:
        listener.close()
    return [[_bind_one(host, port, shared=True) for host in found] for _ in range(processes)]


def adopt(descriptors: Sequence[int]) -> list[socket.socket]:
    """The inherited sockets, by descriptor."""
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def widen(listeners: Sequence[socket.socket]) -> list[socket.socket]:
    """The listeners `ACCEPTED_A_TURN` times over, for a server that takes one connection of each in a turn."""
    return [*listeners, *(listener.dup() for listener in listeners for _ in range(1, ACCEPTED_A_TURN))]


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for host in hosts:
            try:
                bound.append(_bind_one(host, bound[0].getsockname()[1] if bound else port))
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    raise
                absent = error
        if absent is not None and not bound:
            raise absent
    except BaseException:
        for listener in bound:
            listener.close()
        raise
    return bound


def _bind_one(host: str, port: int, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _busy(hosts: Sequence[str], port: int) -> RefusalError:
    owner = owner_of(port)
    whose = f" (pid {owner.pid}, {owner.name})" if owner else ""
    return RefusalError(f"port {port} busy{whose}", f"--port {_next_free(hosts, port)}")


def _next_free(hosts: Sequence[str], port: int) -> int:
    for candidate in range(port + 1, min(port + _SEARCH, 65_536)):
        try:
            for listener in _bind_all(hosts, candidate):
                listener.close()
        except OSError:
            continue
        return candidate
    return 0
