"""Hosts whose names the machine looks up: an address is itself, and a slow name has none."""

import asyncio

import pytest
from tests.unit.carriers.sip.wire import run

from ringfence.carriers.sip import locator
from ringfence.carriers.sip.locator import AddressLocator, Target


def test_a_name_means_its_addresses_and_its_look_up_is_its_owners() -> None:
    asked: list[tuple[str, str]] = []

    async def resolve(host: str, owner: str) -> list[str]:
        asked.append((host, owner))
        return ["192.0.2.1", "2001:db8::1"]

    async def story() -> None:
        found = await AddressLocator(resolve).targets("pbx.example", None, "TCP", owner="AC1")
        assert found == [
            Target(transport="TCP", place=(address, 5060), name="pbx.example")
            for address in ("192.0.2.1", "2001:db8::1")
        ]
        assert await AddressLocator(resolve).addresses("[2001:db8::2]") == ["2001:db8::2"]
        assert asked == [("pbx.example", "AC1")]

    run(story)


@pytest.mark.parametrize("silent", [True, False])
def test_a_name_without_an_answer_has_no_address(monkeypatch: pytest.MonkeyPatch, silent: bool) -> None:
    monkeypatch.setattr(locator, "LOOKUP_S", 0.02)

    async def resolve(host: str, owner: str) -> list[str]:
        if silent:
            await asyncio.Event().wait()
        raise OSError("no such name")

    async def story() -> None:
        assert await AddressLocator(resolve).addresses("pbx.example", "AC1") == []

    run(story)


def test_the_machine_is_asked_where_nobody_else_is_named() -> None:
    async def story() -> None:
        assert {"127.0.0.1", "::1"} & set(await AddressLocator().addresses("localhost"))

    run(story)
