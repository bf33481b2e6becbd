"""The drills with the store on PostgreSQL: the thief has the server's rows, files and write-ahead log too."""

import asyncio
import re
import sqlite3
from pathlib import Path

import asyncpg
import pytest

from ringfence.drills.design import OURS, control
from ringfence.drills.disk_theft import disk_theft
from ringfence.drills.leakage_sweep import leakage_sweep
from ringfence.drills.postgres_place import FILES, postgres_place
from ringfence.drills.report import Finding
from ringfence.roles.refusal import RefusalError
from ringfence.testing.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.long]

TENANTS = 4


def figure(finding: Finding, name: str) -> str:
    return dict(finding.rows)[name]


def test_d10_a_thief_of_the_server_opens_no_past(postgres_server: PostgresServer) -> None:
    other = control()
    assert other is not None
    server = postgres_server.url("postgres")
    assert disk_theft(other, TENANTS, server).reached == TENANTS
    # After the control: what that wrote into the log of the server must not be found here.
    ours = disk_theft(OURS, TENANTS, server)
    assert ours.reached == 0, ours.rows
    assert re.fullmatch(r"[0-9]{3,} files of the server, .*of write-ahead log", figure(ours, "stolen besides"))
    assert figure(ours, "in flight at the time, opened") == "1 tenants"
    assert figure(ours, "standing configuration opened") == f"{TENANTS} tenants"
    assert figure(ours, "opt-outs confirmed by guessing the number") == "1"


def test_d11_nothing_leaks_to_the_server_either(postgres_server: PostgresServer) -> None:
    ours = leakage_sweep(OURS, TENANTS, postgres_server.url("postgres"))
    assert ours.reached == 0, ours.rows
    assert "files of the server" in figure(ours, "scanned besides")
    assert int(figure(ours, "texts accepted, webhooks called").split(",")[0]) == 3 * TENANTS


def test_the_thief_takes_rows_files_and_log_and_the_database_is_dropped(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async def story() -> str:
        async with postgres_place(postgres_server.url("postgres")) as place:
            connection = await asyncpg.connect(place.url)
            await connection.execute(
                "CREATE SCHEMA ringfence CREATE TABLE kept (account text, secret bytea, yes boolean)"
            )
            await connection.execute("CREATE TABLE ringfence.empty (account text)")
            await connection.execute("INSERT INTO ringfence.kept VALUES ('AC1', 'c4n4ry', true)")
            await connection.close()
            await place.steal(tmp_path)
            return place.taken

    taken = asyncio.run(story())
    with sqlite3.connect(tmp_path / "ringfence.db") as dump:
        assert dump.execute("SELECT account, secret, yes FROM kept").fetchall() == [("AC1", b"c4n4ry", 1)]
        assert dump.execute("SELECT count(*) FROM empty").fetchone() == (0,)
    assert "of write-ahead log" in taken
    holds = {
        path.parent.name for path in (tmp_path / FILES).rglob("*") if path.is_file() and b"c4n4ry" in path.read_bytes()
    }
    assert "pg_wal" in holds
    assert len(holds) == 2, "the table's file and the log"
    assert "ringfence_drill" not in postgres_server.run("postgres", "SELECT datname FROM pg_database")


def test_of_a_server_that_does_not_show_its_files_the_rows_are_taken(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    postgres_server.run("postgres", "CREATE ROLE driller LOGIN CREATEDB")
    try:

        async def story() -> str:
            async with postgres_place(postgres_server.url("postgres", "driller")) as place:
                await place.steal(tmp_path)
                return place.taken

        assert asyncio.run(story()).startswith("rows only")
        assert not (tmp_path / FILES).exists()
    finally:
        postgres_server.run("postgres", "DROP ROLE driller")


def test_a_role_that_may_not_make_a_database_is_refused_with_the_cure(postgres_server: PostgresServer) -> None:
    async def story(url: str) -> None:
        async with postgres_place(url):
            pass

    postgres_server.run("postgres", "CREATE ROLE nobody_much LOGIN")
    try:
        with pytest.raises(RefusalError, match=r"no database can be made.*CREATEDB"):
            asyncio.run(story(postgres_server.url("postgres", "nobody_much")))
    finally:
        postgres_server.run("postgres", "DROP ROLE nobody_much")
    with pytest.raises(RefusalError, match="PostgreSQL does not answer"):
        asyncio.run(story("postgresql://ringfence@/postgres?host=/nonexistent"))
