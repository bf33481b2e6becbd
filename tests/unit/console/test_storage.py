"""The consoles' database: private, one transaction a piece of work, and shared with a command beside it."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ringfence.console.operator.staff_rows import StaffMember, keep_member, members
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Sessions
from ringfence.console.storage import ConsoleStorage, copy_people
from ringfence.console.tenant.owner_claims import keep_claim
from ringfence.console.tenant.sso.rows import SsoSession, keep_sso_session
from ringfence.domain.clock import ManualClock
from ringfence.ports.store import StoreFailedError

AC = "AC" + "a" * 32
ADA = StaffMember(id="ST1", handle=b"h", name="Ada", made_ms=1, active_ms=1, invited_by="terminal", approved_by="")


def test_it_is_private_and_what_was_written_is_there_again(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        for _ in range(2):
            storage = ConsoleStorage(tmp_path / "console.db")
            await storage.open()
            await storage.run(lambda db: keep_member(db, ADA))
            assert await storage.run(members) == [ADA]
            await storage.close()
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}

    run(scene())


def test_work_that_fails_leaves_nothing_behind(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        storage = ConsoleStorage(tmp_path / "console.db")
        await storage.open()

        def half(db: sqlite3.Connection) -> None:
            keep_member(db, ADA)
            raise KeyError

        with pytest.raises(KeyError):
            await storage.run(half)
        assert await storage.run(members) == []
        with pytest.raises(ConnectionError):
            await storage.run(lambda db: db.execute("SELECT * FROM nothing"))
        await storage.close()
        with pytest.raises(ConnectionError):
            await storage.run(members)

    run(scene())


def test_a_command_beside_it_writes_too(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        one, other = ConsoleStorage(tmp_path / "console.db"), ConsoleStorage(tmp_path / "console.db")
        await one.open()
        await other.open()
        await other.run(lambda db: keep_member(db, ADA))
        assert await one.run(members) == [ADA]
        await one.close()
        await other.close()

    run(scene())


def test_what_is_no_database_of_ours_is_refused(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "console.db").write_bytes(b"no database, and long enough to be none" * 40)
        with pytest.raises(StoreFailedError):
            await ConsoleStorage(tmp_path / "console.db").open()

    run(scene())


def test_a_copy_is_one_file_without_what_passes(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        storage = ConsoleStorage(tmp_path / "console.db")
        await storage.open()
        await storage.run(lambda db: keep_member(db, ADA))
        secret = b"hash of a link's secret"
        row = ("IV1", "Bob", secret, "ST1", "", 1, 2, 3)
        await storage.run(
            lambda db: db.execute("INSERT INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]')", row) and None
        )
        sessions = Sessions(storage, ManualClock())
        session, cookie = sessions.new("member", "MB1", AC, PublicJwk(kty="EC", crv="P-256", x="x", y="y"))
        way = {"issuer": "https://idp.example", "client_id": "c", "subject": "their name", "sid": ""}
        came = SsoSession(session=session.id, account=AC, **way)
        await sessions.keep(session, cookie, beside=lambda db: keep_sso_session(db, came))
        await storage.run(lambda db: keep_claim(db, "MB1", AC, 1))
        (tmp_path / "copy").mkdir()
        copy_people(tmp_path / "console.db", tmp_path / "copy" / "console.db")
        await storage.close()
        assert [path.name for path in (tmp_path / "copy").iterdir()] == ["console.db"]
        whole = (tmp_path / "copy" / "console.db").read_bytes()
        assert [word in whole for word in (secret, b"their name", b"MB1")] == [False, False, False]
        copied = ConsoleStorage(tmp_path / "copy" / "console.db")
        await copied.open()
        assert await copied.run(members) == [ADA]
        await copied.close()

    run(scene())
