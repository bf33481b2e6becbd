"""Migrations: numbered, checksummed, forward only, with a backup of what was there."""

import sqlite3
import stat

import pytest

from ringfence.schema.sqlite_migrate import back_up, migrate, pending_of, split
from ringfence.schema.steps import (
    ChangedMigrationError,
    Migration,
    NewerSchemaError,
    UnfitDatabaseError,
    UnmigratedError,
)
from ringfence.store.sqlite_session import migrations

ONE = Migration(1, "ground", "CREATE TABLE t (n INTEGER);\nINSERT INTO t VALUES (1);\n")
TWO = Migration(2, "more", "ALTER TABLE t ADD COLUMN m INTEGER DEFAULT 7;\n")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ringfence.db"


@pytest.fixture
def connection(path):
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def rows(connection, sql="SELECT * FROM t"):
    return connection.execute(sql).fetchall()


def backups(path):
    return sorted(file.name for file in path.parent.iterdir() if "before" in file.name)


def test_the_projects_own_migrations_are_numbered_without_gaps():
    assert [step.number for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_the_projects_own_migrations_apply(connection, path):
    assert migrate(connection, path, migrations()) == migrations()
    assert rows(connection, "PRAGMA integrity_check") == [("ok",)]


def test_a_new_database_gets_all_steps_and_needs_no_backup(connection, path):
    assert migrate(connection, path, [ONE, TWO]) == [ONE, TWO]
    assert rows(connection) == [(1, 7)]
    assert rows(connection, "SELECT number, name, sha256 FROM migration") == [
        (step.number, step.name, step.sha256) for step in (ONE, TWO)
    ]
    assert backups(path) == []


def test_migrating_again_does_nothing(connection, path):
    migrate(connection, path, [ONE])
    assert migrate(connection, path, [ONE]) == []
    assert rows(connection) == [(1,)]


def test_an_existing_database_is_backed_up_before_it_changes(connection, path):
    migrate(connection, path, [ONE])
    connection.execute("INSERT INTO t VALUES (2)")
    assert migrate(connection, path, [ONE, TWO]) == [TWO]
    assert rows(connection) == [(1, 7), (2, 7)]
    assert backups(path) == ["ringfence.db.before-0002"]
    copy = path.with_name("ringfence.db.before-0002")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as old:
        assert rows(old) == [(1,), (2,)]


def test_a_newer_schema_is_refused_and_left_alone(connection, path):
    migrate(connection, path, [ONE, TWO])
    with pytest.raises(NewerSchemaError, match="schema 2, this program knows 1"):
        migrate(connection, path, [ONE])
    assert rows(connection) == [(1, 7)]
    assert not connection.in_transaction
    assert backups(path) == []


def test_a_step_that_changed_since_it_was_applied_is_refused(connection, path):
    migrate(connection, path, [ONE])
    with pytest.raises(ChangedMigrationError, match=r"migration 1 \(ground\)"):
        migrate(connection, path, [Migration(1, "ground", ONE.sql + "-- edited\n"), TWO])
    assert rows(connection) == [(1,)]


def test_a_step_that_fails_leaves_the_schema_before_it(connection, path):
    migrate(connection, path, [ONE])
    broken = Migration(3, "broken", "CREATE TABLE u (n);\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, [ONE, TWO, broken])
    assert rows(connection) == [(1,)]
    assert rows(connection, "SELECT max(number) FROM migration") == [(1,)]
    assert rows(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'u'") == [(0,)]


def test_a_refusal_leaves_no_trace_in_an_empty_database(connection, path):
    broken = Migration(1, "broken", "INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, [broken])
    assert rows(connection, "SELECT count(*) FROM sqlite_schema") == [(0,)]


def test_whoever_may_not_migrate_is_refused_and_nothing_is_written(connection, path):
    migrate(connection, path, [ONE])
    with pytest.raises(UnmigratedError, match="lacks 1 of"):
        migrate(connection, path, [ONE, TWO], allowed=False)
    assert rows(connection) == [(1,)]
    assert backups(path) == []
    assert migrate(connection, path, [ONE], allowed=False) == []


@pytest.mark.parametrize("table", ["CREATE TABLE theirs (n)", "CREATE TABLE migration (version)"])
def test_another_products_database_is_refused_and_left_alone(connection, path, table):
    connection.execute(table)
    before = rows(connection, "SELECT * FROM sqlite_schema")
    for attempt in (lambda: migrate(connection, path, [ONE]), lambda: pending_of(path, [ONE])):
        with pytest.raises(UnfitDatabaseError, match="another product"):
            attempt()
    assert rows(connection, "SELECT * FROM sqlite_schema") == before


def test_what_is_pending_is_told_without_a_write(connection, path):
    assert pending_of(path.with_name("none.db"), [ONE]) == [ONE]
    assert not path.with_name("none.db").exists()
    migrate(connection, path, [ONE])
    assert pending_of(path, [ONE, TWO]) == [TWO]
    assert rows(connection) == [(1,)]


def test_what_is_no_database_is_told(path):
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(UnfitDatabaseError, match="no SQLite database"):
        pending_of(path, [ONE])


def test_a_backup_replaces_an_older_one_as_a_whole(connection, path, tmp_path):
    target = tmp_path / "copy"
    target.write_bytes(b"older")
    target.with_name("copy.partial").write_bytes(b"torn")
    connection.execute("CREATE TABLE t (n)")
    back_up(path, target)
    with sqlite3.connect(target) as copy:
        assert rows(copy) == []
    assert not target.with_name("copy.partial").exists()


def test_a_script_is_split_where_statements_end():
    script = "-- a; b\nCREATE TABLE t (\n  n TEXT DEFAULT ';'\n);\nSELECT 1;\n"
    assert [part.strip() for part in split(script)] == [
        "-- a; b\nCREATE TABLE t (\n  n TEXT DEFAULT ';'\n);",
        "SELECT 1;",
    ]


def test_a_script_that_ends_inside_a_statement_is_refused():
    with pytest.raises(ValueError):
        list(split("SELECT 1;\nSELECT 2"))
