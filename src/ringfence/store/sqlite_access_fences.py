"""How new what was last changed of access is, in SQLite."""

from collections.abc import Iterable

from ringfence.domain.access_fence import MADE, access_fence
from ringfence.store.access_fences import to_write
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/access_fences")


def pass_fences(
    tx: SqliteWriter, account: str, credential: str, fields: Iterable[str], number: int | None, at_ms: int
) -> list[str]:
    """The fields that are to be written now, in this transaction. OvertakenError as `to_write`."""
    fence, known = access_fence(number, at_ms), dict(tx.run(SQL["known"], (account, credential)).fetchall())
    passed = to_write(known, fields, fence, at_once=number is None)
    for field in passed:
        tx.run(SQL["raise"], (account, credential, field, fence))
    return passed


def note_gone(tx: SqliteWriter, account: str, credential: str, number: int) -> None:
    """No key that was made before that comes in its place."""
    tx.run(SQL["raise"], (account, credential, MADE, access_fence(number, 0)))


def forget_fences(tx: SqliteWriter, account: str, credential: str) -> None:
    """Of a key that goes, all but that it was made."""
    tx.run(SQL["forget"], (account, credential, MADE))
