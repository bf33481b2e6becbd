"""Changes of who may use an account are numbered as they come, by forms and at once, and never lower than the time."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.unit.kms.conftest import DAY_MS, NOON_MS
from tests.unit.kms.test_access_changes import SK, changed, kept
from tests.unit.kms.test_access_changes import scene as scene
from tests.unit.kms.test_browser_slots import Browser
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.domain.access_change import KeyEnded
from ringfence.kms.access_numbers import next_number
from ringfence.ports.access_changes import AccessChange
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.schema.sqlite_migrate import migrate
from ringfence.schema.steps import steps_in
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.take_access import take_access

LIMITS = f"key_limits:{SK}"


async def numbers(service: Any) -> list[int]:
    """Of what waits; it waits no more."""
    found = [each.number for each in await service.take_access()]
    await service.settle_access(found)
    return found


def test_numbers_are_times_and_grow_where_the_clock_does_not(
    scene: Any, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def work(service: Any) -> None:
        seed = token.caller.seed
        await kept(service, browser, seed)
        await changed(service, browser, seed, "networks", {"networks": ""})
        assert await numbers(service) == [NOON_MS, NOON_MS + 1]
        at_noon.advance(DAY_MS)
        await changed(service, browser, seed, "networks", {"networks": ""})
        await changed(service, browser, seed, "networks", {"networks": ""})
        assert await numbers(service) == [NOON_MS + DAY_MS, NOON_MS + DAY_MS + 1]

    scene(work)


def test_an_end_that_the_api_sets_has_its_number_among_those_of_forms(
    scene: Any, account: str, token: Any, browser: Browser
) -> None:
    """In the order in which the key service had them: by it the store ends the key as its slot ends."""

    async def work(service: Any) -> None:
        seed = token.caller.seed
        await kept(service, browser, seed)
        await changed(service, browser, seed, LIMITS, {"ends_ms": NOON_MS + DAY_MS})
        assert await service.end_slot_at(token.caller, account, SK, NOON_MS + 2 * DAY_MS) == NOON_MS + 2
        with pytest.raises(KeyRefusedError):
            await service.end_slot_at(token.caller, account, "SK" + "9" * 32, NOON_MS + DAY_MS)
        await changed(service, browser, seed, LIMITS, {"ends_ms": NOON_MS + 3 * DAY_MS})
        assert await numbers(service) == [NOON_MS, NOON_MS + 1, NOON_MS + 3]

    scene(work)


def test_what_takes_out_a_revoked_key_has_a_higher_number_than_the_key(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        (made,) = await service.take_access()
        await service.revoke_browser_slot(account, SK, "member:MB1")
        at_noon.advance(10_000)
        (ended,) = await service.take_access()
        assert (made.number, ended.number, ended.change) == (NOON_MS, NOON_MS + 1, KeyEnded(sid=SK))

    scene(work)


class Late:
    """A process of the API that was given these, and stood still before it wrote any."""

    def __init__(self, service: Any, given: list[AccessChange]) -> None:
        self._service, self._given, self.dies = service, given, False

    async def take_access(self) -> list[AccessChange]:
        return self._given

    async def settle_access(self, given: Sequence[int]) -> list[int]:
        if self.dies:
            raise ConnectionError
        found: list[int] = await self._service.settle_access(given)
        return found


def test_a_process_that_stood_still_past_its_time_undoes_nothing_that_another_wrote(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def work(service: Any) -> None:
        store, seed, url = MemoryStore(), token.caller.seed, "https://us.example/notices"
        row = AccountRow(sid=account, tenant=account, friendly_name="", created_ms=0, updated_ms=0)
        auth = CredentialRow(
            account=account,
            sid=account,
            kind="auth_token",
            verifier=b"",
            hmac_states=b"",
            created_ms=0,
            updated_ms=0,
        )
        await store.create_account(row, auth)
        await kept(service, browser, seed)
        await changed(service, browser, seed, "networks", {"networks": "192.0.2.0/24"})
        await changed(service, browser, seed, LIMITS, {"networks": "192.0.2.0/24", "canary": True})
        await changed(service, browser, seed, "notice_address", {"url": "https://them.example/notices"})
        late = Late(service, await service.take_access())
        at_noon.advance(10_000)
        await changed(service, browser, seed, "networks", {"networks": "198.51.100.0/24"})
        await changed(service, browser, seed, LIMITS, {"networks": "", "canary": False})
        await changed(service, browser, seed, "notice_address", {"url": url})
        await take_access(store, service, at_noon)
        await store.rename_credential(account, SK, "Door", at_noon.now_ms())
        before = await store.account(account), await store.credential(SK), await store.notice_addresses([account])
        assert before[0].networks == "198.51.100.0/24"
        assert not before[1].canary
        await take_access(store, late, at_noon)
        after = await store.account(account), await store.credential(SK), await store.notice_addresses([account])
        assert after == before
        # Nor does the key come again that was revoked meanwhile, where nobody would be told to take it out.
        await service.revoke_slot(account, SK)
        assert await store.delete_credential(account, SK)
        late.dies = True
        with pytest.raises(ConnectionError):
            await take_access(store, late, at_noon)
        assert await store.credential(SK) is None

    scene(work)


def test_numbers_outlast_a_restart_and_follow_those_that_were_given_before_there_were_times_in_them(
    tmp_path: Path,
) -> None:
    path, steps = tmp_path / "kms.db", steps_in("ringfence.kms", "sql/migrations")
    (numbered,) = [step.number for step in steps if "access_numbers" in step.name]
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, path, steps[: numbered - 1])
    for number in (6, 7):
        db.execute("INSERT INTO access_change VALUES (?, '', '', '', 1, x'', 0, 0)", (number,))
    db.execute("DELETE FROM access_change WHERE number = 7")
    migrate(db, path, steps)
    # Where the clock goes back they grow on.
    assert [next_number(db, now_ms) for now_ms in (0, 3, 9, 20, 20, 3)] == [8, 9, 10, 20, 21, 22]
    db.close()
    db = sqlite3.connect(path, isolation_level=None)
    assert next_number(db, 0) == 23
    db.close()
