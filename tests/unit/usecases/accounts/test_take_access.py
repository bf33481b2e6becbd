"""What members changed is put into the store in order, in time and once; whoever is told takes a revoked key out."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from ringfence.domain.access_change import (
    ClientKeysChanged,
    KeyEnded,
    KeyLimited,
    KeyMade,
    NetworksSet,
    NoticeAddressSet,
)
from ringfence.domain.client_validation import ClientKey, read_client_keys
from ringfence.domain.clock import ManualClock
from ringfence.ports.access_changes import AccessChange
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.change_client_keys import change_client_keys, require, with_key
from ringfence.usecases.accounts.restrict_key import restrict_key
from ringfence.usecases.accounts.take_access import WITHIN_MS, take_access

AC, SK = "AC" + "a" * 32, "SK" + "1" * 32
MADE = KeyMade(sid=SK, friendly_name="Till", policy="", networks="", verifier=b"v" * 32, hmac_states=b"", created_ms=5)
CLIENT_KEY, OTHER_KEY = (
    ClientKey(sid=f"CR{n:032x}", friendly_name="Till", public_key=b"der", created_ms=5) for n in (1, 2)
)


class Waiting:
    """The key service's side."""

    def __init__(self, *changes: Any, after_ms: int = 4) -> None:
        self.changes = [
            AccessChange(number=at_ms, account=AC, at_ms=at_ms, change=change)
            for at_ms, change in enumerate(changes, after_ms + 1)
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

    async def restrict_account(self, sid: str, networks: str, at_ms: int, *, number: int | None = None) -> bool:
        self._clock.advance(WITHIN_MS)
        return await super().restrict_account(sid, networks, at_ms, number=number)


class Stalled(MemoryStore):
    """Another process's store. What this one is about to write with `verb` waits until the other has written."""

    def __init__(self, verb: str, meanwhile: Callable[[MemoryStore], Awaitable[None]]) -> None:
        super().__init__()
        self._verb = verb
        self._meanwhile = meanwhile

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or name != self._verb:
            return found

        async def late(*args: Any, **how: Any) -> Any:
            self._verb = ""
            await self._meanwhile(self)
            return await found(*args, **how)

        return late


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
        assert then.settled == [5, 5]

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
        assert waiting.settled == [5]

    run(scene())


def test_limits_of_a_key_that_is_not_there_are_said_in_the_log(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store, waiting = await _with_account(MemoryStore()), Waiting(KeyLimited(sid=SK, networks="192.0.2.0/24"))
        with capture_logs() as said:
            await take_access(store, waiting, clock)
        assert said == [{"event": "access.not_taken", "log_level": "error", "account": AC, "sid": SK}]
        assert waiting.settled == [5]

    run(scene())


def test_what_comes_again_leaves_alone_what_was_changed_after_it(run: Any, clock: ManualClock) -> None:
    """It is dated when its maker changed it, and written once."""

    async def scene() -> None:
        store = await _with_account(MemoryStore())
        changes = MADE, KeyLimited(sid=SK, networks="192.0.2.0/24"), NetworksSet(networks="192.0.2.0/24")
        await store.restrict_account(AC, "", 3)
        for _ in range(2):
            with capture_logs() as said:
                await take_access(store, Waiting(*changes), clock)
            assert said == []
            key, account = await store.key(AC, SK), await store.account(AC)
            assert key is not None
            assert account is not None
            assert (key.networks, key.updated_ms) == ("192.0.2.0/24", 6)
            assert (account.networks, account.updated_ms) == ("192.0.2.0/24", 7)
        await store.restrict_account(AC, "198.51.100.0/24", clock.now_ms())
        await store.rename_credential(AC, SK, "Door", clock.now_ms())
        await restrict_key(store, clock, key, networks="198.51.100.0/24")
        with capture_logs() as said:
            await take_access(store, Waiting(*changes), clock)
        assert [(each["event"], each["sid"]) for each in said] == [("access.overtaken", SK), ("access.overtaken", "")]
        key, account = await store.key(AC, SK), await store.account(AC)
        assert key is not None
        assert account is not None
        assert key.networks == account.networks == "198.51.100.0/24"
        assert key.friendly_name == "Door"

    run(scene())


@pytest.mark.parametrize(
    ("verb", "older", "newer"),
    [
        ("restrict_account", NetworksSet(networks=""), NetworksSet(networks="192.0.2.0/24")),
        ("restrict_credential", KeyLimited(sid=SK, networks=""), KeyLimited(sid=SK, networks="192.0.2.0/24")),
        ("restrict_credential", KeyLimited(sid=SK, ends_ms=0), KeyLimited(sid=SK, ends_ms=1 << 41)),
        ("keep_notice_address", NoticeAddressSet(standing=b"theirs"), NoticeAddressSet(standing=b"ours")),
        ("keep_notice_address", NoticeAddressSet(standing=b"theirs"), NoticeAddressSet(standing=b"")),
        ("drop_notice_address", NoticeAddressSet(standing=b""), NoticeAddressSet(standing=b"ours")),
        ("set_client_keys", ClientKeysChanged(add=CLIENT_KEY), ClientKeysChanged(remove=CLIENT_KEY.sid)),
        ("set_client_keys", ClientKeysChanged(add=OTHER_KEY, required=True), ClientKeysChanged(required=False)),
        ("add_credential", MADE, KeyEnded(sid=SK)),
        ("restrict_credential", KeyLimited(sid=SK, canary=False), KeyEnded(sid=SK)),
    ],
)
def test_a_process_that_stood_still_writes_nothing_older_than_what_another_wrote(
    run: Any, clock: ManualClock, verb: str, older: Any, newer: Any
) -> None:
    """It was given the older, and stands still as it is about to write it; another is given both, and writes both."""

    async def scene() -> None:
        async def other(store: MemoryStore) -> None:
            await take_access(store, Waiting(older, newer), clock)
            seen.append(await _all(store))

        seen: list[Any] = []
        store = await _with_account(Stalled("", other))
        if older != MADE:
            await take_access(store, Waiting(MADE, after_ms=1), clock)
        store._verb = verb
        await take_access(store, Waiting(older), clock)
        assert [await _all(store)] == seen

    run(scene())


async def _all(store: MemoryStore) -> Any:
    return await store.account(AC), await store.credential(SK), await store.notice_addresses([AC])


@pytest.mark.parametrize("at_ms", [5, 6])
def test_what_the_api_changed_since_stays_and_the_rest_of_a_form_is_written(
    run: Any, clock: ManualClock, at_ms: int
) -> None:
    """Of one millisecond the form is the newer."""

    async def scene() -> None:
        store = await _with_account(MemoryStore())
        await take_access(store, Waiting(MADE, after_ms=1), clock)
        key = await store.key(AC, SK)
        assert key is not None
        await restrict_key(store, ManualClock(at_ms), key, networks="198.51.100.0/24")
        form = KeyLimited(sid=SK, networks="192.0.2.0/24", watched=True, reaction="freeze-key")
        with capture_logs() as said:
            await take_access(store, Waiting(form), clock)
        key = await store.key(AC, SK)
        assert key is not None
        late = at_ms > 5
        assert (key.networks, key.watched, key.reaction) == (
            "198.51.100.0/24" if late else "192.0.2.0/24",
            True,
            "freeze-key",
        )
        assert [each["event"] for each in said] == ["access.overtaken"] * late

    run(scene())


def test_a_key_and_all_that_limits_it_are_as_its_maker_said(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await _with_account(MemoryStore())
        made = replace(MADE, policy="/twilio/voice/calls/create", networks="192.0.2.0/24", ends_ms=1 << 40)
        await take_access(store, Waiting(made), clock)
        row = await store.credential(SK)
        assert row is not None
        assert (row.friendly_name, row.created_ms, row.updated_ms, row.ends_ms) == ("Till", 5, 5, 1 << 40)
        policy = "/twilio/messaging/messages/create"
        limits: dict[str, Any] = {"networks": "", "canary": True, "watched": True, "reaction": "freeze-key"}
        form = KeyLimited(sid=SK, policy=f"{policy} {policy}", ends_ms=1 << 41, **limits)
        await take_access(store, Waiting(form, after_ms=6), clock)
        assert await store.credential(SK) == replace(
            row, policy=f"{policy} {policy}", ends_ms=1 << 41, updated_ms=7, **limits
        )
        # What reads is no key that only writes, so none of the form is taken.
        with capture_logs() as said:
            await take_access(
                store,
                Waiting(KeyLimited(sid=SK, policy="/twilio/messaging/messages/list", canary=False), after_ms=8),
                clock,
            )
        assert [each["event"] for each in said] == ["access.not_taken"]
        row = await store.credential(SK)
        assert row is not None
        assert row.canary

    run(scene())


def test_a_key_that_was_revoked_before_it_was_written_is_not_written_by_whoever_stood_still(
    run: Any, clock: ManualClock
) -> None:
    async def scene() -> None:
        store = await _with_account(MemoryStore())
        await take_access(store, Waiting(KeyEnded(sid=SK), after_ms=8), clock)
        late = Waiting(MADE)
        late.away = True
        with capture_logs() as said, pytest.raises(ConnectionError):
            await take_access(store, late, clock)
        assert await store.credential(SK) is None
        assert said == [{"event": "access.overtaken", "log_level": "error", "account": AC, "sid": SK}]

    run(scene())


@pytest.mark.parametrize(("number", "required"), [(8, True), (9, False), (10, False)])
def test_a_rule_that_was_set_at_once_gives_way_to_a_form_of_then_or_later(
    run: Any, clock: ManualClock, number: int, required: bool
) -> None:
    async def scene() -> None:
        store = await _with_account(MemoryStore())
        row = await store.account(AC)
        assert row is not None
        keys = await change_client_keys(store, clock, row, with_key(OTHER_KEY), require(True, 9), require(True, 3))
        assert keys.ruled_ms == 9
        await take_access(store, Waiting(ClientKeysChanged(required=False), after_ms=number - 1), clock)
        row = await store.account(AC)
        assert row is not None
        assert read_client_keys(row.client_keys).required is required

    run(scene())


def test_keys_of_clients_come_and_go_by_a_form_where_the_rule_was_set_since(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store = await _with_account(MemoryStore())
        row = await store.account(AC)
        assert row is not None
        await change_client_keys(store, clock, row, with_key(OTHER_KEY), require(True, 9))
        waiting = Waiting(ClientKeysChanged(add=CLIENT_KEY), ClientKeysChanged(remove=OTHER_KEY.sid, required=False))
        with capture_logs() as said:
            await take_access(store, waiting, clock)
        account = await store.account(AC)
        assert account is not None
        keys = read_client_keys(account.client_keys)
        assert (keys.keys, keys.required) == ((CLIENT_KEY,), True)
        assert said == [{"event": "access.overtaken", "log_level": "error", "account": AC, "sid": ""}]
        with capture_logs() as said:
            await take_access(store, Waiting(ClientKeysChanged(required=False), after_ms=9), clock)
        account = await store.account(AC)
        assert account is not None
        assert not read_client_keys(account.client_keys).required
        assert said == []

    run(scene())


def test_an_address_for_notices_is_set_and_taken_away_unless_it_was_set_since(run: Any, clock: ManualClock) -> None:
    """From the operator's terminal it may be set, or taken away, while this waits."""

    async def scene() -> None:
        store = await _with_account(MemoryStore())
        await take_access(store, Waiting(NoticeAddressSet(standing=b"sealed")), clock)
        (row,) = await store.notice_addresses([AC])
        assert row == NoticeAddress(account=AC, standing=b"sealed", updated_ms=5)
        await take_access(store, Waiting(NoticeAddressSet(standing=b""), after_ms=5), clock)
        assert await store.notice_addresses([AC]) == [None]
        newer = NoticeAddress(account=AC, standing=b"by the terminal", updated_ms=9)
        await store.keep_notice_address(newer)
        for left in ([newer], [None]):
            for standing in (b"sealed", b""):
                with capture_logs() as said:
                    await take_access(store, Waiting(NoticeAddressSet(standing=standing), after_ms=7), clock)
                assert [each["event"] for each in said] == ["access.overtaken"]
                assert await store.notice_addresses([AC]) == left
            await store.drop_notice_address(AC, at_ms=10)

    run(scene())
