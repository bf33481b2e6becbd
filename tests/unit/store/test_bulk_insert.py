"""Many rows in few statements."""

import sqlite3

import pytest

from ringfence.store.bulk_insert import BulkInsert


class Counted:
    """A writer on a table in memory that counts its statements."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY AUTOINCREMENT, a, b)")
        self.statements = 0

    def run(self, sql, values=()):
        self.statements += 1
        return self.connection.execute(sql, values)


INSERT = BulkInsert("INSERT INTO t (a, b)\nVALUES (?, ?)")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 31, 32, 33, 64, 65, 1_000])
def test_all_rows_are_there_in_their_order(count):
    tx = Counted()
    rows = [(n, str(n)) for n in range(count)]
    INSERT.run(tx, rows)
    assert tx.connection.execute("SELECT a, b FROM t ORDER BY n").fetchall() == rows


def test_few_statements_do():
    tx = Counted()
    INSERT.run(tx, [(n, n) for n in range(31)])
    assert tx.statements == 1
    INSERT.run(tx, [(n, n) for n in range(70)])
    assert tx.statements == 1 + 3


def test_what_is_no_insert_of_values_is_refused():
    with pytest.raises(ValueError):
        BulkInsert("INSERT INTO t SELECT 1, 2")


def test_what_is_there_is_left_and_not_counted_as_new():
    tx = Counted()
    tx.connection.execute("CREATE UNIQUE INDEX one_b ON t (b)")
    insert = BulkInsert("INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING")
    assert insert.run(tx, [(n, n) for n in range(40)]) == 40
    assert insert.run(tx, [(n, n) for n in range(30, 50)]) == 10
    assert tx.connection.execute("SELECT count(*) FROM t").fetchone() == (50,)
