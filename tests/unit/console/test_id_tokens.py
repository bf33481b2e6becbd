"""An ID token is held no longer than the session that it came with, wherever that ended."""

import asyncio
from typing import Any

from structlog.testing import capture_logs
from tests.unit.console.test_sso import let_in, prepared
from tests.unit.console.test_sso import sso as sso
from tests.unit.console.test_sso_sign_out import come

from ringfence.console.sessions import Sessions
from ringfence.console.tenant.sso.id_tokens import KEPT_MAX, LENGTH_MAX, KeptIdTokens


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


def test_one_is_given_once_and_none_that_is_too_long_for_an_address(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            kept = KeptIdTokens(Sessions(it.storage, it.clock))
            kept.keep("CS1", "t" * LENGTH_MAX)
            kept.keep("CS2", "t" * (LENGTH_MAX + 1))
            assert (len(kept), kept.take("CS2")) == (1, "")
            assert (kept.take("CS1"), kept.take("CS1")) == ("t" * LENGTH_MAX, "")

    run(scene())


def test_so_many_are_kept_and_the_oldest_go_first(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            kept = KeptIdTokens(Sessions(it.storage, it.clock))
            for n in range(KEPT_MAX):
                kept.keep(f"CS{n}", "t")
            assert len(kept) == KEPT_MAX
            kept.keep("CSnew", "t")
            assert (len(kept), kept.take("CS0"), kept.take("CS1"), kept.take("CSnew")) == (KEPT_MAX, "", "t", "t")

    run(scene())


def test_where_sessions_cannot_be_read_it_is_said_and_looked_again(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            kept = KeptIdTokens(Sessions(it.storage, it.clock), look_every_s=0.005)
            with capture_logs() as logged:
                await it.storage.close()
                kept.keep("CSover", "t")
                while not logged:
                    await asyncio.sleep(0.005)
                assert len(kept) == 1
                await it.storage.open()
                while len(kept):
                    await asyncio.sleep(0.005)
            cause = "the sessions cannot be read now"
            assert logged[0] == {"event": "console.id_tokens", "cause": cause, "log_level": "warning"}

    run(scene())
