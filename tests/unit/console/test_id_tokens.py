"""An ID token is held no longer than the session that it came with, wherever that ended."""

import asyncio
from typing import Any

from tests.unit.console.test_sso import let_in, prepared
from tests.unit.console.test_sso import sso as sso
from tests.unit.console.test_sso_sign_out import come

from ringfence.console.sessions import Sessions
from ringfence.console.tenant.sso.id_tokens import LENGTH_MAX, KeptIdTokens


def test_one_is_dropped_with_its_session_and_kept_while_that_goes_on(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            await come(it, visitor)
            await come(it, visitor)
            sessions = Sessions(it.storage, it.clock)
            two, one = (each.id for each in (await sessions.open_now("member"))[:2])
            kept = KeptIdTokens(sessions, look_every_s=0.005)
            kept.keep(one, "t1")
            kept.keep(two, "t2")
            kept.keep(two + "x", "t" * (LENGTH_MAX + 1))
            await sessions.end("member", one)
            while len(kept) > 1:
                await asyncio.sleep(0.005)
            assert kept.take(two) == "t2"
            # By age, and in a look that begins anew.
            kept.keep(two, "t2")
            it.clock.advance(13 * 3_600_000)
            while len(kept):
                await asyncio.sleep(0.005)

    run(scene())
