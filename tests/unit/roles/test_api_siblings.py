"""A parcel that was left at one process of the port is found by another."""

import asyncio
import contextlib

from ringfence.api.parcels import MAX_AGE_MS, Parcels
from ringfence.domain.clock import ManualClock
from ringfence.ipc.live import LiveFeed, serve_live
from ringfence.roles.api_siblings import parcel_verbs, parcels_elsewhere
from ringfence.roles.process import api_names, role_of
from ringfence.roles.settings import Settings


def test_processes_are_numbered_from_the_second_on_and_have_one_role():
    assert api_names(1) == ["api"]
    assert api_names(3) == ["api", "api-2", "api-3"]
    assert {role_of(name) for name in api_names(3)} == {"api"}


def test_a_parcel_is_taken_from_whoever_has_it_once(tmp_path):
    settings = Settings(data_dir=tmp_path, api_processes=3)
    settings.run_dir.mkdir(mode=0o700)
    clock = ManualClock()

    async def scenario():
        async with contextlib.AsyncExitStack() as stack:
            parcels = {name: Parcels() for name in ("api", "api-3")}
            for name, its in parcels.items():
                verbs = parcel_verbs(its, clock)
                server = await serve_live(settings.socket(f"live-{name}"), LiveFeed(), detours=False, more=verbs)
                stack.push_async_callback(server.close)
            # The second does not run: it has no parcels, and holds nobody up.
            take = await stack.enter_async_context(parcels_elsewhere(settings, "api"))
            left = parcels["api-3"].leave("AC1", "sealed", clock.now_ms())
            assert await take(left) == "sealed"
            assert await take(left) is None
            own = parcels["api"].leave("AC1", "own", clock.now_ms())
            assert await take(own) is None
            old = parcels["api-3"].leave("AC1", "old", clock.now_ms())
            clock.advance(MAX_AGE_MS)
            assert await take(old) is None

    asyncio.run(scenario())
