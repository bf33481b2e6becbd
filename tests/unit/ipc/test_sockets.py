import os
import socket
import stat
from pathlib import Path

import pytest

from ringfence.ipc.sockets import bind, peer_uid


def test_the_socket_and_its_directory_are_private(run_dir: Path) -> None:
    path = run_dir / "new" / "a.sock"
    with bind(path, socket.SOCK_STREAM):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o755, 0o704])
def test_a_directory_open_to_others_is_refused(run_dir: Path, mode: int) -> None:
    run_dir.chmod(mode)
    with pytest.raises(PermissionError):
        bind(run_dir / "a.sock", socket.SOCK_STREAM)
    assert not (run_dir / "a.sock").exists()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_stale_socket_is_replaced_and_a_living_one_is_not(run_dir: Path, kind: socket.SocketKind) -> None:
    path = run_dir / "a.sock"
    first = bind(path, kind)
    if kind is socket.SOCK_STREAM:
        first.listen(1)
    with pytest.raises(OSError, match="another process"):
        bind(path, kind)
    first.close()
    bind(path, kind).close()


def test_a_living_socket_with_a_full_backlog_is_not_replaced(run_dir: Path) -> None:
    path = run_dir / "a.sock"
    with bind(path, socket.SOCK_STREAM) as first:
        first.listen(0)
        waiting = []
        try:
            for _ in range(3):
                peer = socket.socket(socket.AF_UNIX)
                peer.setblocking(False)
                waiting.append(peer)
                peer.connect_ex(str(path))
            with pytest.raises(OSError, match="another process"):
                bind(path, socket.SOCK_STREAM)
        finally:
            for peer in waiting:
                peer.close()


def test_a_plain_file_is_never_removed(run_dir: Path) -> None:
    path = run_dir / "a.sock"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        bind(path, socket.SOCK_STREAM)
    assert path.read_text() == "mine"


def test_the_peer_is_told_by_the_kernel() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_uid(ours.fileno()) == os.getuid()
        assert ours.fileno() >= 0
