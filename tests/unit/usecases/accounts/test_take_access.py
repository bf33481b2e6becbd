"""What members changed is put into the store in order and in time; a revoked key is taken out by whoever is told."""

from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.domain.access_change import KeyEnded, KeyLimited, KeyMade, NetworksSet, NoticeAddressSet
from ringfence.domain.clock import ManualClock
from ringfence.ports.access_changes import AccessChange
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.restrict_key import restrict_key
from ringfence.usecases.accounts.take_access import WITHIN_MS, take_access

AC, SK = "AC" + "a" * 32, "SK" + "1" * 32
MADE = KeyMade(sid=SK, friendly_name="Till", policy="", networks="", verifier=b"v" * 32, hmac_states=b"", created_ms=5)


class Waiting:
    """The key service's side."""

    def __init__(self, *changes: Any, again: bool = False) -> None:
        self.changes = [
            AccessChange(number=number, account=AC, at_ms=4 + number, change=change, again=again)
            for number, change in enumerate(changes, 1)
        ]
        self.settled: list[int] = []
        self.away = False

    async def take_access(self) -> list[AccessChange]:
        return self.changes

    async def settle_access(self, numbers: Sequence[int]) -> list[int]:
        if self.away:
            raise ConnectionError
        self.settled += numbers
        return []


class SlowStore(MemoryStore):
    """Each change of networks takes a while."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    async def restrict_account(self, sid: str, networks: str, at_ms: int) -> bool:
        self._clock.advance(WITHIN_MS)
        return await super().restrict_account(sid, networks, at_ms)


async def _with_account(store: MemoryStore) -> MemoryStore:
    await store.create_account(
        AccountRow(sid=AC, tenant=AC, friendly_name="", created_ms=0, updated_ms=0),
        CredentialRow(
            account=AC, sid=AC, kind="auth_token", verifier=b"v" * 32, hmac_states=b"", created_ms=0, updated_ms=0
        ),
    )
    return store


def test_a_key_that_was_revoked_while_it_was_written_is_taken_out_by_whoever_comes_next(
    run: Any, clock: ManualClock
) -> None:
    async def scene() -> None:
        store, first = await _with_account(MemoryStore()), Waiting(MADE)
        first.away = True
        with pytest.raises(ConnectionError):
            await take_access(store, first, clock)
        assert await store.credential(SK) is not None
        then = Waiting(KeyEnded(sid=SK))
        for _ in range(2):
            await take_access(store, then, clock)
            assert await store.credential(SK) is None
        assert then.settled == [1, 1]

    run(scene())


def test_a_process_that_is_late_writes_no_more_of_it(run: Any, clock: ManualClock) -> None:
    """It is about to be another's, who writes what came after it too."""

    async def scene() -> None:
        store = await _with_account(SlowStore(clock))
        waiting = Waiting(NetworksSet(networks="192.0.2.0/24"), NetworksSet(networks=""))
        await take_access(store, waiting, clock)
        row = await store.account(AC)
        assert row is not None
        assert row.networks == "192.0.2.0/24"
        assert waiting.settled == [1]

    run(scene())


def test_limits_of_a_key_that_is_not_there_are_said_in_the_log(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store, waiting = await _with_account(MemoryStore()), Waiting(KeyLimited(sid=SK, networks="192.0.2.0/24"))
        with capture_logs() as said:
            await take_access(store, waiting, clock)
        assert said == [{"event": "access.not_taken", "log_level": "error", "account": AC, "sid": SK}]
        assert waiting.settled == [1]

    run(scene())


def test_what_comes_again_leaves_alone_what_was_changed_after_it(run: Any, clock: ManualClock) -> None:
    """The first time it is written, whatever else was done to the account; dated when its maker changed it."""

    async def scene() -> None:
        store = await _with_account(MemoryStore())
        changes = MADE, KeyLimited(sid=SK, networks="192.0.2.0/24"), NetworksSet(networks="192.0.2.0/24")
        await store.restrict_account(AC, "", clock.now_ms())
        await take_access(store, Waiting(*changes), clock)
        for _ in range(2):
            key, account = await store.key(AC, SK), await store.account(AC)
            assert key is not None
            assert account is not None
            assert (key.networks, key.updated_ms) == ("192.0.2.0/24", 6)
            assert (account.networks, account.updated_ms) == ("192.0.2.0/24", 7)
            await take_access(store, Waiting(*changes, again=True), clock)
        await store.restrict_account(AC, "198.51.100.0/24", clock.now_ms())
        key = await store.key(AC, SK)
        assert key is not None
        await restrict_key(store, clock, key, networks="198.51.100.0/24")
        await take_access(store, Waiting(*changes, again=True), clock)
        key, account = await store.key(AC, SK), await store.account(AC)
        assert key is not None
        assert account is not None
        assert key.networks == account.networks == "198.51.100.0/24"

    run(scene())


def test_an_address_for_notices_is_set_and_taken_away_unless_it_was_set_since(run: Any, clock: ManualClock) -> None:
    """From the operator's terminal it may be set while this waits, so its date is asked the first time too."""

    async def scene() -> None:
        store = await _with_account(MemoryStore())
        await take_access(store, Waiting(NoticeAddressSet(standing=b"sealed")), clock)
        (row,) = await store.notice_addresses([AC])
        assert row == NoticeAddress(account=AC, standing=b"sealed", updated_ms=5)
        await take_access(store, Waiting(NoticeAddressSet(standing=b"")), clock)
        assert await store.notice_addresses([AC]) == [None]
        newer = NoticeAddress(account=AC, standing=b"by the terminal", updated_ms=6)
        await store.keep_notice_address(newer)
        for standing in (b"sealed", b""):
            with capture_logs() as said:
                await take_access(store, Waiting(NoticeAddressSet(standing=standing)), clock)
            assert [each["event"] for each in said] == ["access.overtaken"]
            assert await store.notice_addresses([AC]) == [newer]

    run(scene())
