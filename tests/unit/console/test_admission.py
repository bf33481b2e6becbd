"""Who may come in as staff now: who is staff, a day after they enrolled, and whom nobody keeps out."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.console.staff_office import Office, office

from ringfence.console.lockout import keep_out
from ringfence.console.operator.admission import check_admitted
from ringfence.console.operator.staff_rows import keep_member
from ringfence.console.passkey_book import KeptPasskey
from ringfence.console.refusals import RefusedError
from ringfence.console.sign_in import NoSuchPersonError


async def check(at: Office, kept: KeptPasskey, now_ms: int) -> None:
    await at.storage.run(lambda db: check_admitted(db, kept, now_ms))


async def refusal(at: Office, kept: KeptPasskey, now_ms: int) -> tuple[str, int]:
    with pytest.raises(RefusedError) as refused:
        await check(at, kept, now_ms)
    return refused.value.text, refused.value.status


def test_nobody_signs_in_in_the_day_after_they_enrolled(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with office(tmp_path) as at:
            _, bob = await at.ada_and_bob()
            (kept,) = await at.staff.passkeys_of(bob.id)
            said = "You can sign in 24 hours after you enrolled."
            assert await refusal(at, kept, bob.active_ms - 1) == (said, 403)
            await check(at, kept, bob.active_ms)

    run(story())


def test_whom_somebody_keeps_out_is_told_so_and_who_is_no_staff_is_told_nothing(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with office(tmp_path) as at:
            ada, bob = await at.ada_and_bob()
            (of_ada,), (of_bob,) = await at.staff.passkeys_of(ada.id), await at.staff.passkeys_of(bob.id)
            await at.storage.run(lambda db: keep_out(db, bob.id, 1))
            # Before anything of the day's wait.
            said = "You are kept out for now: another member of staff knows why."
            assert await refusal(at, of_bob, 0) == (said, 403)
            await check(at, of_ada, ada.active_ms)
            nobody = (NoSuchPersonError().text, 401)
            assert await refusal(at, msgspec.structs.replace(of_ada, person="ST1"), ada.active_ms) == nobody
            await at.storage.run(lambda db: keep_member(db, msgspec.structs.replace(bob, removed_ms=2)))
            assert await refusal(at, of_bob, bob.active_ms) == nobody

    run(story())
