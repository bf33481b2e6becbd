"""Whoever asks for the ledger's files costs the key service little, however often he asks."""

import asyncio
from typing import Any

import pytest

from ringfence.api.held_records import ASKED_AT_ONCE, HELD_MS, TILES_HELD, HeldRecords, TooManyQuestionsError
from ringfence.domain.clock import ManualClock
from ringfence.ports.keys import Caller
from ringfence.ports.ledger import ProvenEntries


class Counted:
    """A ledger that counts what it is asked, and lacks what begins with `none`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def checkpoint(self) -> str:
        self.asked.append("checkpoint")
        await asyncio.sleep(0)
        return f"checkpoint {len(self.asked)}"

    async def verifier(self) -> str:
        self.asked.append("verifier")
        return "key"

    async def cosigned(self) -> list[str]:
        self.asked.append("cosigned")
        return ["note"]

    async def tile(self, path: str) -> bytes:
        self.asked.append(path)
        return b"" if path.startswith("none") else path.encode()

    async def entries_of(self, caller: Caller, account: str, after: int, limit: int) -> ProvenEntries:
        raise AssertionError("entries are for those who sign in")


def test_a_checkpoint_is_asked_for_once_a_second_by_however_many(run: Any) -> None:
    ledger, clock = Counted(), ManualClock()
    held = HeldRecords(ledger, clock)

    async def story() -> None:
        assert set(await asyncio.gather(*(held.checkpoint() for _ in range(1_000)))) == {"checkpoint 1"}
        clock.advance(HELD_MS - 1)
        assert await held.checkpoint() == "checkpoint 1"
        clock.advance(1)
        assert await held.checkpoint() == "checkpoint 2"
        assert (await held.verifier(), await held.verifier()) == ("key", "key")
        assert (await held.cosigned(), await held.cosigned()) == (["note"], ["note"])

    run(story())
    assert ledger.asked == ["checkpoint", "checkpoint", "verifier", "cosigned"]


def test_a_tile_is_asked_for_once_and_the_latest_are_held(run: Any) -> None:
    ledger, clock = Counted(), ManualClock()
    held = HeldRecords(ledger, clock)

    async def story() -> None:
        for n in range(TILES_HELD):
            assert await held.tile(f"{n}") == f"{n}".encode()
            clock.advance(1_000)
        await held.tile("0")
        await held.tile("one more")
        await held.tile("0")
        await held.tile("1")

    run(story())
    assert ledger.asked == [*map(str, range(TILES_HELD)), "one more", "1"]


def test_what_is_not_there_is_asked_for_at_a_bounded_rate(run: Any) -> None:
    ledger, clock = Counted(), ManualClock()
    held = HeldRecords(ledger, clock)

    async def story() -> None:
        for _ in range(ASKED_AT_ONCE):
            assert await held.tile("none") == b""
        with pytest.raises(TooManyQuestionsError) as refused:
            await held.tile("none")
        assert refused.value.wait_s == 1
        with pytest.raises(TooManyQuestionsError):
            await held.checkpoint()
        clock.advance(1_000)
        assert await held.checkpoint()

    run(story())
    assert len(ledger.asked) == ASKED_AT_ONCE + 1
