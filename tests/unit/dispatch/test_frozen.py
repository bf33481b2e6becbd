"""Texts of what is frozen wait and do not fail; they go when it is thawed, and others' go meanwhile."""

import asyncio
from typing import Any

import pytest

from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.messaging.send import SendRequest

SHOP, OTHER = "+12025550123", "+12025550199"


@pytest.mark.parametrize("kind", ["account", "carrier", "platform"])
def test_texts_wait_for_the_thaw(world: Any, run: Any, kind: Any) -> None:
    async def story() -> None:
        async with world() as it:
            other = await create_account(it.store, it.keys, it.clock, friendly_name="Other")
            await it.own(other.row, OTHER)
            name = {"account": it.account.sid, "carrier": "simulator", "platform": "platform"}[kind]
            await freeze(it.store, it.clock, kind, name)
            waiting = await it.send(sender=SHOP, to="+13035550101", body="Hello")
            caller = it.caller_of(other.sid, other.auth_token)
            beside = await it.messaging.sender.send(
                caller, other.row, SendRequest(to="+13035550102", sender=OTHER, body="Hello")
            )

            async def status(account: str, sid: str) -> str:
                return str((await it.store.message(account, sid)).status)

            async def goes(account: str, sid: str) -> bool:
                return await status(account, sid) == "delivered"

            if kind == "account":
                await it.until(lambda: goes(other.sid, beside.row.sid))
            assert await status(it.account.sid, waiting.row.sid) == "queued"
            await thaw(it.store, it.clock, kind, name)
            await it.until(lambda: goes(it.account.sid, waiting.row.sid))
            await it.until(lambda: goes(other.sid, beside.row.sid))

    run(story())


def test_texts_that_wait_for_their_rate_when_they_are_frozen_do_not_go(world: Any, run: Any) -> None:
    async def story() -> None:
        async with world(running=False, number_rate_mps=10) as it:
            to = [f"+1303555{n:04d}" for n in range(20)]
            for each in to:
                await it.send(sender=SHOP, to=each, body="Hello")

            def come() -> int:
                return sum(len(it.bodies_at(each)) for each in to)

            loops = asyncio.create_task(it.dispatching.run())
            # All of them are opened by then: it is the rate that they wait for.
            await it.until(lambda: come() >= 11)
            await freeze(it.store, it.clock, "account", it.account.sid)
            already = come()
            await asyncio.sleep(0.5)
            # One may have set out just before.
            assert come() <= already + 1
            await thaw(it.store, it.clock, "account", it.account.sid)
            await it.until(lambda: come() == len(to))
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)

    run(story())
