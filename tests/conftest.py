"""What every test may use."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ringfence.domain.clock import ManualClock

# Examples must not depend on how busy the machine is; `make fuzz` looks longer.
settings.register_profile("default", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until advanced."""
    return ManualClock()


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run one coroutine to its end in a loop of its own, within 30 seconds."""

    def runner(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(coroutine, 30)

        return asyncio.run(bounded())

    return runner
