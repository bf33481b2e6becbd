"""What a role keeps for no use is let go of while it runs: what was read last, and cycles."""

import sys

import pytest
from tests.unit.roles.own_memory import plain, told

from ringfence.roles.wiped_memory import possible, wiping

# A text that was read, and one in a cycle: what is left before anything is let go of, and after.
KEPT = """
import asyncio, socket, uvloop
from ringfence.roles.pacing import settle
from ringfence.roles.short_held import letting_go

class Read(asyncio.Protocol):
    def data_received(self, data):
        cycle = [mark(201, 300)]
        cycle.append(cycle)

async def main():
    settle()
    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().create_connection(Read, sock=theirs)
    ours.send(b"".join(mark(number, 900) for number in range(100, 200)))
    await asyncio.sleep(0.05)
    before = marks_left()
    async with letting_go(every_s=0.05):
        async with asyncio.timeout(10):
            while marks_left():
                await asyncio.sleep(0.05)
    print(before)

uvloop.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux" or not possible(), reason="memory is wiped, and shown, on Linux with glibc")
def test_what_was_read_last_and_what_hangs_in_cycles_is_in_no_memory_soon() -> None:
    (before,) = told(KEPT, wiping(plain()))
    assert before == 101
