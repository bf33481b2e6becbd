"""A key ends as the key service was told last, in whatever order that is written."""

from typing import Any

from ringfence.domain.access_change import KeyLimited
from ringfence.domain.clock import ManualClock
from ringfence.ports.access_changes import AccessChange
from ringfence.ports.keys import Caller
from ringfence.ports.store import CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.end_key_at import end_key_at
from ringfence.usecases.accounts.take_access import take_access

AC, SK = "AC" + "a" * 32, "SK" + "1" * 32
NOW_MS, DAY_MS = 1_700_000_000_000, 86_400_000
FORM, API = NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS
CALLER = Caller(account=AC, credential=AC, seed=bytes(32))
KEY = CredentialRow(
    account=AC, sid=SK, kind="api_key", verifier=b"v" * 32, hmac_states=b"", created_ms=NOW_MS, updated_ms=NOW_MS
)


class KeyService:
    """Has a form of that number, and gives the API's end another."""

    def __init__(self, *, form: int, api: int) -> None:
        self.waiting = [AccessChange(number=form, account=AC, at_ms=form, change=KeyLimited(sid=SK, ends_ms=FORM))]
        self._api = api

    async def end_slot_at(self, caller: Caller, account: str, credential: str, ends_ms: int) -> int:
        assert (caller, account, credential, ends_ms) == (CALLER, AC, SK, API)
        return self._api

    async def take_access(self) -> list[AccessChange]:
        return self.waiting

    async def settle_access(self, numbers: Any) -> list[int]:
        return []


def test_a_form_that_was_kept_before_the_api_set_another_end_is_not_written_over_it(
    run: Any, clock: ManualClock
) -> None:
    async def scene() -> None:
        store, keys = MemoryStore(), KeyService(form=NOW_MS + 1, api=NOW_MS + 2)
        await store.put_credential(KEY)
        ended = await end_key_at(store, keys, ManualClock(NOW_MS), CALLER, KEY, API)  # type: ignore[arg-type]
        assert ended is not None
        assert ended.ends_ms == API
        await take_access(store, keys, clock)
        row = await store.credential(SK)
        assert row is not None
        assert row.ends_ms == API

    run(scene())


def test_one_that_was_kept_after_it_stays_and_is_what_the_api_answers(run: Any, clock: ManualClock) -> None:
    async def scene() -> None:
        store, keys = MemoryStore(), KeyService(form=NOW_MS + 2, api=NOW_MS + 1)
        await store.put_credential(KEY)
        await take_access(store, keys, clock)
        ended = await end_key_at(store, keys, ManualClock(NOW_MS + 9), CALLER, KEY, API)  # type: ignore[arg-type]
        assert ended == await store.credential(SK)
        assert ended is not None
        assert ended.ends_ms == FORM
        await store.delete_credential(AC, SK)
        assert await end_key_at(store, keys, ManualClock(NOW_MS), CALLER, KEY, API) is None  # type: ignore[arg-type]

    run(scene())
