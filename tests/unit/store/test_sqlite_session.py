"""Connections to the embedded database, and what an error of it means."""

import sqlite3

import pytest

from ringfence.ports.store import DiskFullError, StoreFailedError
from ringfence.store.sqlite_session import SqliteSession, connect_reader, connect_writer, create_file


@pytest.fixture
def path(tmp_path):
    create_file(tmp_path / "ringfence.db")
    return tmp_path / "ringfence.db"


@pytest.fixture
def session(path):
    session = SqliteSession(path)
    yield session
    session.close()


def pragma(connection, name):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_the_writer_syncs_each_commit_and_overwrites_what_it_erases(path):
    writer = connect_writer(path)
    assert pragma(writer, "journal_mode") == "wal"
    assert pragma(writer, "synchronous") == 2
    assert pragma(writer, "secure_delete") == 1
    assert pragma(writer, "busy_timeout") == 5_000
    writer.close()


def test_the_reader_cannot_write(path, session):
    reader = connect_reader(path)
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("DELETE FROM message")
    reader.close()


def test_a_file_made_before_is_closed_to_others_too(path):
    path.chmod(0o644)
    create_file(path)
    assert path.stat().st_mode & 0o777 == 0o600


def fault(code, kind=sqlite3.OperationalError):
    error = kind("told by the database")
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_NAME"
    return error


def test_a_full_disk_and_a_failing_one_are_the_databases_fault(session):
    assert type(session.failure(fault(sqlite3.SQLITE_FULL))) is DiskFullError
    failure = session.failure(fault(sqlite3.SQLITE_IOERR_FSYNC))
    assert type(failure) is StoreFailedError
    assert str(failure) == "SQLITE_NAME"


@pytest.mark.parametrize(
    "error",
    [
        fault(sqlite3.SQLITE_ERROR),
        fault(sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.IntegrityError),
        sqlite3.ProgrammingError("too few values"),
        ValueError(),
    ],
)
def test_a_wrong_statement_or_value_is_not(session, error):
    assert session.failure(error) is None


def test_a_checkpoint_that_a_reader_hinders_is_made_later(path, session):
    session.begin()
    session.tx.run("INSERT INTO opt_out VALUES ('AC', x'00', 1, 0)")
    session.tx.erased = True
    session.commit()
    reader = connect_reader(path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM opt_out").fetchall()
    session.rest()
    assert session.restless is True
    reader.execute("COMMIT")
    session.rest()
    assert session.restless is False
    assert path.with_name("ringfence.db-wal").stat().st_size == 0
    reader.close()
