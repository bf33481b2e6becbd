"""In production devices are woken by the networks of their makers, and Apple's only where HTTP/2 is installed."""

import asyncio
import contextlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.carriers.push.signings import APPLES, GOOGLES, push

from ringfence.carriers.simulator.push import SimulatedPushSender
from ringfence.domain.push_credential import PushSecret
from ringfence.ports.push_sender import Push, PushEnd
from ringfence.roles.push_sender import push_sender
from ringfence.roles.settings import Settings


def sent(*pushes: Push) -> list[PushEnd]:
    async def story() -> list[PushEnd]:
        async with contextlib.AsyncExitStack() as stack:
            sender = push_sender(Settings(mode="production"), stack)
            return [await sender.send(each) for each in pushes]

    return asyncio.run(asyncio.wait_for(story(), 30))


def test_each_platform_has_its_own() -> None:
    # Each of these ends before anything is sent, by what its own network asks of a push.
    no_account = replace(GOOGLES, secret=PushSecret(account="{}"))
    assert sent(
        push("fcm", no_account), push("apn", APPLES, token="no device of Apple's"), push("pigeon", GOOGLES)
    ) == [
        PushEnd.REFUSED,
        PushEnd.GONE,
        PushEnd.REFUSED,
    ]


def test_without_http_2_nobody_speaks_to_apple(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def find(name: str, *more: Any) -> Any:
        return None if name == "h2" else found(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    assert sent(push("apn", APPLES, token="no device of Apple's")) == [PushEnd.REFUSED]


def test_in_dev_it_is_the_simulated_one(tmp_path: Path) -> None:
    async def story() -> bool:
        async with contextlib.AsyncExitStack() as stack:
            return isinstance(push_sender(Settings(data_dir=tmp_path), stack), SimulatedPushSender)

    assert asyncio.run(story())
