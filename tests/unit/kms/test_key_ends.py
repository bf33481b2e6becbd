"""A key's slot ends with it; the end is brought forward, put off and taken away, until it has come."""

import os
from typing import Any

import pytest
from tests.unit.kms.conftest import DAY_MS, NOON_MS
from tests.unit.kms.test_access_changes import SECRET, SENDS, SK, changed, kept
from tests.unit.kms.test_access_changes import scene as scene
from tests.unit.kms.test_browser_slots import PK, READER, Browser
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.domain.sealing.slots import slot_seed
from ringfence.ports.keys import Caller, KeyRefusedError


def test_a_keys_slot_ends_with_it_and_a_new_content_key_begins(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any, ledger: Any
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed, ends_ms=NOON_MS + DAY_MS)
        (taken,) = await service.take_access()
        assert taken.change.ends_ms == NOON_MS + DAY_MS
        await service.settle_access([taken.number])
        key = Caller(account=account, credential=SK, seed=slot_seed(SECRET, SK))
        at_noon.advance(DAY_MS - 1)
        await service.tidy()
        sealing = await service.sealing_key(key, account)
        at_noon.advance(1)
        await service.tidy()
        with pytest.raises(KeyRefusedError):
            await service.open_epochs(key, account, [sealing.epoch])
        assert len(await service.slot_boxes(account, account, READER)) == 2
        await service.tidy()
        ended = [(entry.actor, entry.account, entry.scope) for entry in ledger.entries if entry.verb == "end_key"]
        assert ended == [("kms", account, (SK,))]

    scene(work)


async def tidied_at(service: Any, at_noon: Any, at_ms: int) -> None:
    at_noon.advance(at_ms - at_noon.now_ms())
    await service.tidy()


@pytest.mark.parametrize("policy", ["", SENDS])
def test_an_end_is_brought_forward_put_off_and_taken_away_before_it_has_come(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any, policy: str
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed, policy=policy, ends_ms=NOON_MS + 9 * DAY_MS)
        limits, seed = f"key_limits:{SK}", token.caller.seed
        key = Caller(account=account, credential=SK, seed=slot_seed(SECRET, SK))
        await changed(service, browser, seed, limits, {"ends_ms": NOON_MS + DAY_MS})
        await changed(service, browser, seed, limits, {"ends_ms": NOON_MS + 2 * DAY_MS})
        await tidied_at(service, at_noon, NOON_MS + 2 * DAY_MS - 1)
        await service.sealing_key(key, account)
        await changed(service, browser, seed, limits, {"ends_ms": 0})
        await tidied_at(service, at_noon, NOON_MS + 30 * DAY_MS)
        await service.sealing_key(key, account)
        await changed(service, browser, seed, limits, {"ends_ms": NOON_MS + 31 * DAY_MS})
        # What says nothing of it leaves it.
        await changed(service, browser, seed, limits, {"canary": False})
        at_noon.advance(DAY_MS)
        with pytest.raises(KeyRefusedError, match="has ended"):
            await changed(service, browser, seed, limits, {"ends_ms": 0})
        await service.tidy()
        with pytest.raises(KeyRefusedError):
            await service.sealing_key(key, account)
        with pytest.raises(KeyRefusedError, match="no such key"):
            await changed(service, browser, seed, limits, {"ends_ms": 0})

    scene(work)


def test_the_api_has_keys_end_otherwise_by_a_secret_that_opens_the_account_and_no_other_credential(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any, ledger: Any
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        key = Caller(account=account, credential=SK, seed=slot_seed(SECRET, SK))
        thief = Caller(account=account, credential=account, seed=os.urandom(32))
        with pytest.raises(KeyRefusedError):
            await service.end_slot_at(thief, account, SK, NOON_MS + 1)
        for other in (account, PK, "SK" + "9" * 32):
            with pytest.raises(KeyRefusedError, match="no such key"):
                await service.end_slot_at(token.caller, account, other, NOON_MS + 1)
        await service.end_slot_at(token.caller, account, SK, NOON_MS + DAY_MS)
        await service.end_slot_at(token.caller, account, SK, NOON_MS + 2 * DAY_MS)
        await tidied_at(service, at_noon, NOON_MS + DAY_MS)
        await service.sealing_key(key, account)
        await tidied_at(service, at_noon, NOON_MS + 2 * DAY_MS)
        with pytest.raises(KeyRefusedError):
            await service.sealing_key(key, account)
        await service.sealing_key(token.caller, account)
        said = [(entry.actor, entry.scope) for entry in ledger.entries if entry.verb == "end_slot_at"]
        assert said[-2:] == [(account, (SK,))] * 2

    scene(work)
