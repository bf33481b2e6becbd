"""The ledger's files for whoever asks, without a credential, at a bounded cost to the key service.

What was told is told again for a while without asking: a tile of one width never changes, and a checkpoint is a second
old at most. What is left to ask for is asked at a bounded rate.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

from ringfence.domain.clock import Clock
from ringfence.domain.token_bucket import TokenBucket
from ringfence.ports.ledger import LedgerRecords

HELD_MS: Final = 1_000
TILES_HELD: Final = 256
ASKED_RPS: Final = 50
ASKED_AT_ONCE: Final = 200
T = TypeVar("T")


class TooManyQuestionsError(Exception):
    """More is asked than the key service is to be asked; ask again after `wait_s`."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("the ledger is asked too much")
        self.wait_s = wait_s


class HeldRecords:
    """The open half of `ports.ledger.LedgerRecords`. TooManyQuestionsError, and ConnectionError as there."""

    def __init__(self, records: LedgerRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._bucket = TokenBucket(ASKED_RPS, burst=ASKED_AT_ONCE, now_ms=clock.monotonic_ms())
        self._told: dict[str, tuple[int, Any]] = {}
        self._tiles: OrderedDict[str, bytes] = OrderedDict()
        self._asking: dict[str, asyncio.Future[Any]] = {}

    async def checkpoint(self) -> str:
        return await self._lately("checkpoint", self._records.checkpoint)

    async def verifier(self) -> str:
        return await self._lately("verifier", self._records.verifier)

    async def cosigned(self) -> list[str]:
        return await self._lately("cosigned", self._records.cosigned)

    async def tile(self, path: str) -> bytes:
        held = self._tiles.get(path)
        if held is not None:
            self._tiles.move_to_end(path)
            return held
        self._spend()
        found = await self._records.tile(path)
        if found:
            self._tiles[path] = found
            if len(self._tiles) > TILES_HELD:
                self._tiles.popitem(last=False)
        return found

    async def _lately(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What was told within a second; many who ask at once ask once."""
        told = self._told.get(what)
        if told is not None and self._clock.monotonic_ms() - told[0] < HELD_MS:
            return cast(T, told[1])
        asking = self._asking.get(what)
        if asking is None:
            self._spend()
            asking = self._asking[what] = asyncio.ensure_future(self._ask(what, ask))
            asking.add_done_callback(lambda _: self._asking.pop(what, None))
        return cast(T, await asyncio.shield(asking))

    async def _ask(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        asked_ms = self._clock.monotonic_ms()
        answer = await ask()
        self._told[what] = (asked_ms, answer)
        return answer

    def _spend(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if not self._bucket.take(1, now_ms):
            raise TooManyQuestionsError(max(1, -(-self._bucket.wait_ms(now_ms) // 1_000)))
