"""Changes of who may use an account are numbered as they come, by forms and at once, and never lower than the time."""

import sqlite3
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
from ringfence.ports.keys import KeyRefusedError
from ringfence.schema.sqlite_migrate import migrate
from ringfence.schema.steps import steps_in

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
