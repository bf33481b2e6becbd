"""One ring wakes every loop of the dispatcher."""

import asyncio


class Bell:
    """What one loop waits on. Any number of rings between two waits counts as one."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiting loop, or the next wait at once."""
        self._rung.set()

    async def wait(self, timeout_ms: int) -> bool:
        """True after a ring since the last wait; False when `timeout_ms` passed without one."""
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Bells:
    """A `ports.wake.Wake` for loops of the same process."""

    def __init__(self) -> None:
        self._bells: list[Bell] = []

    def bell(self) -> Bell:
        """A bell of its own for one more loop."""
        bell = Bell()
        self._bells.append(bell)
        return bell

    def ring(self) -> None:
        """Ring every bell."""
        for bell in self._bells:
            bell.ring()
