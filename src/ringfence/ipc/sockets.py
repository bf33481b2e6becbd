"""Unix sockets as files: private, never taken from a living owner, and told apart by the peer's user id."""

import contextlib
import os
import socket
import stat
import struct
from pathlib import Path

_UCRED = struct.Struct("=iII")  # Linux unix(7): pid, uid, gid
_XUCRED_HEAD = struct.Struct("=II")  # macOS sys/ucred.h: version, uid, then groups
_XUCRED_BYTES = 76


def bind(path: Path, kind: socket.SocketKind, *, shared: bool = False) -> socket.socket:
    """A bound, non-blocking socket at `path`: mode 0600, in a directory that only its owner may enter.

    A directory that is missing is made; a stale socket is replaced. OSError where a living process has the path, or
    the directory is open to others. With `shared` others may enter it and connect, and not write in it: whoever
    listens asks the kernel who they are.
    """
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)
        if shared:
            path.parent.chmod(0o711)
    if path.parent.stat().st_mode & (0o066 if shared else 0o077):
        raise PermissionError("the socket's directory is open to other users")
    _clear(path, kind)
    bound = socket.socket(socket.AF_UNIX, kind)
    try:
        bound.setblocking(False)
        bound.bind(str(path))
        path.chmod(0o666 if shared else 0o600)
    except BaseException:
        bound.close()
        raise
    return bound


def _clear(path: Path, kind: socket.SocketKind) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError("there is a file that is no socket at the socket's path")
    with socket.socket(socket.AF_UNIX, kind) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
        except BlockingIOError:
            pass  # its owner lives, only its backlog is full
    raise OSError("another process listens at the socket's path")


def peer_uid(descriptor: int) -> int:
    """The user id of the process at the other end of a connected stream socket; OSError where there is no telling."""
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        if hasattr(socket, "SO_PEERCRED"):
            _, uid, _ = _UCRED.unpack(copy.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        elif hasattr(socket, "LOCAL_PEERCRED"):
            _, uid = _XUCRED_HEAD.unpack_from(copy.getsockopt(0, socket.LOCAL_PEERCRED, _XUCRED_BYTES))
        else:
            raise OSError("this platform does not tell who is at the other end of a socket")
        return int(uid)
