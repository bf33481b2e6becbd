"""What one turn writes leaves together, in order, and whole before a close."""

import asyncio
from typing import Any

from ringfence.roles.gathered_writes import GATHERED_MAX_BYTES, GatheredWrites


class Wire:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.closing = True
        self.told.append("close")

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.told.append("pause")

    resume_reading = pause_reading

    def get_write_buffer_size(self) -> int:
        return 7


def told_after(step: Any, *, turns: int = 1) -> list[bytes | str]:
    async def story() -> list[bytes | str]:
        wire: Any = Wire()
        step(GatheredWrites(wire, asyncio.get_running_loop()))
        for _ in range(turns):
            await asyncio.sleep(0)
        return list(wire.told)

    return asyncio.run(story())


def head_and_body(transport: Any) -> None:
    transport.write(b"head ")
    transport.write(b"body")


def test_head_and_body_are_one_write():
    assert told_after(head_and_body) == [b"head body"]


def test_nothing_leaves_before_the_turn_ends():
    assert told_after(head_and_body, turns=0) == []


def test_what_is_written_is_written_before_the_close():
    def step(transport: Any) -> None:
        head_and_body(transport)
        transport.close()

    assert told_after(step, turns=2) == [b"head body", "close"]


def test_much_does_not_wait():
    def step(transport: Any) -> None:
        transport.write(b"x" * GATHERED_MAX_BYTES)
        transport.write(b"y")

    assert told_after(step, turns=0) == [b"x" * GATHERED_MAX_BYTES + b"y"]


def test_a_connection_cut_off_hears_nothing_more():
    def step(transport: Any) -> None:
        head_and_body(transport)
        transport.abort()

    assert told_after(step, turns=2) == []


def test_it_is_otherwise_the_transport():
    def step(transport: Any) -> None:
        assert transport.get_write_buffer_size() == 7
        assert not transport.is_closing()
        transport.pause_reading()

    assert told_after(step) == ["pause"]
