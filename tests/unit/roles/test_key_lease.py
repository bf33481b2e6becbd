"""One process has the lease, and it is known whether another waits for it."""

import asyncio
from pathlib import Path
from typing import Any

from ringfence.roles.key_lease import LOOK_EVERY_S, KeyLease


def test_it_is_known_who_waits_and_whether_it_was_waited_for(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        first, second, third = KeyLease(tmp_path), KeyLease(tmp_path), KeyLease(tmp_path)
        assert not await first.take()
        assert not first.is_awaited()
        waiting = [asyncio.create_task(each.take()) for each in (second, third)]
        await asyncio.sleep(LOOK_EVERY_S / 2)
        assert first.is_awaited()
        first.drop()
        done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        assert [each.result() for each in done] == [True]
        assert second.is_awaited()
        for each in left:
            each.cancel()
        await asyncio.wait(left)
        assert not second.is_awaited()
        second.drop()
        third.drop()

    run(story())
