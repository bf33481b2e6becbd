"""What a start came from is named by blind indexes that its account alone can make again."""

import asyncio

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.fraud_guard.networks import Network
from ringfence.kms.memory import memory_key_service
from ringfence.usecases.verify.origins import origins_of

A, B = "AC" + "a" * 32, "AC" + "b" * 32


def origins(*asked: tuple[str, str, str]) -> list[tuple[str, ...]]:
    async def story() -> list[tuple[str, ...]]:
        keys = memory_key_service(ManualClock(1_700_000_000_000))
        await keys.open()
        return [await origins_of(keys, account, device_ip, tags) for account, device_ip, tags in asked]

    return asyncio.run(story())


def test_who_says_nothing_has_none() -> None:
    assert origins((A, "", ""), (A, "", "{}"), (A, "", '{"campaign": "x"}')) == [(), (), ()]


def test_an_address_and_a_device_are_named_without_being_told() -> None:
    ((address, device),) = origins((A, "192.0.2.7", '{"device_id": "phone-7"}'))
    assert address.startswith("address:")
    assert device.startswith("device:")
    assert "192" not in address + device
    assert "phone" not in device


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:0:1::7", "2001:db8:0:1:ffff::8", True),
        ("2001:db8:0:1::7", "2001:db8:0:2::7", False),
        ("::1", "::2", True),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
    ],
)
def test_one_home_is_one_address(one: str, other: str, same: bool) -> None:
    first, second = origins((A, one, ""), (A, other, ""))
    assert (first == second) is same


def test_another_account_names_the_same_address_otherwise() -> None:
    first, second = origins((A, "192.0.2.7", ""), (B, "192.0.2.7", ""))
    assert first != second


def test_a_network_is_named_beside_its_address() -> None:
    async def story() -> tuple[str, ...]:
        keys = memory_key_service(ManualClock(1_700_000_000_000))
        await keys.open()
        return await origins_of(keys, A, "192.0.2.7", "", Network(64_500, "OWL-NET"))

    address, network = asyncio.run(story())
    assert address.startswith("address:")
    assert network.startswith("network:")
    assert "64500" not in network
    assert "OWL" not in network
