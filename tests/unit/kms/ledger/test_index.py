"""The index says whose entries are whose, and what is lost of it is found again in the ledger."""

import asyncio
import itertools
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.kms.ledger import index as module
from ringfence.kms.ledger.index import LedgerIndex, Whose, entries_of, entries_of_account_by, latest_of_account
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

ACCOUNTS = ("AC1", "AC2", "AC3")
ACTORS = ("AC1", "SK1", "dispatcher")
SESSIONS = ("", "CS1", "AC1")
owners = st.lists(
    st.builds(Whose, st.sampled_from(ACCOUNTS), st.sampled_from(ACTORS), st.sampled_from(SESSIONS)), max_size=60
)


@settings(max_examples=30, deadline=None)
@given(owners, st.integers(0, 60))
def test_each_finds_its_own_in_order(entries: list[Whose], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.db"
        index = LedgerIndex(path)
        rows = list(enumerate(entries))
        index.add(rows[: len(rows) // 2])
        index.add(rows[len(rows) // 2 :])
        assert index.size == len(rows)
        index.cut(cut)
        rows = rows[:cut]
        assert index.size == len(rows)
        index.close()
        for name in ACCOUNTS:
            mine = [n for n, of in rows if of.account == name]
            assert entries_of(path, "account", name, limit=100) == mine
            assert latest_of_account(path, name, before=1 << 40, limit=3) == mine[-3:]
            if mine:
                assert latest_of_account(path, name, before=mine[-1], limit=2) == mine[:-1][-2:]
                assert entries_of(path, "account", name, after=mine[0], limit=2) == mine[1:3]
                assert entries_of(path, "account", name, before=mine[-1], limit=100) == mine[:-1]
        for name in ACTORS:
            assert entries_of(path, "actor", name, limit=100) == [n for n, of in rows if of.actor == name]
        for name in SESSIONS[1:]:
            assert entries_of(path, "session", name, limit=100) == [n for n, of in rows if of.session == name]
        assert entries_of(path, "session", "", limit=100) == []
        for account, actor, session in itertools.product(ACCOUNTS, ACTORS, SESSIONS[1:]):
            both = [n for n, of in rows if (of.account, of.actor) == (account, actor)]
            found = entries_of_account_by(path, account, "actor", actor, after=-1, before=1 << 40, limit=100)
            assert found == both
            if both:
                first, last = both[0], both[-1]
                assert (
                    entries_of_account_by(path, account, "actor", actor, after=first, before=last, limit=2)
                    == both[1:-1][:2]
                )
            assert entries_of_account_by(path, account, "session", session, after=-1, before=1 << 40, limit=100) == [
                n for n, of in rows if (of.account, of.session) == (account, session)
            ]


def test_a_stranger_has_none(tmp_path: Path) -> None:
    index = LedgerIndex(tmp_path / "index.db")
    index.add([(0, Whose("AC1", "SK1"))])
    assert entries_of(tmp_path / "index.db", "account", "SK1", limit=9) == []
    assert entries_of(tmp_path / "index.db", "actor", "", limit=9) == []
    index.close()


def test_of_what_fails_nothing_is_added_and_the_next_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    index = LedgerIndex(path)
    index.add([(0, Whose("AC1", "SK1"))])
    with closing(sqlite3.connect(path)) as other:
        other.execute("ALTER TABLE by_session RENAME TO away")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            index.add([(1, Whose("AC2", "SK2", "CS2"))])
        other.execute("ALTER TABLE away RENAME TO by_session")
    assert index.size == 1
    assert entries_of(path, "account", "AC2", limit=9) == []
    index.add([(1, Whose("AC3", "SK3")), (2, Whose("AC2", "SK2", "CS2"))])
    assert index.size == 3
    assert entries_of(path, "account", "AC2", limit=9) == [2]
    assert entries_of(path, "account", "AC3", limit=9) == entries_of(path, "actor", "SK3", limit=9) == [1]
    index.close()


def test_names_that_are_not_held_any_more_are_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NAMES_HELD", 2)
    path = tmp_path / "index.db"
    index = LedgerIndex(path)
    index.add([(n, Whose(ACCOUNTS[n % 3], ACTORS[n % 2])) for n in range(30)])
    for n, name in enumerate(ACCOUNTS):
        assert entries_of(path, "account", name, limit=100) == list(range(n, 30, 3))
    index.close()


def test_made_anew_it_is_empty_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    index = LedgerIndex(path)
    index.add([(0, Whose("AC1", "SK1"))])
    index.begin_anew()
    index.add([])
    assert index.size == 0
    index.add([(0, Whose("AC2", "SK1"))])
    assert [entries_of(path, "account", name, limit=9) for name in ("AC1", "AC2")] == [[], [0]]
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    index.close()


def test_what_was_written_to_a_former_one_is_not_found_in_the_next(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    wal = tmp_path / "index.db-wal"
    index = LedgerIndex(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    index.add([(0, Whose("AC1", "SK1"))])
    left = wal.read_bytes()  # without the first page: that is in the database alone
    index.close()
    path.write_bytes(b"not a database at all" * 400)
    wal.write_bytes(left)
    index = LedgerIndex(path)
    assert index.size == 0
    index.close()
    assert entries_of(path, "account", "AC1", limit=9) == []


def test_to_look_for_entries_makes_no_index_and_changes_none(tmp_path: Path) -> None:
    missing = tmp_path / "a b?" / "index.db"
    missing.parent.mkdir()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        entries_of(missing, "account", "AC1", limit=9)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        entries_of_account_by(missing, "AC1", "actor", "SK1", after=-1, before=9, limit=9)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        latest_of_account(missing, "AC1", before=9, limit=9)
    assert list(missing.parent.iterdir()) == []


def entry(number: int) -> AccessEntry:
    return AccessEntry(at_ms=number, account=ACCOUNTS[number % 3], actor=ACTORS[number % 2], verb="open_epochs")


async def written(directory: Path, first: int, count: int) -> None:
    ledger = LedgerWriter(directory)
    await ledger.open(at_ms=0)
    await ledger.append([entry(n) for n in range(first, first + count)])
    await ledger.close()


def found(directory: Path, name: str) -> list[AccessEntry]:
    lines = list(LedgerReader(directory).lines())
    return [lines[n].entry for n in entries_of(directory / "ledger" / "index.db", "account", name, limit=10_000)]


@pytest.mark.parametrize(
    "lost", ["nothing", "all of it", "half of it", "more than there is", "not an index", "another", "its middle"]
)
def test_it_is_made_again_from_the_entries(run: Any, tmp_path: Path, lost: str) -> None:
    run(written(tmp_path, 0, 300))
    path = tmp_path / "ledger" / "index.db"
    if lost == "all of it":
        path.unlink()
    elif lost == "half of it":
        index = LedgerIndex(path)
        index.cut(100)
        index.close()
    elif lost == "more than there is":
        index = LedgerIndex(path)
        index.add([(301, Whose("AC1", "thief"))])
        index.close()
    elif lost == "not an index":
        path.write_bytes(b"not a database at all" * 400)
    elif lost == "its middle":
        data = path.read_bytes()
        page = int.from_bytes(data[16:18])
        path.write_bytes(data[:page] + b"\xff" * (len(data) - page))
    elif lost == "another":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 99")
    run(written(tmp_path, 300, 10))
    for name in ACCOUNTS:
        assert found(tmp_path, name) == [one for one in read_ledger(tmp_path) if one.account == name]


def test_openings_go_on_where_the_index_cannot_be_written(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        ledger = LedgerWriter(tmp_path)
        await ledger.open(at_ms=0)

        def full(*_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(ledger._index, "add", full)
        await ledger.append([entry(1)])
        await ledger.close()
        monkeypatch.undo()

    run(scene())
    assert LedgerReader(tmp_path).check().signed == 2
    asyncio.run(written(tmp_path, 2, 1))
    assert found(tmp_path, "AC2") == [entry(1)]


def test_those_of_both_are_found_in_as_many_steps_as_the_fewer_has(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "index.db"
    index = LedgerIndex(path)
    # Every account is told of something by one actor, as of a duty: three entries here are of AC1.
    told = [Whose("AC1" if n in (7, 500, 999) else f"AC{n + 2}", "operator") for n in range(1_000)]
    own = [Whose("AC1", "SK1") for _ in range(1_000)]
    index.add(list(enumerate([*told, *own])))
    steps: list[int] = []
    step = module._next

    def counted(*asked: Any) -> int | None:
        steps.append(1)
        return step(*asked)

    monkeypatch.setattr(module, "_next", counted)
    found = entries_of_account_by(path, "AC1", "actor", "operator", after=-1, before=1 << 40, limit=50)
    assert found == [7, 500, 999]
    assert len(steps) <= 4 * (len(found) + 1)
    index.close()
