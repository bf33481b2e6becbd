"""A key that a member made signs in at its first use, is looked for once a second, and never where it was revoked."""

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import Sequence
from typing import Any

from ringfence.api.access_intake import EVERY_MS, AccessIntake
from ringfence.api.auth import Authenticator
from ringfence.api.frozen import FrozenCredentials
from ringfence.domain.access_change import KeyMade
from ringfence.domain.clock import ManualClock
from ringfence.domain.errors import ApiError
from ringfence.ports.access_changes import AccessChange
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.react import Reactions

AC, OTHER, SK, SECRET = "AC" + "a" * 32, "AC" + "b" * 32, "SK" + "1" * 32, "s" * 32
HEADER = b"Basic " + base64.b64encode(f"{SK}:{SECRET}".encode())


class Waiting:
    """The key service's side, as far as the API sees it."""

    def __init__(self) -> None:
        self.changes: list[AccessChange] = []
        self.gone: list[int] = []
        self.settled: list[int] = []
        self.asked = 0
        self.away = False

    async def take_access(self) -> list[AccessChange]:
        self.asked += 1
        if self.away:
            raise ConnectionError
        found, self.changes = self.changes, []
        return found

    async def settle_access(self, numbers: Sequence[int]) -> list[int]:
        self.settled += numbers
        return [each for each in numbers if each in self.gone]

    def made(self, number: int = 1, account: str = AC, sid: str = SK, **changed: Any) -> None:
        values = {"friendly_name": "Till", "policy": "", "networks": ""} | changed
        verifier = hashlib.sha256(SECRET.encode()).digest()
        key = KeyMade(sid=sid, verifier=verifier, hmac_states=b"sealed", created_ms=5, **values)
        self.changes.append(AccessChange(number=number, account=account, at_ms=5, change=key))


class Door:
    """An API's door, and what waits behind it."""

    def __init__(self, clock: ManualClock) -> None:
        self.store, self.waiting = MemoryStore(), Waiting()
        self.auth = Authenticator(
            self.store,
            clock,
            frozen=FrozenCredentials(self.store, clock),
            reactions=Reactions(self.store, clock, None),
            intake=AccessIntake(self.store, self.waiting, clock),
        )

    async def open(self) -> "Door":
        for sid in (AC, OTHER):
            await self.store.create_account(
                AccountRow(sid=sid, tenant=sid, friendly_name="", created_ms=0, updated_ms=0),
                CredentialRow(
                    account=sid,
                    sid=sid,
                    kind="auth_token",
                    verifier=b"v" * 32,
                    hmac_states=b"",
                    created_ms=0,
                    updated_ms=0,
                ),
            )
        return self

    async def lets_in(self, client: str = "192.0.2.1") -> bool:
        try:
            await self.auth.present(HEADER, client)
        except ApiError:
            return False
        return True


def test_it_signs_in_at_its_first_use_with_the_limits_that_it_was_made_with(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        door = await Door(clock).open()
        door.waiting.made(networks="192.0.2.0/24", policy="/twilio/messaging/messages/create")
        assert await door.lets_in()
        assert door.waiting.settled == [1]
        row = await door.store.credential(SK)
        assert row is not None
        assert (row.account, row.kind, row.friendly_name, row.hmac_states) == (AC, "api_key", "Till", b"sealed")
        assert (row.policy, row.networks) == ("/twilio/messaging/messages/create", "192.0.2.0/24")
        assert not await door.lets_in("198.51.100.1")

    run(scene())


def test_it_is_looked_for_once_a_second_and_who_signs_in_meanwhile_needs_no_key_service(
    run: Any, clock: ManualClock
) -> None:
    async def scene() -> None:
        door = await Door(clock).open()
        assert not await door.lets_in()
        door.waiting.made()
        clock.advance(EVERY_MS - 1)
        assert not await door.lets_in()
        assert door.waiting.asked == 1
        clock.advance(1)
        assert await door.lets_in()
        door.waiting.away = True
        clock.advance(EVERY_MS)
        assert await door.lets_in()
        assert door.waiting.asked == 3

    run(scene())


def test_one_that_was_revoked_while_it_was_taken_signs_nobody_in(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        door = await Door(clock).open()
        door.waiting.made()
        door.waiting.gone = [1]
        assert not await door.lets_in()
        assert await door.store.credential(SK) is None

    run(scene())


def test_a_key_of_another_account_is_left_alone_and_holds_up_nothing(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        door = await Door(clock).open()
        door.waiting.made(1, OTHER)
        assert await door.lets_in()
        before = await door.store.credential(SK)
        clock.advance(EVERY_MS)
        door.waiting.made(2, AC)
        door.waiting.made(3, AC, "SK" + "2" * 32)
        assert await door.lets_in()
        assert await door.store.credential(SK) == before
        assert await door.store.credential("SK" + "2" * 32) is not None
        assert door.waiting.settled == [1, 2, 3]

    run(scene())


def test_what_is_shown_of_it_tells_nothing_of_its_secret(clock: ManualClock) -> None:
    waiting = Waiting()
    waiting.made()
    assert repr(waiting.changes[0].change) == f"KeyMade({SK})"
    assert SECRET not in repr(waiting.changes[0])
    assert str(hashlib.sha256(SECRET.encode()).digest()) not in repr(waiting.changes[0])


def test_it_is_taken_while_nobody_signs_in_too(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        door = await Door(clock).open()
        door.waiting.away = True
        taking = asyncio.create_task(AccessIntake(door.store, door.waiting, clock, unasked_s=0).keep_taking())
        while not door.waiting.asked:
            await asyncio.sleep(0)
        door.waiting.away = False
        door.waiting.made()
        clock.advance(EVERY_MS)
        while not door.waiting.settled:
            assert not taking.done()
            await asyncio.sleep(0)
        assert await door.store.credential(SK) is not None
        taking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await taking

    run(scene())
