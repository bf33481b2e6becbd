import asyncio
import contextlib
import socket
from pathlib import Path

from ringfence.ipc.doorbell import Doorbell, DoorbellListener


def test_a_ring_wakes_the_listener_once(run_dir: Path) -> None:
    async def scene() -> tuple[bool, bool]:
        bell = Doorbell(run_dir / "wake.sock")
        async with DoorbellListener(run_dir / "wake.sock") as listener:
            bell.ring()
            bell.ring()
            first = await listener.wait(5)
            second = await listener.wait(0.05)
        bell.close()
        return first, second

    assert asyncio.run(scene()) == (True, False)


def test_ringing_never_blocks_and_never_raises(run_dir: Path) -> None:
    async def scene() -> bool:
        bell = Doorbell(run_dir / "wake.sock")
        bell.ring()  # nobody is there
        async with DoorbellListener(run_dir / "wake.sock") as listener:
            for _ in range(5_000):  # far more than a datagram queue holds
                bell.ring()
            woken = await listener.wait(5)
        bell.ring()
        bell.close()
        bell.ring()
        return woken

    assert asyncio.run(scene())


def test_rings_of_one_turn_are_one_datagram(run_dir: Path) -> None:
    async def scene(listener: socket.socket) -> list[int]:
        bell = Doorbell(run_dir / "wake.sock")
        heard = []
        for _ in range(2):
            for _ in range(10):
                bell.ring()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            heard.append(_datagrams(listener))
        bell.close()
        return heard

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(run_dir / "wake.sock"))
        listener.setblocking(False)
        assert asyncio.run(scene(listener)) == [1, 1]


def _datagrams(listener: socket.socket) -> int:
    count = 0
    with contextlib.suppress(BlockingIOError):
        while listener.recv(16):
            count += 1
    return count


def test_a_listener_that_comes_back_is_heard(run_dir: Path) -> None:
    async def scene() -> None:
        bell = Doorbell(run_dir / "wake.sock")
        for _ in range(2):
            async with DoorbellListener(run_dir / "wake.sock") as listener:
                waiting = asyncio.create_task(listener.wait(5))
                await asyncio.sleep(0)
                bell.ring()
                assert await waiting
            assert not (run_dir / "wake.sock").exists()
        bell.close()

    asyncio.run(scene())
