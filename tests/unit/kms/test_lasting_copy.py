"""A copy of the key service's database opens nothing of a grant or a link, and both are past in what is made of it."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.sealing import hpke
from ringfence.kms.lasting_copy import copy_lasting
from ringfence.kms.service import KeyService
from ringfence.kms.store import DATABASE
from ringfence.ports.console_keys import Reader
from ringfence.ports.keys import KeyRefusedError, Slot
from unit.kms.test_grants import GR, SM1, unkept

KL = "KL" + "1" * 32
LINK = hpke.Recipient(b"\x09" * 32)
MINUTE_MS = 60_000
READER = Reader(session="CS" + "1" * 32, member="MB" + "1" * 32)


@pytest.mark.parametrize(("looked", "generations"), [(False, [0]), (True, [0, 1])])
def test_grants_and_links_are_past_in_it_and_go_on_where_they_were(
    run: Any,
    service_at: Any,
    kms_dir: Path,
    tmp_path: Path,
    account: str,
    token: Any,
    ledger: Any,
    at_noon: Any,
    looked: bool,
    generations: list[int],
) -> None:
    again = tmp_path / "again"

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            kept = unkept(account, at_noon, await service.grant_keeper())
            await service.keep_grant(kept)
            slot = Slot(credential=KL, public=LINK.public)
            await service.open_console_link(token.caller, account, slot, at_noon.now_ms() + 10 * MINUTE_MS)
            if looked:
                await service.link_boxes(account, KL)
            rows = service._store.rows("SELECT credential, sealed FROM slot")
            again.mkdir()
            copy_lasting(kms_dir / DATABASE, again / DATABASE)
            assert list(again.iterdir()) == [again / DATABASE]
            assert (again / DATABASE).stat().st_mode & 0o777 == 0o600
            copy = (again / DATABASE).read_bytes()
            assert [sealed in copy for name, sealed in rows if name == KL] == [False]
            assert [sealed in copy for name, sealed in rows if name == token.sid] == [True]
            assert not any(sealed in copy for sealed in (kept.sealed.lid, *kept.sealed.boxes.values()))
            # Here nothing has ended.
            assert (await service.grant_boxes(GR, "e1", [SM1])).boxes
            assert await service.link_boxes(account, KL)
        shutil.copytree(kms_dir / "keys", again / "keys")
        restored = KeyService(again, at_noon, ledger)
        await restored.open()
        try:
            for refused in (
                restored.grant_boxes(GR, "e1", [SM1]),
                restored.keep_grant(kept),
                restored.link_boxes(account, KL),
            ):
                with pytest.raises(KeyRefusedError):
                    await refused
            await restored.tidy()
            assert [
                generation for generation, _ in await restored.slot_boxes(account, token.sid, READER)
            ] == generations
            assert restored._store.row("SELECT 1 FROM slot WHERE credential = ?", KL) is None
        finally:
            await restored.close()

    run(scene())


def test_a_database_of_a_version_without_them_is_copied_as_it_is(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "old.db")
    old.execute("CREATE TABLE slot (account, credential, sealed)")
    old.execute("INSERT INTO slot VALUES ('AC', 'SK', x'07')")
    old.commit()
    old.close()
    copy_lasting(tmp_path / "old.db", tmp_path / "new.db")
    copy = sqlite3.connect(tmp_path / "new.db")
    assert copy.execute("SELECT * FROM slot").fetchall() == [("AC", "SK", b"\x07")]
    copy.close()
