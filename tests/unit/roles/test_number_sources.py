"""Who knows of numbers, by the settings."""

import asyncio
import contextlib
from typing import Any

import pytest

from ringfence.carriers.simulator.link import LinkClient
from ringfence.domain.clock import ManualClock
from ringfence.roles.number_sources import number_source
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.lookups.remember import Remembering


def source_of(**settings: Any) -> Any:
    async def made() -> Any:
        async with contextlib.AsyncExitStack() as stack:
            return await number_source(Settings(**settings), ManualClock(0), stack)

    return asyncio.run(made())


def test_in_dev_it_is_the_simulator() -> None:
    assert isinstance(source_of(), LinkClient)


def test_in_production_it_is_nobody() -> None:
    assert source_of(mode="production") is None


@pytest.mark.parametrize("mode", ["dev", "production"])
def test_a_service_that_is_named_comes_first_and_is_remembered(mode: str) -> None:
    made = source_of(mode=mode, lookup_url="https://numbers.example/know", lookup_token="secret")
    assert isinstance(made, Remembering)
    assert "secret" not in repr(made)


@pytest.mark.parametrize("url", ["numbers.example", "ftp://numbers.example/", "https://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RefusalError, match="lookup_url"):
        source_of(lookup_url=url)
