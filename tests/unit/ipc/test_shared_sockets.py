"""A socket that another Unix user may use: reachable by all, and answering those whom the kernel says it is for."""

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.ipc.client import Client
from ringfence.ipc.server import serve
from ringfence.ipc.sockets import bind

NOBODY, OTHER = 65_534, 65_533
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be several users")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where any user may go."""
    path = Path(tempfile.mkdtemp(prefix="rf-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


async def echo(word: str) -> str:
    return word


def asked_as(uid: int, path: Path) -> str:
    """What a process of another user is answered: it is forked, and says so by its exit code."""
    pid = os.fork()
    if pid == 0:
        code = 3
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            code = asyncio.run(_ask(path))
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return {0: "answered", 1: "cut off", 2: "kept out"}[os.waitstatus_to_exitcode(status)]


async def _ask(path: Path) -> int:
    client = Client(path)
    try:
        return 0 if await asyncio.wait_for(client.call("echo", "word", returns=str), 10) == "word" else 3
    except ConnectionError as error:
        return 2 if isinstance(error.__cause__, PermissionError) else 1
    finally:
        await client.close()


@as_root
def test_the_user_that_it_is_for_is_answered_and_no_other(run: Callable[..., Any], folder: Path) -> None:
    async def scene() -> None:
        shared = await serve(folder / "shared.sock", {"echo": echo}, {os.getuid(), NOBODY})
        own = await serve(folder / "own" / "own.sock", {"echo": echo})
        try:
            assert await asyncio.to_thread(asked_as, NOBODY, folder / "shared.sock") == "answered"
            assert await asyncio.to_thread(asked_as, OTHER, folder / "shared.sock") == "cut off"
            assert await asyncio.to_thread(asked_as, 0, folder / "shared.sock") == "answered"
            assert await asyncio.to_thread(asked_as, NOBODY, folder / "own" / "own.sock") != "answered"
            assert await asyncio.to_thread(asked_as, 0, folder / "own" / "own.sock") == "answered"
        finally:
            await shared.close()
            await own.close()

    run(scene())


def test_a_shared_socket_lies_where_others_cannot_put_one_of_their_own(folder: Path) -> None:
    with bind(folder / "made" / "one.sock", socket.SOCK_STREAM, shared=True):
        assert (folder / "made").stat().st_mode & 0o777 == 0o711
        assert (folder / "made" / "one.sock").stat().st_mode & 0o777 == 0o666
    (folder / "made").chmod(0o733)
    with pytest.raises(PermissionError, match="open to other users"):
        bind(folder / "made" / "two.sock", socket.SOCK_STREAM, shared=True)


def test_a_socket_of_ones_own_does_not_lie_in_a_shared_folder(folder: Path) -> None:
    with pytest.raises(PermissionError, match="open to other users"):
        bind(folder / "one.sock", socket.SOCK_STREAM)
