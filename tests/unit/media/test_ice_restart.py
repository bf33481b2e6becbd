"""ICE that begins anew in the midst of a call: the old path serves until there is another, and the keys stay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from tests.unit.media.test_webrtc import Wire, described, joined, two_legs, until

from ringfence.media import webrtc
from ringfence.media.ice import CONSENT_EXPIRY_MS, GIVE_UP_MS
from ringfence.ports.media import IceEnd


@asynccontextmanager
async def a_call() -> AsyncIterator[tuple[Wire, Wire]]:
    """Two legs with keys; the first one has offered, and so controls."""
    async with two_legs() as (one, other):
        joined(one, other)
        await until(lambda: one.sessions and other.sessions)
        yield one, other


def anew(wire: Wire, name: str, setup: str = "actpass") -> IceEnd:
    """What a description says of a leg that begins anew."""
    return msgspec.structs.replace(described(wire, setup), ufrag=name, password=name * 22)


def begun_anew(offerer: Wire, answerer: Wire, names: str = "xy") -> None:
    offered, answered = anew(offerer, names[0]), anew(answerer, names[1], "active")
    answerer.control.connect(offered, answered)
    offerer.control.connect(answered, offered)


class Clock:
    """The time of all legs: it stands still until it is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = 1_000_000
        monkeypatch.setattr(webrtc.BrowserLeg, "_now_ms", lambda _: self.now_ms)

    def pass_by(self, ms: int, *wires: Wire) -> None:
        self.now_ms += ms
        for wire in wires:
            wire.control._tick()


@pytest.mark.parametrize("turned", [False, True])
def test_a_new_path_is_found_under_the_new_credentials_and_the_keys_stay(turned: bool) -> None:
    async def run() -> None:
        async with a_call() as (one, other):
            begun_anew(other, one) if turned else begun_anew(one, other)
            await until(lambda: len(one.remotes) == len(other.remotes) == 2)
            assert one.remotes == [(other.address, other.port)] * 2
            assert other.remotes == [(one.address, one.port)] * 2
            assert {one.control.local().ufrag, other.control.local().ufrag} == {"x", "y"}
            assert len(one.sessions) == len(other.sessions) == 1
            assert not one.causes + other.causes

    asyncio.run(run())


def test_it_begins_anew_again_and_again() -> None:
    async def run() -> None:
        async with a_call() as (one, other):
            for count, names in enumerate(("ab", "cd", "ef"), start=2):
                begun_anew(one, other, names)
                await until(lambda count=count: len(one.remotes) == len(other.remotes) == count)
            assert not one.causes + other.causes

    asyncio.run(run())


def test_the_old_path_is_kept_until_there_is_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer's checks of before are still answered, and its media has its place."""

    async def run() -> None:
        async with a_call() as (one, other):
            one.control.connect(anew(other, "y", "active"), anew(one, "x"))
            await asyncio.sleep(0.05)
            assert one.remotes == [(other.address, other.port)]
            assert one.control._ice.path == (other.address, other.port)
            asked: list[bytes] = []
            answering = other.control._ice.datagram
            monkeypatch.setattr(
                other.control._ice, "datagram", lambda data, *rest: (asked.append(data), answering(data, *rest))
            )
            other.control._ice._ask_consent((one.address, one.port), other.control._now_ms())
            await until(lambda: any(data[:2] == b"\x01\x01" for data in asked))

    asyncio.run(run())


def test_a_peer_that_never_comes_on_the_new_path_keeps_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with a_call() as (one, other):
            clock = Clock(monkeypatch)
            one.control._ice._consented_ms = other.control._ice._consented_ms = clock.now_ms
            one.control.connect(anew(other, "y", "active"), anew(one, "x"))
            # Consent for the old path is given meanwhile.
            one.control._ice._consented_ms = clock.now_ms + GIVE_UP_MS
            clock.pass_by(GIVE_UP_MS, one)
            assert one.control._next is None
            assert one.causes == []
            assert one.remotes == [(other.address, other.port)]
            begun_anew(one, other)
            await until(lambda: len(one.remotes) == len(other.remotes) == 2)

    asyncio.run(run())


def test_without_consent_nothing_is_sent_until_there_is_a_new_path(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with a_call() as (one, other):
            clock = Clock(monkeypatch)
            one.control._ice._consented_ms = clock.now_ms
            other.deaf = True
            clock.pass_by(CONSENT_EXPIRY_MS - 1, one)
            one.control.connect(anew(other, "y", "active"), anew(one, "x"))
            clock.pass_by(1, one)
            assert one.remotes == [(other.address, other.port), None]
            assert one.causes == []
            other.deaf = False
            other.control._ice._consented_ms = clock.now_ms
            other.control.connect(anew(one, "x"), anew(other, "y", "active"))
            await until(lambda: len(one.remotes) == 3)
            assert one.remotes[-1] == (other.address, other.port)

    asyncio.run(run())


def test_without_consent_and_without_a_new_path_the_leg_ends_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with a_call() as (one, other):
            clock = Clock(monkeypatch)
            one.control._ice._consented_ms = clock.now_ms
            other.deaf = True
            clock.pass_by(CONSENT_EXPIRY_MS - 1, one)
            one.control.connect(anew(other, "y", "active"), anew(one, "x"))
            clock.pass_by(GIVE_UP_MS - 1, one)
            assert one.causes == []
            for _ in range(2):
                clock.pass_by(1, one)
                assert one.causes == ["no path to the peer was found"]

    asyncio.run(run())


def test_a_candidate_that_follows_belongs_to_what_was_begun_anew() -> None:
    async def run() -> None:
        async with a_call() as (one, other):
            hidden = msgspec.structs.replace(anew(other, "y", "active"), candidates=())
            one.control.connect(hidden, anew(one, "x"))
            assert one.control._next is not None
            assert one.control._next._pairs == {}
            one.control.connect(anew(other, "y", "active"), anew(one, "x"))
            assert list(one.control._next._pairs) == [(other.address, other.port)]

    asyncio.run(run())


def test_what_is_begun_anew_replaces_what_was_begun_before_it() -> None:
    async def run() -> None:
        async with a_call() as (one, other):
            one.control.connect(anew(other, "b", "active"), anew(one, "a"))
            before = one.control._next
            begun_anew(one, other, "cd")
            assert before is not None
            assert before.due_ms is None
            await until(lambda: len(one.remotes) == len(other.remotes) == 2)
            assert one.control.local().ufrag == "c"

    asyncio.run(run())
